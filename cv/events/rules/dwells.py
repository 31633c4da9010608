"""Dwells: the number of containers stays the same over many observations."""

from __future__ import annotations

from math import hypot
from statistics import NormalDist

import numpy as np

from cv.events.constants import LIKELY
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior
from cv.geometry.arrays import Float64Array

MIN_OBSERVATIONS = 5
MIN_DURATION_D = 10.0
"""Fewer observations, or fewer days, are not a dwell."""
MIN_CONTAINERS = 10.0
"""Nor are fewer containers."""
_MAX_DEVIATION = 2.2
"""A count fits an unchanged stack up to this deviation from its mean, standard deviations."""
_SCENE_ERROR = 0.04
"""Relative error between counts of one stack by light and viewing angle, beside their own."""
_SAME_CONTAINERS, _SAME_SHARE = 3.0, 0.1
"""The number is the same where it differs by so many containers, or by this share."""
_ALTERNATIVES = (
    "containers were exchanged for as many others",
    "changes below the error of a count went unnoticed",
)


def find_dwells(posterior: Posterior) -> tuple[Event, ...]:
    """Return the times over which the number of containers stayed the same, by time.

    `size` is that number, `confidence` the probability that no ship came unseen and that the number
    differs from beginning to end by no more than `_SAME_SHARE`. A ship starts a new run of counts.
    """
    observations = posterior.observations
    index = np.flatnonzero(np.isfinite(observations.containers)).tolist()
    containers, sds = observations.containers[index], observations.containers_sd[index]
    weight = sds.mean(axis=1) ** -2.0
    weights, sums = (np.concatenate([[0.0], np.cumsum(v)]) for v in (weight, weight * containers))
    dwells = []
    first = 0
    for now in range(1, len(index) + 1):
        total = float(weights[now] - weights[first])
        mean, sd = float(sums[now] - sums[first]) / total, total**-0.5
        if now < len(index) and posterior.ship_present[index[now]] < LIKELY:
            count = float(containers[now])
            error = float(sds[now, 0 if count > mean else 1])
            if abs(count - mean) <= _MAX_DEVIATION * hypot(sd, error, _SCENE_ERROR * mean):
                continue
        span, run = (first, now), index[first:now]
        first = now
        duration_d = observations.days[run[-1]] - observations.days[run[0]]
        if len(run) < MIN_OBSERVATIONS or duration_d < MIN_DURATION_D or mean < MIN_CONTAINERS:
            continue
        ship_left = next((i for i in run if posterior.ship_present[i] < LIKELY), run[0])
        ended = observations.time_between(run[-1], index[now]) if now < len(index) else ONGOING
        size_sd = hypot(sd, _SCENE_ERROR * mean)
        dwell = Event(
            kind=EventKind.DWELL,
            pier=observations.pier,
            began=observations.time_between(run[0] - 1, run[0]),
            ended=ended,
            size=Magnitude.from_mean_sd(mean, size_sd, "containers", 0.0),
            confidence=posterior.stays_empty_probability(ship_left, run[-1])
            * _constant_probability(
                observations.days[run], containers[slice(*span)], sds[slice(*span)].mean(axis=1)
            ),
            evidence=tuple(observations.scenes[i] for i in run),
            alternatives=_ALTERNATIVES,
        )
        dwells.append(dwell)
    return tuple(dwells)


def _constant_probability(days: Float64Array, counts: Float64Array, sds: Float64Array) -> float:
    """Return the probability that the trend of `counts` (n,) moves them by next to nothing.

    The trend is a straight line, fitted by weighted least squares; `sds` (n,) are the counts'
    standard deviations.
    """
    weights = sds**-2.0
    mean_day = float((weights * days).sum() / weights.sum())
    spread = float((weights * (days - mean_day) ** 2).sum())
    slope = float((weights * (days - mean_day) * counts).sum()) / spread
    change, sd = slope * float(np.ptp(days)), float(np.ptp(days)) / spread**0.5
    same = max(_SAME_CONTAINERS, _SAME_SHARE * float(counts.mean()))
    normal = NormalDist(change, max(sd, 1e-6))
    return normal.cdf(same) - normal.cdf(-same)
