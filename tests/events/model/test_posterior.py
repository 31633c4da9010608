"""The filter and its smoother against the sum over every possible history."""

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
from cv.events.model.cargo_flow import CARGO_FLOWS
from cv.events.model.observation_model import ship_likelihoods
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import PierParameters
from cv.events.model.posterior import Posterior
from cv.site import PierRole
from tests.fixtures.observations import look

HABITS = PierParameters(8.0, 1.5, 100.0, CARGO_FLOWS[PierRole.EXPORT])


def berth_only(*looks):
    """A watch that saw the berth and no containers."""
    watch = PierObservations.of(looks)
    watch.containers[:] = np.nan
    return watch


def test_states_are_those_of_all_histories_together():
    watch = berth_only(look(0, 0), look(1.2, 0, 110), look(2, 0), look(5, 0), look(6.1, 0, 120))
    paths = PathProbabilities.over(np.diff(watch.days), HABITS)
    seen = ship_likelihoods(watch)
    weights = np.zeros((len(watch), STATES))
    bare = 0.0
    every = 0.0
    for history in product(range(STATES), repeat=len(watch)):
        weight = stationary_distribution(HABITS)[history[0]]
        quiet = float(history[1] in WITHOUT_SHIP and history[2] in WITHOUT_SHIP)
        for step, state in enumerate(history):
            weight *= seen[step, int(state in WITH_SHIP)]
            if step:
                weight *= paths.any_path[step - 1, history[step - 1], state]
        for step, state in enumerate(history):
            weights[step, state] += weight
        if history[2] in WITHOUT_SHIP:
            every += weight
            share = (
                paths.no_ship[2, history[2], history[3]] / paths.any_path[2, history[2], history[3]]
            )
            bare += weight * share
        assert quiet >= 0
    weights /= weights.sum(axis=1, keepdims=True)
    story = Posterior.of(watch, HABITS)
    assert story.smoothed == pytest.approx(weights, abs=1e-4)
    assert story.stays_empty_probability(2, 3) == pytest.approx(bare / every, abs=1e-4)


def test_the_level_follows_the_counts_and_is_sure_where_they_agree():
    story = Posterior.of(PierObservations.of([look(day, 80) for day in range(8)]))
    mean, spread = story.level[-1]
    assert mean == pytest.approx(80, abs=3)
    assert spread < PierObservations.of([look(0, 80)]).containers_sd[0, 0] / 1.5


def test_a_look_that_nothing_explains_breaks_nothing():
    story = Posterior.of(PierObservations.of([look(0, 5), look(0.02, 1e6), look(1, 5)]))
    assert np.isfinite(story.smoothed).all()
    assert story.smoothed.sum(axis=1) == pytest.approx(np.ones(3))


def test_one_look_is_a_story_too():
    story = Posterior.of(PierObservations.of([look(0, 5)]))
    assert story.smoothed.shape == (1, STATES)
    assert len(story.gap_presence) == 0
