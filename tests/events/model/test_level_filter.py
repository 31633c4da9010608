"""The number of containers so far: against the joint Gaussian of all counts."""

from __future__ import annotations

import numpy as np
import pytest

from cv.events.constants import DRIFT_CONTAINERS_PER_DAY, DRIFT_SHARE_PER_DAY
from cv.events.model.cargo_changes import CargoChanges
from cv.events.model.level_filter import filtered_level
from cv.events.model.observations import PierObservations
from tests.fixtures.observations import pier_count

SD = 4.0


def observed(*numbers: float, gap: float = 1.0) -> tuple[PierObservations, CargoChanges]:
    """Observations with errors of SD; nan is one without a number."""
    counts = [pier_count(i * gap, 50) for i in range(len(numbers))]
    observations = PierObservations.of(counts)
    observations.containers[:] = numbers
    observations.containers_sd[:] = SD
    return observations, CargoChanges.of(observations, 60.0)


def gaussian_posterior(numbers, step_variances):
    """Mean and sd of the last level of a random walk, by the joint Gaussian of all its counts."""
    n = len(numbers)
    spread = np.concatenate([[1e4], np.sqrt(step_variances)])  # the first level may be anything
    walk = np.tril(np.ones((n, n))) * spread
    prior = walk @ walk.T
    gain = np.linalg.solve(prior + SD**2 * np.eye(n), prior[-1])
    return gain @ numbers, np.sqrt(prior[-1, -1] - gain @ prior[-1])


@pytest.mark.parametrize("gap", [0.5, 3.0])
def test_where_nothing_changes_the_level_is_that_of_the_joint_gaussian(gap):
    numbers = np.array([50.0, 55.0, 47.0, 52.0, 49.0])
    observations, changes = observed(*numbers, gap=gap)
    found = filtered_level(observations, changes, np.ones(4))
    drift = gap * (DRIFT_SHARE_PER_DAY * numbers[:-1] + DRIFT_CONTAINERS_PER_DAY) ** 2
    for t in range(5):
        mean, sd = gaussian_posterior(numbers[: t + 1], drift[:t])
        assert found[t] == pytest.approx([mean, sd], rel=1e-5)


def test_counts_of_a_stack_at_rest_are_averaged():
    observations, changes = observed(*[50.0] * 8)
    level = filtered_level(observations, changes, np.ones(7))
    assert level[:, 0] == pytest.approx(np.full(8, 50.0))
    assert (np.diff(level[:, 1]) < 0).all()
    assert level[-1, 1] < SD / 1.5


def test_where_the_containers_changed_the_level_starts_anew():
    observations, changes = observed(80.0, 80.0, 80.0, 5.0, 5.0)
    level = filtered_level(observations, changes, np.array([1.0, 1.0, 0.0, 1.0]))
    assert level[3] == pytest.approx([5.0, SD], abs=0.15)
    kept = filtered_level(observations, changes, np.ones(4))
    assert kept[3, 0] > 30  # a change that is not believed is an error of the count


def test_between_counts_the_number_is_that_of_the_last_and_before_the_first_that_of_the_first():
    nan = float("nan")
    observations, changes = observed(nan, 50.0, nan, nan, 20.0, nan)
    level = filtered_level(observations, changes, np.zeros(1))
    assert level[0] == pytest.approx([50.0, SD])
    assert (level[1:4] == level[1]).all()
    assert (level[5] == level[4]).all()
    assert level[4, 0] == pytest.approx(20.0, abs=0.2)


def test_without_counts_there_is_no_number():
    nan = float("nan")
    observations, changes = observed(nan, nan)
    assert filtered_level(observations, changes, np.empty(0)).tolist() == [[0, 0], [0, 0]]
