"""The forward filter and the backward pass, against the sum over every possible history."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cv.events.model.berth_state_model import (
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    PathProbabilities,
    stationary_distribution,
)
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import CARGO_FLOWS, PierParameters
from cv.events.model.posterior import Posterior
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
