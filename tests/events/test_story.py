"""The filter and its smoother against the sum over every possible history."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sights import look

from cv.events.flow import FLOWS
from cv.events.habits import Habits
from cv.events.rhythm import ASHORE, IN_PORT, STATES, Paths, settled
from cv.events.sight import likelihoods
from cv.events.story import Story
from cv.events.watch import Watch
from cv.site import Role

HABITS = Habits(8.0, 1.5, 100.0, FLOWS[Role.EXPORT])


def berth_only(*looks):
    """A watch that saw the berth and no containers."""
    watch = Watch.of(looks)
    watch.boxes[:] = np.nan
    return watch


def test_states_are_those_of_all_histories_together():
    watch = berth_only(look(0, 0), look(1.2, 0, 110), look(2, 0), look(5, 0), look(6.1, 0, 120))
    paths = Paths.over(np.diff(watch.days), HABITS)
    seen = likelihoods(watch)
    weights = np.zeros((len(watch), STATES))
    bare = 0.0
    every = 0.0
    for history in product(range(STATES), repeat=len(watch)):
        weight = settled(HABITS)[history[0]]
        quiet = float(history[1] in ASHORE and history[2] in ASHORE)
        for step, state in enumerate(history):
            weight *= seen[step, int(state in IN_PORT)]
            if step:
                weight *= paths.all[step - 1, history[step - 1], state]
        for step, state in enumerate(history):
            weights[step, state] += weight
        if history[2] in ASHORE:
            every += weight
            share = paths.bare[2, history[2], history[3]] / paths.all[2, history[2], history[3]]
            bare += weight * share
        assert quiet >= 0
    weights /= weights.sum(axis=1, keepdims=True)
    story = Story.of(watch, HABITS)
    assert story.now == pytest.approx(weights, abs=1e-4)
    assert story.quiet(2, 3) == pytest.approx(bare / every, abs=1e-4)


def test_the_level_follows_the_counts_and_is_sure_where_they_agree():
    story = Story.of(Watch.of([look(day, 80) for day in range(8)]))
    mean, spread = story.level[-1]
    assert mean == pytest.approx(80, abs=3)
    assert spread < Watch.of([look(0, 80)]).boxes_sd[0, 0] / 1.5


def test_a_look_that_nothing_explains_breaks_nothing():
    story = Story.of(Watch.of([look(0, 5), look(0.02, 1e6), look(1, 5)]))
    assert np.isfinite(story.now).all()
    assert story.now.sum(axis=1) == pytest.approx(np.ones(3))


def test_one_look_is_a_story_too():
    story = Story.of(Watch.of([look(0, 5)]))
    assert story.now.shape == (1, STATES)
    assert len(story.visited) == 0
