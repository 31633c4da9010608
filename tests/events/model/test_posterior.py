"""The posterior of a pier: against the sum over every possible history, and habits it recovers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cv.counting.pier_count import UNKNOWN, PierCount
from cv.events.model.berth_filter import BerthEvidence
from cv.events.model.berth_state_model import (
    HALTED,
    SHIP_EARLY,
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    PathProbabilities,
    arrival_probabilities,
    rate_matrix,
    stationary_distribution,
)
from cv.events.model.hull_evidence import ship_likelihood_ratios
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import MIN_LOAD, BerthHabits, PierParameters
from cv.events.model.posterior import (
    FORECAST_DAYS,
    PierInferenceInput,
    Posterior,
    infer_posteriors,
)
from cv.site import PierRole
from tests.fixtures.history_sum import HistorySum
from tests.fixtures.observations import pier_count, posterior_after_calls, with_hulls


def history_sum(posterior: Posterior, ahead_d: float | None = None) -> HistorySum:
    """The oracle, with the habits that were learned; to `ahead_d` days after the last observation.

    What is ahead is one more observation, without any evidence.
    """
    observations, habits = posterior.observations, posterior.parameters
    cargo = np.ones(len(observations))
    cargo[posterior.changes.after] = posterior.changes.ship_likelihood_ratios(habits.cargo)
    hulls = ship_likelihood_ratios(observations, habits.detector)
    counted, gaps = np.isfinite(observations.containers), np.diff(observations.days)
    if ahead_d is not None:
        hulls, cargo = np.append(hulls, 1.0), np.append(cargo, 1.0)
        counted, gaps = np.append(counted, False), np.append(gaps, ahead_d)
    paths = PathProbabilities.over(gaps, habits.berth)
    evidence = BerthEvidence(hulls, cargo, counted)
    return HistorySum(evidence, paths, stationary_distribution(habits.berth))


def of(*counts: PierCount) -> Posterior:
    return Posterior.of(PierObservations.of(counts))


def test_probabilities_are_those_of_all_histories_together():
    posterior = of(
        pier_count(0, 60),
        replace(pier_count(1.2, 60, 110), containers=UNKNOWN),
        pier_count(3, 4),
        pier_count(6, 30),
    )
    oracle = history_sum(posterior)
    states = oracle.states()
    assert posterior.smoothed == pytest.approx(states, abs=1e-9)
    assert posterior.ship_present == pytest.approx(states[:, WITH_SHIP].sum(axis=1))
    assert posterior.changes.after.tolist() == [2, 3]
    for i, after in enumerate(posterior.changes.after.tolist()):
        assert posterior.ship_between_counts[i] == pytest.approx(oracle.ship_since_count(after))
    for gap in range(3):
        assert posterior.gap_presence[gap] == pytest.approx(1 - oracle.empty(gap, gap + 1))
        assert posterior.gap_arrivals[gap] == pytest.approx(oracle.arrival(gap))
    for first, last in ((0, 1), (2, 3), (1, 3), (0, 3)):
        empty = oracle.empty(first, last)
        empty_at_first = states[first, WITHOUT_SHIP].sum()
        assert posterior.empty_probability(first, last) == pytest.approx(empty)
        assert posterior.stays_empty_probability(first, last) == pytest.approx(
            empty / empty_at_first
        )
    for span in (1, 2):
        assert posterior.empty_probabilities(span) == pytest.approx(
            [posterior.empty_probability(t, t + span) for t in range(4 - span)]
        )


def test_the_forecast_is_the_probability_of_an_arrival_after_the_last_observation():
    posterior = of(pier_count(0, 60, 110), pier_count(1, 4), pier_count(4, 30))
    for horizon, found in zip(FORECAST_DAYS, posterior.forecast[-1], strict=True):
        oracle = history_sum(posterior, horizon)
        assert found == pytest.approx(oracle.arrival(-1))


def test_forecasts_grow_with_their_horizon_and_with_the_time_since_the_last_call():
    posterior = posterior_after_calls(*(pier_count(day, 10) for day in range(8)))
    forecast = posterior.forecast
    assert (np.diff(forecast, axis=1) > 0).all()
    soon_after, when_due = forecast[-8], forecast[-2]
    assert (when_due > soon_after + 0.1).all()
    assert when_due[0] > 2 * soon_after[0]


def test_growing_cargo_speaks_against_a_berth_that_is_out_of_use():
    """By Bayes' rule: it grows 300 times more often at a berth in use."""
    posterior = posterior_after_calls(*(pier_count(day, 10) for day in range(60)))
    halted = float(posterior.filtered[-1, HALTED])
    assert halted > 0.5
    if_halted = arrival_probabilities(posterior.parameters.berth, FORECAST_DAYS)[HALTED]
    if_in_use = (posterior.forecast[-1] - halted * if_halted) / (1 - halted)
    still = halted / (halted + 300 * (1 - halted))
    expected = still * if_halted + (1 - still) * if_in_use
    assert posterior.forecast_with_growth[-1] == pytest.approx(expected)
    assert (posterior.forecast_with_growth[-1] > posterior.forecast[-1] + 0.03).all()


def test_departures_are_what_came_and_is_not_there():
    counts = [pier_count(day, 20, 110 if day in (3, 4) else None) for day in range(10)]
    posterior = of(*counts)
    departures = posterior.departures
    assert departures.argmax() == 4  # between the observations of days 4 and 5
    arrived = posterior.ship_present[0] + posterior.gap_arrivals.sum()
    assert departures.sum() == pytest.approx(arrived - posterior.ship_present[-1], abs=0.01)


def test_cargo_that_is_gone_shows_a_ship_that_no_image_shows():
    quiet = [pier_count(day, 80) for day in range(1, 5)]
    kept = posterior_after_calls(pier_count(0, 80), *quiet, pier_count(6, 80), pier_count(7, 80))
    gone = posterior_after_calls(pier_count(0, 80), *quiet, pier_count(6, 2), pier_count(7, 2))
    assert gone.gap_presence[-2] > 0.7
    assert kept.gap_presence[-2] < 0.2
    assert gone.causes.loaded[-2] > 0.7
    assert kept.causes.loaded[-2] < 0.02
    assert gone.at_observations(gone.causes.loaded)[-2] == gone.causes.loaded[-2]


def test_a_change_of_level_has_the_errors_of_both_numbers():
    change = posterior_after_calls(pier_count(0, 80), pier_count(1, 2)).level_change(-2, -1)
    assert change.value == pytest.approx(-78, abs=3)
    assert change.unit == "containers"
    assert change.low < -78 < change.high < -60
    assert change.sign_probability > 0.999


def test_images_of_one_moment_raise_no_probability():
    """One doubtful hull in four nearly equal images is one doubtful hull."""

    def probabilities(*days: float) -> list[float]:
        counts = [pier_count(day, 20) for day in range(20)]
        counts += [with_hulls(pier_count(20 + d, 20), 110, low=0.0, score=0.7) for d in days]
        counts = [replace(one, containers=UNKNOWN) for one in (*counts, pier_count(21, 20))]
        return of(*counts).ship_present[20:-1].tolist()

    (once,) = probabilities(0.0)
    assert once < 0.5
    together = probabilities(0.0, 0.002, 0.004, 0.006)
    assert together == pytest.approx([once] * 4, abs=0.03)
    assert min(probabilities(0.0, 0.25, 0.5)) > once + 0.2


def test_two_scenes_of_one_moment_have_a_posterior():
    one = pier_count(1, 40, 110)
    posterior = of(pier_count(0, 40), one, replace(one, scene="other"), pier_count(2, 3))
    assert np.isfinite(posterior.smoothed).all()
    assert np.isfinite(posterior.level).all()
    assert posterior.ship_present[1] == pytest.approx(posterior.ship_present[2])
    assert posterior.gap_arrivals[1] == pytest.approx(0.0, abs=1e-9)


def test_an_impossible_count_leaves_the_posterior_finite():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        posterior = of(pier_count(0, 5), pier_count(0.02, 1e6), pier_count(1, 5))
    assert np.isfinite(posterior.smoothed).all()
    assert posterior.smoothed.sum(axis=1) == pytest.approx(np.ones(3))


def test_one_observation_has_a_posterior():
    posterior = of(pier_count(0, 5))
    assert posterior.smoothed.shape == (1, STATES)
    assert len(posterior.gap_presence) == 0
    assert posterior.forecast.shape == (1, 3)


def test_an_observation_without_any_evidence_leaves_the_prior():
    posterior = of(replace(pier_count(0, 40), hulls=UNKNOWN, berthed=()))
    start = stationary_distribution(posterior.parameters.berth)
    assert posterior.smoothed[0] == pytest.approx(start / start.sum())


def test_piers_that_are_inferred_together_have_the_posteriors_they_have_alone():
    """40 piers are more than one batch."""
    rng = np.random.default_rng(0)
    given = []
    for n in rng.integers(1, 30, 40).tolist():
        counts = [
            pier_count(day, int(rng.integers(0, 90)), 110 if rng.random() < 0.2 else None)
            for day in range(n)
        ]
        given.append(PierInferenceInput.of(PierObservations.of(counts)))
    for one, together in zip(given[::3], infer_posteriors(given)[::3], strict=True):
        alone = Posterior.of(one.observations)
        for name in ("filtered", "smoothed", "gap_presence", "gap_arrivals", "level", "forecast"):
            assert getattr(together, name) == pytest.approx(getattr(alone, name), abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([pier_count(day, 20) for day in range(9)], False),
        ([pier_count(day, 80 if day % 6 < 4 else 2) for day in range(40)], False),  # cargo alone
        ([with_hulls(pier_count(3, 20), 110, low=0.0, score=0.4)], False),
        ([with_hulls(pier_count(3, 20), 110, score=0.95)], True),
    ],
)
def test_ships_are_shown_by_an_image_that_leaves_hardly_a_doubt(counts, shown):
    quiet = [pier_count(day, 20) for day in range(-9, 0)]
    assert of(*quiet, *counts).shows_ships is shown


class SimulatedBerth:
    """A berth with known habits, sampled at any time; halts left out."""

    def __init__(self, seed: int, call_interval_d: float, stay_d: float, until_d: float):
        self.rng = np.random.default_rng(seed)
        habits = BerthHabits(call_interval_d=call_interval_d, stay_d=stay_d, halt_share=0.0)
        rates = rate_matrix(habits).clip(0.0)
        self.times, self.states = [0.0], [0]
        while self.times[-1] < until_d:
            leaving = rates[self.states[-1]]
            wait = self.rng.exponential(1 / leaving.sum())
            self.times.append(self.times[-1] + wait)
            self.states.append(int(self.rng.choice(STATES, p=leaving / leaving.sum())))
        self.lengths = self.rng.uniform(80, 250, len(self.states))  # one for each state: a ship

    def observed(self, days, recall: float, false_share: float) -> PierObservations:
        """Observations of the berth alone, by a detector that misses and invents ships."""
        counts = []
        for day in days:
            i = int(np.searchsorted(self.times, day, "right")) - 1
            there = self.states[i] in WITH_SHIP
            shown = self.rng.random() < (recall if there else false_share)
            ship = i if self.states[i] == SHIP_EARLY else i - 1
            hulls = [self.lengths[ship] if there else 110.0] if shown else []
            count = with_hulls(
                pier_count(round(day, 3), 20), *hulls, low=0.0, high=1.0, score=float("nan")
            )
            counts.append(replace(count, containers=UNKNOWN))
        return PierObservations.of(counts)

    def calls(self) -> int:
        return self.states.count(SHIP_EARLY)


@pytest.mark.parametrize(
    ("interval", "stay", "false_share"), [(5.0, 1.0, 0.02), (8.0, 2.0, 0.02), (14.0, 2.0, 0.002)]
)
def test_the_habits_of_simulated_berths_are_recovered(interval, stay, false_share):
    """From hulls alone, seen twice a day for 400 days.

    Where ships are rare, most false hulls would be taken for them: there the detector has few.
    """
    true, learned = [], []
    for seed in range(2):
        berth = SimulatedBerth(seed, interval, stay, 400)
        days = np.arange(0, 400, 0.5) + berth.rng.uniform(0, 0.2, 800)
        habits = Posterior.of(berth.observed(days, 0.85, false_share)).parameters
        assert habits.detector.recall == pytest.approx(0.85, abs=0.1)
        assert habits.detector.false_share == pytest.approx(false_share, abs=0.015)
        true.append((400 / berth.calls(), stay))
        learned.append((habits.berth.call_interval_d, habits.berth.stay_d))
    assert np.mean(learned, axis=0) == pytest.approx(np.mean(true, axis=0), rel=0.25)


def calls_every(interval: float, days, stay: float = 2, unseen=()) -> Posterior:
    """A ship for `stay` days every `interval` days, but for calls that are `unseen`.

    Each of them has a length of its own.
    """
    return of(
        *(
            pier_count(
                day,
                20,
                100 + day // interval * 37 % 150
                if day % interval < stay and day // interval not in unseen
                else None,
            )
            for day in days
        )
    )


def test_the_call_interval_is_learned_and_a_halt_is_not_an_interval():
    found = [
        one.parameters.berth
        for one in (
            calls_every(6, range(120)),
            calls_every(15, range(120)),
            calls_every(6, range(240), unseen=range(12, 25)),
        )
    ]
    assert found[0].call_interval_d == pytest.approx(6, abs=0.8)
    assert found[1].call_interval_d == pytest.approx(15, abs=2)
    assert found[2].call_interval_d == pytest.approx(6, abs=1)
    assert found[2].halt_share > found[0].halt_share


def test_time_without_observations_is_not_time_without_calls():
    watched = calls_every(6, [*range(40), *range(80, 120)]).parameters.berth
    assert watched.call_interval_d == pytest.approx(6, abs=1)


def test_longer_stays_are_learned_longer():
    stays = [calls_every(14, range(140), stay).parameters.berth.stay_d for stay in (1, 2, 4)]
    assert stays == sorted(stays)
    assert stays[-1] > 1.5 * stays[0]


def test_without_evidence_the_priors_hold():
    first, other = of(pier_count(0, 5)).parameters, of(pier_count(0, 12)).parameters
    assert first.berth == other.berth == BerthHabits()
    assert first.detector == other.detector
    assert first.cargo.load == other.cargo.load == MIN_LOAD


def test_what_ships_do_is_expected_from_the_role_of_the_pier():
    counts = np.array([0.0, 50.0, np.nan, 100.0])
    export, imports = (
        PierParameters.prior(role, True, counts).cargo
        for role in (PierRole.EXPORT, PierRole.IMPORT)
    )
    assert export.handling.sum() == imports.handling.sum() == pytest.approx(1.0)
    assert export.handling[1] > export.handling[2]
    assert imports.handling[1] < imports.handling[2]
    assert export.load == pytest.approx(np.quantile([0, 50, 100], 0.95))
