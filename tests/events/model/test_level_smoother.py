"""The level of a pier: smoothed where counts support it, missing elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from simulated_ports.cloud_cover import CLEAR_COAST
from simulated_ports.port import EXPORT, SimulatedPort, truth_at

from cv.events.model.level_smoother import daily_level, daily_levels, smooth_local_level
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.timeseries.series import Series
from tests.fixtures.observations import START, pier_count

NOON = pd.Timedelta(hours=12)


def levels(*counts):
    return daily_level(Posterior.of(PierObservations.of(counts)))


def test_the_smoother_is_the_posterior_of_the_joint_gaussian():
    rng = np.random.default_rng(0)
    counts = rng.uniform(0, 100, 7)
    counts[[2, 5]] = np.nan
    errors, step_variances, prior_sd = rng.uniform(1, 50, 7), rng.uniform(1, 200, 6), 80.0
    mean, sd = smooth_local_level(counts, errors, step_variances, prior_sd)
    steps = np.tril(np.ones((7, 7))) * np.sqrt(np.concatenate([[prior_sd**2], step_variances]))
    prior = steps @ steps.T
    known = np.isfinite(counts)
    seen = prior[np.ix_(known, known)] + np.diag(errors[known])
    gain = np.linalg.solve(seen, prior[known]).T
    assert mean == pytest.approx(gain @ counts[known])
    assert sd**2 == pytest.approx(np.diag(prior - gain @ prior[known]))


def test_a_quiet_pier_has_the_level_of_its_counts():
    table = levels(*(pier_count(day, 80) for day in range(8)))
    assert table["level"].to_numpy(dtype=float) == pytest.approx(80, abs=3)
    widths = table["level_high"] - table["level_low"]
    assert widths.iloc[:-1].max() < 16.5  # that of a single count is 20
    assert widths.iloc[-1] < 22  # ten hours after the last count
    assert (table.index[0], len(table)) == (pd.Timestamp(START).normalize(), 8)


def test_days_without_counts_near_are_missing_and_never_zero():
    table = levels(pier_count(0, 50), pier_count(1, 50), pier_count(9, 50), pier_count(10, 50))
    missing = table["level"].isna().to_list()
    assert missing == [False, False, *[True] * 7, False, False]
    assert table[["level_low", "level_high"]].isna().any(axis=1).to_list() == missing


def test_there_is_no_level_between_two_counts_with_a_ship_in_between():
    before = [pier_count(day, 100) for day in range(4)]
    table = levels(*before, pier_count(6, 3), pier_count(7, 3))
    # noon of day 3 is after its observation: a ship may already have been there
    assert table["level"].isna().to_list() == [False] * 3 + [True] * 3 + [False] * 2


def test_the_level_is_never_negative():
    table = levels(*(pier_count(day, 0) for day in range(5)))
    assert (table >= 0).all(axis=None)


def test_the_interval_covers_the_truth_and_the_level_is_as_close_as_interpolation():
    level_errors, line_errors, covered = [], [], []
    for seed in range(8):
        port = SimulatedPort.simulate(seed, CLEAR_COAST, days=200)
        observations = PierObservations.of(port.export_counts)
        table = daily_level(Posterior.of(observations)).dropna()
        noons = pd.DatetimeIndex(table.index) + NOON
        true = np.array(
            [truth_at(port.history, EXPORT, at.to_pydatetime()).containers for at in noons]
        )
        days = ((noons - observations.times[0]) / pd.Timedelta(days=1)).to_numpy()
        known = np.isfinite(observations.containers)
        line = np.interp(days, observations.days[known], observations.containers[known])
        level_errors.append(np.abs(table["level"].to_numpy(dtype=float) - true).mean())
        line_errors.append(np.abs(line - true).mean())
        low, high = (table[f"level_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        covered.append(((low - 0.5 <= true) & (true <= high + 0.5))[true > 5])
    assert 0.85 < np.mean(np.concatenate(covered)) < 0.97
    assert np.mean(level_errors) < 1.05 * np.mean(line_errors)


def test_the_daily_table_has_the_level_beside_the_counts():
    series = Series.of(
        "Pier 2", [pier_count(0, 50), pier_count(1, None), pier_count(2, 52), pier_count(9, 50)]
    )
    table = daily_levels(series)
    assert table["containers"].isna().to_list() == [False, True, False, *[True] * 6, False]
    assert table["level"].isna().to_list() == [False, False, False, *[True] * 6, False]
    assert table["level"].iloc[1] == pytest.approx(51, abs=2)
    blind = daily_levels(Series.of("Pier 2", [pier_count(0, None), pier_count(3, None)]))
    assert len(blind) == 4
    assert blind["level"].isna().all()


@pytest.mark.parametrize("minutes", [0, 1, 30])
def test_a_second_image_of_a_moment_does_not_widen_the_interval(minutes):
    counts = pier_count(0, 20), pier_count(minutes / 1440, 20)
    one, two = (levels(*counts[:number]).iloc[0] for number in (1, 2))
    assert two["level_high"] - two["level_low"] < 1.2 * (one["level_high"] - one["level_low"])
