"""The state model, against matrix exponentials of scipy and against sampled histories."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from cv.events.model.berth_state_model import (
    IDLE,
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    PathProbabilities,
    arrival_probabilities,
    rate_matrix,
    stationary_distribution,
)
from cv.events.model.parameters import CARGO_FLOWS, PierParameters
from cv.site import PierRole

PARAMETERS = PierParameters(
    call_interval_d=8.0, stay_d=1.5, load=100.0, flow=CARGO_FLOWS[PierRole.EXPORT]
)
GAPS = np.array([0.1, 1.0, 1.0, 4.5, 60.0])


def test_all_paths_are_the_matrix_exponential():
    paths = PathProbabilities.over(GAPS, PARAMETERS)
    for gap, found in zip(GAPS, paths.any_path, strict=True):
        assert found == pytest.approx(expm(rate_matrix(PARAMETERS) * gap), abs=1e-9)


def test_each_kind_of_path_is_a_subset_of_the_next():
    paths = PathProbabilities.over(GAPS, PARAMETERS)
    assert (paths.no_ship <= paths.no_arrival + 1e-12).all()
    assert (paths.no_arrival <= paths.any_path + 1e-12).all()
    assert paths.any_path.sum(axis=2) == pytest.approx(np.ones((len(GAPS), STATES)))
    assert not paths.no_ship[:, WITH_SHIP, :].any()
    assert not paths.no_ship[:, :, WITH_SHIP].any()


def test_path_probabilities_equal_the_frequencies_of_sampled_histories():
    rng = np.random.default_rng(0)
    gap, start = 3.0, IDLE
    rates = rate_matrix(PARAMETERS)
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
    paths = PathProbabilities.over(np.array([gap]), PARAMETERS)
    assert ends / runs == pytest.approx(paths.any_path[0, start], abs=0.012)
    assert visited / runs == pytest.approx(1 - paths.no_ship[0, start].sum(), abs=0.012)
    assert arrived / runs == pytest.approx(
        arrival_probabilities(PARAMETERS, [gap])[start, 0], abs=0.012
    )


def test_the_stationary_distribution_does_not_change_over_time():
    shares = stationary_distribution(PARAMETERS)
    assert shares @ PathProbabilities.over(np.array([5.0]), PARAMETERS).any_path[
        0
    ] == pytest.approx(shares, abs=1e-5)
