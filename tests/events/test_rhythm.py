"""Paths between two looks, against matrix exponentials of scipy and against sampled histories."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from cv.events.flow import FLOWS
from cv.events.habits import Habits
from cv.events.rhythm import (
    ASHORE,
    IN_PORT,
    STATES,
    Paths,
    arrival_chances,
    generator,
    settled,
)
from cv.site import Role

HABITS = Habits(8.0, 1.5, 100.0, FLOWS[Role.EXPORT])
GAPS = np.array([0.1, 1.0, 1.0, 4.5, 60.0])


def test_all_paths_are_the_matrix_exponential():
    paths = Paths.over(GAPS, HABITS)
    for gap, found in zip(GAPS, paths.all, strict=True):
        assert found == pytest.approx(expm(generator(HABITS) * gap), abs=1e-9)


def test_every_kind_of_path_is_one_of_the_next():
    paths = Paths.over(GAPS, HABITS)
    assert (paths.bare <= paths.same + 1e-12).all()
    assert (paths.same <= paths.all + 1e-12).all()
    assert paths.all.sum(axis=2) == pytest.approx(np.ones((len(GAPS), STATES)))
    assert not paths.bare[:, IN_PORT, :].any()
    assert not paths.bare[:, :, IN_PORT].any()


def test_paths_have_the_shares_that_sampled_histories_have():
    rng = np.random.default_rng(0)
    gap, start = 3.0, 1  # cargo gathers
    rates = generator(HABITS)
    ends, visited, arrived = np.zeros(STATES), 0, 0
    runs = 20_000
    for _ in range(runs):
        state, clock, came = start, 0.0, False
        while True:
            clock += rng.exponential(-1 / rates[state, state])
            if clock > gap:
                break
            chances = rates[state].clip(0.0)
            after = int(rng.choice(STATES, p=chances / chances.sum()))
            came |= state in ASHORE and after in IN_PORT
            state = after
        ends[state] += 1
        visited += came
        arrived += came
    paths = Paths.over(np.array([gap]), HABITS)
    assert ends / runs == pytest.approx(paths.all[0, start], abs=0.012)
    assert visited / runs == pytest.approx(1 - paths.bare[0, start].sum(), abs=0.012)
    assert arrived / runs == pytest.approx(arrival_chances(HABITS, [gap])[start, 0], abs=0.012)


def test_the_settled_state_does_not_change():
    shares = settled(HABITS)
    assert shares @ Paths.over(np.array([5.0]), HABITS).all[0] == pytest.approx(shares, abs=1e-5)
