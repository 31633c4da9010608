"""The state model, against matrix exponentials of scipy and against sampled histories."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from cv.events.model.berth_state_model import (
    AWAY_EARLY,
    HALTED,
    SHIP_EARLY,
    SHIP_LATE,
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    ArrivalPrior,
    PathProbabilities,
    arrival_probabilities,
    rate_matrix,
    stationary_distribution,
)
from cv.events.model.parameters import BerthHabits

HABITS = BerthHabits(call_interval_d=8.0, stay_d=1.5, halt_share=0.1, halt_d=40.0)
GAPS = np.array([0.0, 0.1, 1.0, 1.0, 4.5, 60.0])


def sampled_states(rng, start: int, until_d: float) -> list[int]:
    """States of a history of the chain from `start`, one after another, within `until_d` days."""
    rates = rate_matrix(HABITS).clip(0.0)
    leave, steps = rates.sum(axis=1), np.cumsum(rates, axis=1)
    states, clock = [start], rng.exponential(1 / leave[start])
    while clock <= until_d:
        states.append(int(np.searchsorted(steps[states[-1]], rng.random() * leave[states[-1]])))
        clock += rng.exponential(1 / leave[states[-1]])
    return states


def test_each_kind_of_path_is_the_matrix_exponential_of_its_rates():
    paths = PathProbabilities.over(GAPS, HABITS)
    rates = rate_matrix(HABITS)
    no_arrivals = rates.copy()
    no_arrivals[np.ix_(WITHOUT_SHIP, WITH_SHIP)] = 0.0
    away = np.ix_(WITHOUT_SHIP, WITHOUT_SHIP)
    for i, gap in enumerate(GAPS):
        assert paths.any_path[i] == pytest.approx(expm(rates * gap), abs=1e-9)
        assert paths.no_arrival[i] == pytest.approx(expm(no_arrivals * gap), abs=1e-9)
        assert paths.no_ship[i][away] == pytest.approx(expm(rates[away] * gap), abs=1e-9)


def test_each_kind_of_path_is_a_subset_of_the_next():
    paths = PathProbabilities.over(GAPS, HABITS)
    assert (paths.no_ship <= paths.no_arrival + 1e-12).all()
    assert (paths.no_arrival <= paths.any_path + 1e-12).all()
    assert paths.any_path.sum(axis=2) == pytest.approx(np.ones((len(GAPS), STATES)))
    assert not paths.no_ship[:, WITH_SHIP, :].any()
    assert not paths.no_ship[:, :, WITH_SHIP].any()


@pytest.mark.parametrize("start", [AWAY_EARLY, SHIP_EARLY])
def test_path_probabilities_equal_the_frequencies_of_sampled_histories(start):
    rng = np.random.default_rng(0)
    gap, runs = 5.0, 5_000
    ends, visited, arrived = np.zeros(STATES), 0, 0
    for _ in range(runs):
        states = sampled_states(rng, start, gap)
        ends[states[-1]] += 1
        visited += any(state in WITH_SHIP for state in states)
        arrived += SHIP_EARLY in states[1:]
    paths = PathProbabilities.over(np.array([gap]), HABITS)
    assert ends / runs == pytest.approx(paths.any_path[0, start], abs=0.025)
    assert visited / runs == pytest.approx(1 - paths.no_ship[0, start].sum(), abs=0.025)
    assert arrived / runs == pytest.approx(
        arrival_probabilities(HABITS, [gap])[start, 0], abs=0.025
    )


def test_calls_and_stays_have_the_habits_of_the_berth():
    """While the berth is in use: halts add to the time between calls."""
    habits = BerthHabits(call_interval_d=8.0, stay_d=1.5, halt_share=0.0)
    shares = stationary_distribution(habits)
    assert shares[list(WITH_SHIP)].sum() == pytest.approx(1.5 / 8, abs=1e-4)
    arrivals = shares[list(WITHOUT_SHIP)] @ rate_matrix(habits)[list(WITHOUT_SHIP), SHIP_EARLY]
    assert arrivals == pytest.approx(1 / 8, abs=1e-4)


def test_halts_are_as_frequent_and_as_long_as_the_habits_say():
    shares = stationary_distribution(HABITS)
    halts_per_d = shares[HALTED] / HABITS.halt_d
    calls_per_d = shares[SHIP_EARLY] * rate_matrix(HABITS)[SHIP_EARLY, SHIP_LATE]
    assert halts_per_d / calls_per_d == pytest.approx(HABITS.halt_share, rel=1e-3)


def test_the_stationary_distribution_does_not_change_over_time():
    shares = stationary_distribution(HABITS)
    later = shares @ PathProbabilities.over(np.array([5.0]), HABITS).any_path[0]
    assert later == pytest.approx(shares, abs=1e-5)
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)


def test_expected_arrivals_add_to_those_of_the_pier():
    """An arrival prior of 0.5 a gap adds half an arrival to what the pier's own share leaves."""
    prior = ArrivalPrior(np.array([0.0, 0.5]), share=0.3)
    gaps = np.array([2.0, 2.0])
    paths = PathProbabilities.over(gaps, HABITS, prior)
    own = rate_matrix(HABITS, 0.3)
    for i, added in enumerate((0.0, 0.25)):
        rates = own.copy()
        for state in WITHOUT_SHIP:
            rates[state, SHIP_EARLY] += added
            rates[state, state] -= added
        assert rates.sum(axis=1) == pytest.approx(np.zeros(STATES))
        assert paths.any_path[i] == pytest.approx(expm(rates * 2.0), abs=1e-9)
    arrivals = np.array(WITHOUT_SHIP), SHIP_EARLY
    assert own[arrivals] == pytest.approx(0.7 * rate_matrix(HABITS)[arrivals])
