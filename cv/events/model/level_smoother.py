"""Daily number of containers on a pier: a local level model, smoothed.

A random walk observed with errors, estimated by a Kalman filter and the smoother of Rauch, Tung and
Striebel (1965). Errors and steps vary: each count has the error that its interval states, and each
step the variance of what probably happened in it (drift, gathering cargo, a ship: see `posterior`).
Negative numbers are set to zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cv.counting.uncertainty import FINDING_Z
from cv.events.constants import DRIFT_CONTAINERS_PER_DAY, DRIFT_SHARE_PER_DAY, LIKELY
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.geometry.arrays import BoolArray, Float64Array
from cv.timeseries.series import Series

MAX_COUNT_DISTANCE_D = 2.0
"""A day farther than this from the next count has no level, days."""
_COLUMNS = pd.Index(["level", "level_low", "level_high"])
_NOON = pd.Timedelta(hours=12)
_GATHERING_SD = 0.4
"""Standard deviation that a day of gathering cargo adds, loads."""
_SHIP_SD = 0.6
"""Standard deviation that a ship adds, loads."""
_PRIOR_SD = 10.0
"""Standard deviation of the level before the first count, loads."""


def smooth_local_level(
    counts: Float64Array, variances: Float64Array, step_variances: Float64Array, prior_sd: float
) -> tuple[Float64Array, Float64Array]:
    """Return mean and standard deviation (k,) of the level at k points in time.

    `counts` (k,), nan where there is none, have error `variances` (k,); each step adds one of
    `step_variances` (k - 1,); `prior_sd` is that before the first point, around zero.
    """
    known = np.isfinite(counts)
    k = len(counts)
    predicted, updated = np.zeros((k, 2)), np.zeros((k, 2))  # mean and variance
    mean, variance = 0.0, prior_sd**2
    for i in range(k):
        variance += float(step_variances[i - 1]) if i else 0.0
        predicted[i] = mean, variance
        if known[i]:
            gain = variance / (variance + float(variances[i]))
            mean += gain * (float(counts[i]) - mean)
            variance *= 1.0 - gain
        updated[i] = mean, variance
    for i in range(k - 2, -1, -1):
        gain = updated[i, 1] / predicted[i + 1, 1]
        updated[i, 0] += gain * (updated[i + 1, 0] - predicted[i + 1, 0])
        updated[i, 1] += gain * gain * (updated[i + 1, 1] - predicted[i + 1, 1])
    return updated[:, 0], np.sqrt(updated[:, 1].clip(0.0))


def daily_level(posterior: Posterior) -> pd.DataFrame:
    """Return a row per calendar day (UTC) from the first observation to the last.

    Indexed by date; `level` is the number of containers at noon, `level_low` and `level_high` its
    90 % interval. Missing, never 0, where no count is near (`MAX_COUNT_DISTANCE_D` on both sides,
    or half a day on one) or a ship was probably there between the counts around that noon.
    """
    observations = posterior.observations
    times = pd.DatetimeIndex(observations.times)
    dates = pd.date_range(times[0].normalize(), times[-1].normalize(), freq="D")
    noons = ((dates + _NOON - times[0]) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    days = np.concatenate([observations.days, noons])
    order = np.argsort(days, kind="stable")
    is_noon = order >= len(observations)
    days = days[order]
    errors = [observations.containers, observations.containers_sd.mean(axis=1) ** 2]
    counts, variances = np.pad(errors, ((0, 0), (0, len(noons))), constant_values=np.nan)[:, order]
    prior_sd = _PRIOR_SD * posterior.parameters.cargo.load
    mean, sd = smooth_local_level(counts, variances, _step_variances(posterior, days), prior_sd)
    mean, half_width = mean[is_noon], FINDING_Z * sd[is_noon]
    levels = np.stack([mean, mean - half_width, mean + half_width], axis=1).clip(0.0)
    levels[~_supported(posterior, noons)] = np.nan
    return pd.DataFrame(levels, dates.rename("date"), _COLUMNS, dtype="Float64")


def daily_levels(series: Series) -> pd.DataFrame:
    """Return `Series.daily` with the smoothed number of containers, as `series --daily` writes it.

    >>> cv.daily_levels(series)[["images", "containers", "level"]]
                               images  containers      level
    date
    2025-09-08 00:00:00+00:00  ...

    `level` is the number of containers at noon, `level_low` and `level_high` are its 90 %
    interval; missing, never 0, where no count supports it.
    """
    table = series.daily()
    if len(series) and len(observations := PierObservations.of(series.counts)):
        return table.join(daily_level(Posterior.of(observations)))
    return table.join(pd.DataFrame(index=table.index, columns=_COLUMNS, dtype="Float64"))


def _step_variances(posterior: Posterior, times_d: Float64Array) -> Float64Array:
    """Return (k - 1,) variance that each step between `times_d` (k,), days, adds."""
    days, load = posterior.observations.days, posterior.parameters.cargo.load
    steps = np.diff(times_d)
    if len(days) < 2:
        return (DRIFT_CONTAINERS_PER_DAY**2) * steps
    middle = times_d[:-1] + steps / 2
    between = (days[0] <= middle) & (middle <= days[-1])  # beyond, no gap says anything of ships
    gap = np.searchsorted(days, middle, "right").clip(1, len(days) - 1) - 1
    drift = DRIFT_SHARE_PER_DAY * posterior.level[gap, 0] + DRIFT_CONTAINERS_PER_DAY
    gathering = _gathering(posterior)[gap]
    gap_d = np.diff(days)[gap].clip(min=1e-9)
    ship = between * posterior.gap_presence[gap] * (_SHIP_SD * load) ** 2 / gap_d
    return np.asarray((drift**2 + gathering * (_GATHERING_SD * load) ** 2 + ship) * steps)


def _gathering(posterior: Posterior) -> Float64Array:
    """Return (n - 1,) probability that cargo came by land in each gap between observations."""
    share = np.zeros(len(posterior.observations) - 1)
    changes = posterior.changes
    for before, after, came in zip(
        changes.before, changes.after, posterior.causes.came_by_land, strict=True
    ):
        share[before:after] = came
    return share


def _supported(posterior: Posterior, noons_d: Float64Array) -> BoolArray:
    """Return (m,) whether there is a level at each of `noons_d`, days since the first observation.

    See `daily_level` for what that takes.
    """
    days = posterior.observations.days
    counted = np.flatnonzero(np.isfinite(posterior.observations.containers))
    if not len(counted):
        return np.zeros(len(noons_d), dtype=bool)
    after = np.searchsorted(days[counted], noons_d)
    first, last = counted[(after - 1).clip(0)], counted[after.clip(max=len(counted) - 1)]
    distance = np.stack([np.abs(noons_d - days[first]), np.abs(days[last] - noons_d)])
    between = (after > 0) & (after < len(counted))
    near_both = between & (distance <= MAX_COUNT_DISTANCE_D).all(axis=0)
    near_one = (distance <= 0.5).any(axis=0)
    ships = [posterior.gap_presence[a:b].max(initial=0.0) for a, b in zip(first, last, strict=True)]
    return np.asarray((near_one | near_both) & (np.array(ships) < LIKELY))
