"""Dwells: the number of containers stays the same over many observations."""

from __future__ import annotations

from math import hypot

import numpy as np

from cv.events.constants import LIKELY
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior

MIN_OBSERVATIONS = 5
MIN_DURATION_D = 10.0
"""Fewer observations, or fewer days, are not a dwell."""
MIN_CONTAINERS = 10.0
"""Nor are fewer containers."""
_MAX_DEVIATION = 2.2
"""A count fits an unchanged stack up to this deviation from its mean, standard deviations."""
_SCENE_ERROR = 0.04
"""Relative error between counts of one stack by light and viewing angle, beside their own."""
_ALTERNATIVES = (
    "containers were exchanged for as many others",
    "changes below the error of a count went unnoticed",
)


def find_dwells(posterior: Posterior) -> tuple[Event, ...]:
    """Return the times over which the number of containers stayed the same, by time.

    `size` is that number, `confidence` the probability that no ship came unseen. A ship starts a
    new run of counts.
    """
    observations = posterior.observations
    index = np.flatnonzero(np.isfinite(observations.containers)).tolist()
    containers, sds = observations.containers[index], observations.containers_sd[index]
    weight = sds.mean(axis=1) ** -2.0
    weights, sums = (np.concatenate([[0.0], np.cumsum(v)]) for v in (weight, weight * containers))
    moved = posterior.causes.came_by_land + posterior.causes.left_by_land
    stays = 1.0 - posterior.at_observations(moved)
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
        run, first = index[first:now], now
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
            * float(np.prod(stays[run[1:]])),
            evidence=tuple(observations.scenes[i] for i in run),
            alternatives=_ALTERNATIVES,
        )
        dwells.append(dwell)
    return tuple(dwells)
