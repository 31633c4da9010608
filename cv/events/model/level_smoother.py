"""The level of a pier: its number of containers day by day, where looks support one.

A random walk seen through counts with errors (a local-level model), smoothed by the Kalman filter
and the smoother of Rauch, Tung and Striebel (1965). Both are heteroscedastic: each count has the
error that its interval states, and each gap so much unrest as what probably happened in it, a ship
or cargo that gathered, makes likely (see story.py). What would be below zero is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cv.events.event import ENDS
from cv.events.model.berth_state_model import GATHERING
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.timeseries.series import Series

Floats = NDArray[np.float64]

REACH_D = 2.0
"""A day farther than this from the next count is not supported, days."""
_COLUMNS = ("level", "level_low", "level_high")
_NOON = pd.Timedelta(hours=12)
_DRIFT, _DRIFT_BOXES = 0.02, 0.3
"""Spread of a level at rest, in a day: a share of it, and containers."""
_GROWTH = 0.4
"""Spread of a level while cargo gathers, in a day, as a part of a load."""
_SHIP = 0.6
"""What a ship adds to the spread, as a part of a load."""
_VAGUE = 10.0
"""Spread of what is believed before the first count, in loads."""


@dataclass(frozen=True, eq=False)
class LocalLevelSmoother:
    """A smoothed random walk; k points in time."""

    mean: Floats
    """(k,)"""
    sd: Floats
    """(k,) standard deviations."""

    @classmethod
    def smooth(
        cls, counts: Floats, errors: Floats, unrest: Floats, vague: float
    ) -> LocalLevelSmoother:
        """Of `counts` (k,), nan where there is none, with variances `errors` (k,) and the variance
        `unrest` (k - 1,) that each step adds; `vague` is the spread before the first one."""
        known = np.isfinite(counts)
        many = len(counts)
        before, after = np.zeros((many, 2)), np.zeros((many, 2))
        mean, variance = 0.0, vague**2
        for i in range(many):
            variance += float(unrest[i - 1]) if i else 0.0
            before[i] = mean, variance
            if known[i]:
                gain = variance / (variance + float(errors[i]))
                mean += gain * (float(counts[i]) - mean)
                variance *= 1.0 - gain
            after[i] = mean, variance
        for i in range(many - 2, -1, -1):
            back = after[i, 1] / before[i + 1, 1]
            after[i, 0] += back * (after[i + 1, 0] - before[i + 1, 0])
            after[i, 1] += back * back * (after[i + 1, 1] - before[i + 1, 1])
        return cls(after[:, 0], np.sqrt(after[:, 1].clip(0.0)))


def daily_level(story: Posterior) -> pd.DataFrame:
    """A row per calendar day (UTC) from the first look to the last, indexed by its date.

    Columns: `level`, containers at noon, with `level_low` and `level_high`, the ends of its 90 %
    interval. A day without a count is filled in where there is one within two days on either side
    and probably no ship between them; else it has none: it is missing, never 0.
    """
    watch = story.observations
    times = pd.DatetimeIndex(watch.times)
    days = pd.date_range(times[0].normalize(), times[-1].normalize(), freq="D")
    noons = ((days + _NOON - times[0]) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    at = np.concatenate([watch.days, noons])
    order = np.argsort(at, kind="stable")
    asked = order >= len(watch)
    at = at[order]
    none = np.full(len(noons), np.nan)
    counts = np.concatenate([watch.containers, none])[order]
    errors = np.concatenate([watch.containers_sd.mean(axis=1) ** 2, none])[order]
    load = story.parameters.load
    walk = LocalLevelSmoother.smooth(counts, errors, _unrest(story, at), _VAGUE * load)
    table = pd.DataFrame(
        {
            "level": walk.mean[asked].clip(0.0),
            "level_low": (walk.mean - ENDS * walk.sd)[asked].clip(0.0),
            "level_high": (walk.mean + ENDS * walk.sd)[asked].clip(0.0),
        },
        index=days.rename("date"),
    )
    table[~_supported(story, noons)] = np.nan
    return table.astype("Float64")


def daily_table(series: Series) -> pd.DataFrame:
    """`Series.daily` with the columns of `daily_level`, missing where there is no level."""
    table = series.daily()
    watch = PierObservations.of(series.counts) if len(series) else None
    if watch is None or not len(watch):
        return table.join(pd.DataFrame(columns=list(_COLUMNS), index=table.index, dtype="Float64"))
    return table.join(daily_level(Posterior.of(watch)))


def _unrest(story: Posterior, at: Floats) -> Floats:
    """(k - 1,) variance that each step between the times `at` (k,) adds."""
    days, load = story.observations.days, story.parameters.load
    steps = np.diff(at)
    if len(days) < 2:
        return (_DRIFT_BOXES**2) * steps
    gap = np.searchsorted(days, at[:-1] + steps / 2, "right").clip(1, len(days) - 1) - 1
    drift = _DRIFT * story.level[gap, 0] + _DRIFT_BOXES
    gathers = np.maximum(story.smoothed[:-1, GATHERING], story.smoothed[1:, GATHERING])[gap]
    ship = story.gap_presence[gap] * (_SHIP * load) ** 2 / np.diff(days)[gap].clip(min=1e-9)
    return np.asarray((drift**2 + gathers * (_GROWTH * load) ** 2 + ship) * steps)


def _supported(story: Posterior, noons: Floats) -> NDArray[np.bool_]:
    """Which times (m,), days since the first look, have a count within half a day, or near ones on
    both sides, and probably no ship between the counts before and after it."""
    known = np.flatnonzero(np.isfinite(story.observations.containers))
    days = story.observations.days
    if not len(known):
        return np.zeros(len(noons), dtype=bool)
    after = np.searchsorted(days[known], noons)
    first, last = known[(after - 1).clip(0)], known[after.clip(max=len(known) - 1)]
    near = np.stack([np.abs(noons - days[first]), np.abs(days[last] - noons)])
    between = (after > 0) & (after < len(known)) & (near <= REACH_D).all(axis=0)
    quiet = np.array(
        [
            a >= b or story.gap_presence[a:b].max() < 0.5
            for a, b in zip(first.tolist(), last.tolist(), strict=True)
        ]
    )
    today = (near <= 0.5).any(axis=0)
    return np.asarray((today | between) & quiet)
