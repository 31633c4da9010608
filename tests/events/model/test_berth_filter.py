"""The forward filter and the backward pass, against the sum over every possible history."""

from __future__ import annotations

import numpy as np
import pytest

from cv.events.model.berth_filter import (
    BERTH_STATE,
    JOINT,
    SHIP_THERE,
    BerthEvidence,
    filter_berths,
)
from cv.events.model.berth_state_model import (
    STATES,
    WITH_SHIP,
    PathProbabilities,
    stationary_distribution,
)
from cv.events.model.parameters import BerthHabits
from tests.fixtures.history_sum import HistorySum

HABITS = BerthHabits(call_interval_d=6.0, stay_d=1.5, halt_share=0.2)
START = stationary_distribution(HABITS)
COUNTED = ([True] * 4, [True, False, False, True], [False, True, False, True], [False] * 4)


def random_evidence(seed: int, counted) -> BerthEvidence:
    """Evidence from 0.03 to 30, and of cargo only where there is a count, but for the first."""
    rng = np.random.default_rng(seed)
    hulls, cargo = np.exp(rng.uniform(-3.5, 3.5, (2, len(counted))))
    counted = np.array(counted)
    first = int(counted.argmax())
    informs = counted & (np.arange(len(counted)) > first)
    return BerthEvidence(hulls, np.where(informs, cargo, 1.0), counted)


def paths_over(*gaps: float) -> PathProbabilities:
    return PathProbabilities.over(np.array(gaps), HABITS)


@pytest.mark.parametrize("counted", COUNTED)
def test_probabilities_are_those_of_all_histories_together(counted):
    evidence, paths = random_evidence(1, counted), paths_over(0.8, 3.0, 1.4)
    oracle = HistorySum(evidence, paths, START)
    (found,) = filter_berths([evidence], [paths], [START])
    for state, probability in enumerate(oracle.states().T):
        own = found.smoothed[:, state == BERTH_STATE].sum(axis=1)
        assert own == pytest.approx(probability, abs=1e-9)
    for t in range(1, 4):
        marked = found.smoothed[t, JOINT - STATES :].sum()
        assert marked == pytest.approx(oracle.ship_since_count(t), abs=1e-9)
    for gap in range(3):
        between = found.filtered[gap][:, None] * found.backward[gap + 1]
        assert (between * found.transitions[gap]).sum() == pytest.approx(1.0)
        assert (between * found.no_ship[gap]).sum() == pytest.approx(
            oracle.empty(gap, gap + 1), abs=1e-9
        )
        assert (between * found.no_arrival[gap]).sum() == pytest.approx(
            1 - oracle.arrival(gap), abs=1e-9
        )


def test_a_filtered_probability_knows_no_later_observation():
    evidence, paths = random_evidence(2, [True] * 4), paths_over(1.0, 2.0, 0.5)
    (found,) = filter_berths([evidence], [paths], [START])
    for t in range(4):
        until = BerthEvidence(
            evidence.hulls[: t + 1], evidence.cargo[: t + 1], evidence.counted[: t + 1]
        )
        oracle = HistorySum(until, paths, START)
        assert found.filtered[t][SHIP_THERE].sum() == pytest.approx(
            oracle.states()[-1, list(WITH_SHIP)].sum(), abs=1e-9
        )


def test_a_change_is_evidence_on_ships_across_observations_without_a_count():
    """Only the mark carries it there: the states at the counts are seen to be without a ship."""
    paths, hulls = paths_over(1.0, 1.0, 1.0), np.array([1e-3, 1.0, 1.0, 1e-3])
    counted = np.array([True, False, False, True])
    presence = []
    for ratio in (1.0, 40.0):
        evidence = BerthEvidence(hulls, np.array([1.0, 1.0, 1.0, ratio]), counted)
        (found,) = filter_berths([evidence], [paths], [START])
        presence.append(found.smoothed[1:3][:, SHIP_THERE].sum(axis=1).max())
    assert presence[1] > 5 * presence[0]


def test_berths_that_are_filtered_together_have_the_posteriors_they_have_alone():
    """Shorter ones are padded."""
    rng = np.random.default_rng(0)
    evidence, paths, starts = [], [], []
    for seed, n in enumerate((1, 7, 3, 12)):
        evidence.append(random_evidence(seed, rng.random(n) < 0.7))
        paths.append(paths_over(*rng.uniform(0.1, 5.0, n - 1)))
        starts.append(START)
    together = filter_berths(evidence, paths, starts)
    for i, found in enumerate(together):
        (alone,) = filter_berths([evidence[i]], [paths[i]], [START])
        for name in ("filtered", "backward", "transitions", "no_ship", "no_arrival"):
            assert getattr(found, name) == pytest.approx(getattr(alone, name), abs=1e-12)
        assert found.smoothed.sum(axis=1) == pytest.approx(np.ones(len(found.smoothed)))


def test_long_records_of_contradicting_evidence_stay_finite():
    n = 2000
    hulls = np.where(np.arange(n) % 2, 1e4, 1e-4)
    evidence = BerthEvidence(hulls, np.full(n, 1 / 40), np.ones(n, dtype=bool))
    (found,) = filter_berths([evidence], [paths_over(*[0.02] * (n - 1))], [START])
    assert np.isfinite(found.smoothed).all()
    assert found.smoothed.sum(axis=1) == pytest.approx(np.ones(n))
