"""The forward filter and the backward pass, against the sum over every possible history."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from cv.counting.pier_count import UNKNOWN
from cv.events.model.berth_state_model import (
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    PathProbabilities,
    stationary_distribution,
)
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import CARGO_FLOWS, PierParameters
from cv.events.model.posterior import PierInferenceInput, Posterior, infer_posteriors
from cv.site import PierRole
from tests.fixtures.observations import pier_count

PARAMETERS = PierParameters(
    call_interval_d=8.0, stay_d=1.5, load=100.0, flow=CARGO_FLOWS[PierRole.EXPORT]
)


def hulls_only(*counts):
    """Observations of the berth alone, without containers."""
    observations = PierObservations.of(counts)
    observations.containers[:] = np.nan
    return observations


class HistorySum:
    """Sums over every possible sequence of states at the observations: the oracle."""

    def __init__(self, observations):
        self.observations = observations
        self.paths = PathProbabilities.over(np.diff(observations.days), PARAMETERS)
        likelihoods = observations.ship_likelihoods()
        start = stationary_distribution(PARAMETERS)
        self.weights = {}
        for history in product(range(STATES), repeat=len(observations)):
            weight = start[history[0]]
            for t, state in enumerate(history):
                weight *= likelihoods[t, int(state in WITH_SHIP)]
                if t:
                    weight *= self.paths.any_path[t - 1, history[t - 1], state]
            self.weights[history] = weight
        self.total = sum(self.weights.values())

    def state_probabilities(self):
        """(n, states) probability of each state at each observation."""
        found = np.zeros((len(self.observations), STATES))
        for history, weight in self.weights.items():
            found[range(len(history)), history] += weight
        return found / self.total

    def path_probability(self, gaps, part):
        """Probability that the paths over all `gaps` are of the kind `part`."""
        found = 0.0
        for history, weight in self.weights.items():
            for gap in gaps:
                step = gap, history[gap], history[gap + 1]
                weight *= part[step] / self.paths.any_path[step]
            found += weight
        return found / self.total


def test_probabilities_are_those_of_all_histories_together():
    observations = hulls_only(
        pier_count(0, 0),
        pier_count(1.2, 0, 110),
        pier_count(2, 0),
        pier_count(5, 0),
        pier_count(6.1, 0, 120),
    )
    oracle, posterior = HistorySum(observations), Posterior.of(observations, PARAMETERS)
    paths, states = oracle.paths, oracle.state_probabilities()
    assert posterior.smoothed == pytest.approx(states, abs=1e-4)
    for first, last in ((0, 1), (2, 3), (1, 3), (0, 4)):
        empty = oracle.path_probability(range(first, last), paths.no_ship)
        empty_at_first = states[first, WITHOUT_SHIP].sum()
        assert posterior.empty_probability(first, last) == pytest.approx(empty, abs=1e-4)
        assert posterior.stays_empty_probability(first, last) == pytest.approx(
            empty / empty_at_first, abs=1e-4
        )
    for span in (1, 2):
        assert posterior.empty_probabilities(span) == pytest.approx(
            [posterior.empty_probability(t, t + span) for t in range(5 - span)]
        )
    for gap in range(4):
        presence = oracle.path_probability([gap], paths.any_path - paths.no_ship)
        arrival = oracle.path_probability([gap], paths.any_path - paths.no_arrival)
        assert posterior.gap_presence[gap] == pytest.approx(presence, abs=1e-4)
        assert posterior.gap_arrivals[gap] == pytest.approx(arrival, abs=1e-4)


def test_the_level_follows_the_counts_and_is_precise_where_they_agree():
    posterior = Posterior.of(PierObservations.of([pier_count(day, 80) for day in range(8)]))
    mean, spread = posterior.level[-1]
    assert mean == pytest.approx(80, abs=3)
    assert spread < PierObservations.of([pier_count(0, 80)]).containers_sd[0, 0] / 1.5


def test_an_impossible_count_leaves_the_posterior_finite():
    posterior = Posterior.of(
        PierObservations.of([pier_count(0, 5), pier_count(0.02, 1e6), pier_count(1, 5)])
    )
    assert np.isfinite(posterior.smoothed).all()
    assert posterior.smoothed.sum(axis=1) == pytest.approx(np.ones(3))


def test_one_observation_has_a_posterior():
    posterior = Posterior.of(PierObservations.of([pier_count(0, 5)]))
    assert posterior.smoothed.shape == (1, STATES)
    assert len(posterior.gap_presence) == 0


def test_piers_that_are_filtered_together_have_the_posteriors_they_have_alone():
    """Shorter ones are padded; 20 piers are more than one batch."""
    rng = np.random.default_rng(0)
    given = []
    for n in rng.integers(1, 30, 20).tolist():
        counts = [
            pier_count(day, int(rng.integers(0, 90)), 110 if rng.random() < 0.2 else None)
            for day in range(n)
        ]
        observations = PierObservations.of(counts)
        given.append(PierInferenceInput(observations, PierParameters.of(observations)))
    for one, together in zip(given, infer_posteriors(given), strict=True):
        alone = Posterior.of(one.observations)
        for name in ("filtered", "smoothed", "gap_presence", "gap_arrivals", "level", "forecast"):
            assert getattr(together, name) == pytest.approx(getattr(alone, name), abs=1e-9)


def test_an_observation_without_a_number_changes_nothing_but_the_drift():
    known = [pier_count(0, 40), pier_count(1, 42), pier_count(2, 41)]
    unknown = pier_count(1.5, 40)
    unknown = replace(unknown, containers=UNKNOWN)
    with_it = Posterior.of(PierObservations.of([*known[:2], unknown, known[2]]), PARAMETERS)
    without = Posterior.of(PierObservations.of(known), PARAMETERS)
    assert with_it.level[3, 0] == pytest.approx(without.level[2, 0], abs=1)
    assert with_it.level[2, 1] >= with_it.level[1, 1]  # time went by and no count came


def test_a_hull_count_that_is_hidden_leaves_the_prior():
    hidden = PierObservations.of([replace(pier_count(0, 40), hulls=UNKNOWN, berthed=())])
    posterior = Posterior.of(hidden, PARAMETERS)
    start = stationary_distribution(PARAMETERS)
    assert posterior.smoothed[0] == pytest.approx(start / start.sum())


def test_forecasts_grow_with_their_horizon_and_with_gathered_cargo():
    before = [pier_count(day, 5) for day in range(6)]
    quiet, gathered = (
        Posterior.of(PierObservations.of([*before, pier_count(6, n)]), PARAMETERS).forecast[-1]
        for n in (5, 80)
    )
    assert (np.diff(quiet) > 0).all()
    assert (gathered > quiet + 0.05).all()
