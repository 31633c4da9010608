"""Paths between two looks, against matrix exponentials of scipy and against sampled histories."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from cv.events.model.berth_state_model import (
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    PathProbabilities,
    arrival_probabilities,
    rate_matrix,
    stationary_distribution,
)
from cv.events.model.cargo_flow import CARGO_FLOWS
from cv.events.model.parameters import PierParameters
from cv.site import PierRole

HABITS = PierParameters(8.0, 1.5, 100.0, CARGO_FLOWS[PierRole.EXPORT])
GAPS = np.array([0.1, 1.0, 1.0, 4.5, 60.0])


def test_all_paths_are_the_matrix_exponential():
    paths = PathProbabilities.over(GAPS, HABITS)
    for gap, found in zip(GAPS, paths.any_path, strict=True):
        assert found == pytest.approx(expm(rate_matrix(HABITS) * gap), abs=1e-9)


def test_every_kind_of_path_is_one_of_the_next():
    paths = PathProbabilities.over(GAPS, HABITS)
    assert (paths.no_ship <= paths.no_arrival + 1e-12).all()
    assert (paths.no_arrival <= paths.any_path + 1e-12).all()
    assert paths.any_path.sum(axis=2) == pytest.approx(np.ones((len(GAPS), STATES)))
    assert not paths.no_ship[:, WITH_SHIP, :].any()
    assert not paths.no_ship[:, :, WITH_SHIP].any()


def test_paths_have_the_shares_that_sampled_histories_have():
    rng = np.random.default_rng(0)
    gap, start = 3.0, 1  # cargo gathers
    rates = rate_matrix(HABITS)
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
            came |= state in WITHOUT_SHIP and after in WITH_SHIP
            state = after
        ends[state] += 1
        visited += came
        arrived += came
    paths = PathProbabilities.over(np.array([gap]), HABITS)
    assert ends / runs == pytest.approx(paths.any_path[0, start], abs=0.012)
    assert visited / runs == pytest.approx(1 - paths.no_ship[0, start].sum(), abs=0.012)
    assert arrived / runs == pytest.approx(
        arrival_probabilities(HABITS, [gap])[start, 0], abs=0.012
    )


def test_the_settled_state_does_not_change():
    shares = stationary_distribution(HABITS)
    assert shares @ PathProbabilities.over(np.array([5.0]), HABITS).any_path[0] == pytest.approx(
        shares, abs=1e-5
    )
