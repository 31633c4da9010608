"""Dwells: the number of containers stays the same over many observations."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cv.events.constants import LIKELY
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.observations import PierObservations
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
_ALTERNATIVES = (
    "containers were exchanged for as many others",
    "changes below the error of a count went unnoticed",
)


def find_dwells(posterior: Posterior) -> tuple[Event, ...]:
    """Return the times over which the number of containers stayed the same, by time.

    `size` is that number, `confidence` the probability that no ship came unseen. A ship starts a
    new run of counts.
    """
    ship, counts = posterior.ship_present, _ContainerCounts.of(posterior.observations)
    dwells = []
    first = 0
    for now, observation in enumerate(counts.index):
        if now and (ship[observation] >= LIKELY or not counts.fits(first, now)):
            dwells += _dwell(posterior, counts, slice(first, now))
            first = now
    return (*dwells, *_dwell(posterior, counts, slice(first, len(counts.index))))


@dataclass(frozen=True, eq=False)
class _ContainerCounts:
    """The m observations with a known number of containers."""

    index: list[int]
    """(m,) their positions among all observations."""
    containers: Float64Array
    """(m,)"""
    sd: Float64Array
    """(m, 2) standard deviations of their error, downwards and upwards."""
    cumulative_weight: Float64Array
    """(m + 1,) sum of the weights (inverse variances) of all counts before each."""
    cumulative_sum: Float64Array
    """(m + 1,) the same of the weighted counts."""

    @classmethod
    def of(cls, observations: PierObservations) -> _ContainerCounts:
        index = np.flatnonzero(np.isfinite(observations.containers))
        containers, sd = observations.containers[index], observations.containers_sd[index]
        weight = sd.mean(axis=1) ** -2.0
        sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (weight, weight * containers)]
        return cls(index.tolist(), containers, sd, *sums)

    def mean(self, run: slice) -> tuple[float, float]:
        """Return the weighted mean of a run of counts, and its standard deviation."""
        weight = float(self.cumulative_weight[run.stop] - self.cumulative_weight[run.start])
        total = float(self.cumulative_sum[run.stop] - self.cumulative_sum[run.start])
        return total / weight, weight**-0.5

    def fits(self, first: int, now: int) -> bool:
        """Return whether the count `now` agrees with those from `first` on."""
        mean, mean_sd = self.mean(slice(first, now))
        count = float(self.containers[now])
        sd = float(self.sd[now, 0 if count > mean else 1])
        return abs(count - mean) <= _MAX_DEVIATION * hypot(mean_sd, sd, _SCENE_ERROR * mean)


def _dwell(posterior: Posterior, counts: _ContainerCounts, run: slice) -> list[Event]:
    observations, index = posterior.observations, counts.index[run]
    if len(index) < MIN_OBSERVATIONS:
        return []
    first, last = index[0], index[-1]
    mean, sd = counts.mean(run)
    if observations.days[last] - observations.days[first] < MIN_DURATION_D or mean < MIN_CONTAINERS:
        return []
    ended = ONGOING
    if run.stop < len(counts.index):
        ended = observations.time_between(last, counts.index[run.stop])
    ship_left = next((i for i in index if posterior.ship_present[i] < LIKELY), first)
    return [
        Event(
            kind=EventKind.DWELL,
            pier=observations.pier,
            began=observations.time_between(first - 1, first),
            ended=ended,
            size=Magnitude.from_mean_sd(mean, hypot(sd, _SCENE_ERROR * mean), "containers", 0.0),
            confidence=posterior.stays_empty_probability(ship_left, last),
            evidence=tuple(observations.scenes[i] for i in index),
            alternatives=_ALTERNATIVES,
        )
    ]
