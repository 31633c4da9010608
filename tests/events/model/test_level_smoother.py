"""The level of a pier: smoothed where counts support it, missing elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cv.evaluation.simulation.cloud_cover import CLEAR_COAST
from cv.evaluation.simulation.port import EXPORT, SimulatedPort, truth_at
from cv.events.model.level_smoother import LocalLevelSmoother, daily_level, daily_table
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.timeseries.series import Series
from tests.fixtures.observations import START, look

NOON = pd.Timedelta(hours=12)


def levels(*looks):
    return daily_level(Posterior.of(PierObservations.of(looks)))


def test_the_smoother_is_the_posterior_of_the_joint_gaussian():
    rng = np.random.default_rng(0)
    counts = rng.uniform(0, 100, 7)
    counts[[2, 5]] = np.nan
    errors, unrest, vague = rng.uniform(1, 50, 7), rng.uniform(1, 200, 6), 80.0
    walk = LocalLevelSmoother.smooth(counts, errors, unrest, vague)
    steps = np.tril(np.ones((7, 7))) * np.sqrt(np.concatenate([[vague**2], unrest]))
    prior = steps @ steps.T
    known = np.isfinite(counts)
    seen = prior[np.ix_(known, known)] + np.diag(errors[known])
    gain = np.linalg.solve(seen, prior[known]).T
    assert walk.mean == pytest.approx(gain @ counts[known])
    assert walk.sd**2 == pytest.approx(np.diag(prior - gain @ prior[known]))


def test_a_quiet_pier_has_the_level_of_its_counts():
    table = levels(*(look(day, 80) for day in range(8)))
    assert table["level"].to_numpy(dtype=float) == pytest.approx(80, abs=3)
    assert (table["level_high"] - table["level_low"]).max() < 20
    assert (table.index[0], len(table)) == (pd.Timestamp(START).normalize(), 8)


def test_days_without_counts_near_are_missing_and_never_zero():
    table = levels(look(0, 50), look(1, 50), look(9, 50), look(10, 50))
    missing = table["level"].isna().to_list()
    assert missing == [False, False, *[True] * 7, False, False]
    assert table[["level_low", "level_high"]].isna().any(axis=1).to_list() == missing


def test_between_two_counts_that_a_ship_parts_nothing_is_said():
    before = [look(day, 100) for day in range(4)]
    table = levels(*before, look(6, 3), look(7, 3))
    # at noon of day 3 its look is over, and the ship may have been there
    assert table["level"].isna().to_list() == [False] * 3 + [True] * 3 + [False] * 2


def test_it_is_never_negative():
    table = levels(*(look(day, 0) for day in range(5)))
    assert (table >= 0).all(axis=None)


def test_its_interval_holds_the_truth_and_it_is_as_near_as_a_line_through_the_counts():
    off, straight, held = [], [], []
    for seed in range(8):
        port = SimulatedPort.simulate(seed, CLEAR_COAST, days=200)
        watch = PierObservations.of(port.export_counts)
        table = daily_level(Posterior.of(watch)).dropna()
        noons = table.index + NOON
        true = np.array(
            [truth_at(port.history, EXPORT, at.to_pydatetime()).containers for at in noons]
        )
        days = ((noons - watch.times[0]) / pd.Timedelta(days=1)).to_numpy()
        known = np.isfinite(watch.containers)
        line = np.interp(days, watch.days[known], watch.containers[known])
        off.append(np.abs(table["level"].to_numpy(dtype=float) - true).mean())
        straight.append(np.abs(line - true).mean())
        low, high = (table[f"level_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        held.append(((low - 0.5 <= true) & (true <= high + 0.5))[true > 5])
    assert 0.85 < np.mean(np.concatenate(held)) < 0.97
    assert np.mean(off) < 1.05 * np.mean(straight)


def test_the_daily_table_has_the_level_beside_the_counts():
    series = Series.of("Pier 2", [look(0, 50), look(1, None), look(2, 52), look(9, 50)])
    table = daily_table(series)
    assert table["containers"].isna().to_list() == [False, True, False, *[True] * 6, False]
    assert table["level"].isna().to_list() == [False, False, False, *[True] * 6, False]
    assert table["level"].iloc[1] == pytest.approx(51, abs=2)
    blind = daily_table(Series.of("Pier 2", [look(0, None), look(3, None)]))
    assert len(blind) == 4
    assert blind["level"].isna().all()
