"""Dwell: containers that stand where they stood, look after look."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.observations import Floats, PierObservations
from cv.events.model.posterior import Posterior
from cv.events.rules.ship_calls import LIKELY

MIN_OBSERVATIONS = 5
MIN_DURATION_D = 10.0
"""A stack that has not changed for fewer looks, or fewer days, tells nothing."""
MIN_CONTAINERS = 10.0
"""Nor do fewer containers."""
_ALIKE = 2.2
"""A count fits a stack that has not changed within so many standard deviations of both."""
_SLACK = 0.04
"""Share of a stack by which counts of it differ with light and angle, beside their error."""
_OTHERWISE = (
    "containers were exchanged for as many others",
    "changes below the error of a count went unnoticed",
)


def find_dwells(story: Posterior) -> tuple[Event, ...]:
    """Every time that the number of containers stayed the same for long, by time; `size` is it.

    A ship begins it anew; `confidence` is the probability that none came unseen.
    """
    there, counted = story.ship_present, _Counted.of(story.observations)
    found = []
    first = 0
    for now, look in enumerate(counted.looks):
        if now and (there[look] >= LIKELY or not counted.same(first, now)):
            found += _dwell(story, counted, slice(first, now))
            first = now
    return (*found, *_dwell(story, counted, slice(first, len(counted.looks))))


@dataclass(frozen=True, eq=False)
class _Counted:
    """The looks with a count; m of them."""

    looks: list[int]
    """Which they are."""
    boxes: Floats
    """(m,) containers."""
    errors: Floats
    """(m, 2) their standard deviations downwards and upwards."""
    weight: Floats
    """(m + 1,) sum of the weights of the counts before each; the last one: of all."""
    sum: Floats
    """(m + 1,) the same of weighted counts."""

    @classmethod
    def of(cls, watch: PierObservations) -> _Counted:
        looks = np.flatnonzero(np.isfinite(watch.containers))
        boxes, errors = watch.containers[looks], watch.containers_sd[looks]
        weights = errors.mean(axis=1) ** -2.0
        sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (weights, weights * boxes)]
        return cls(looks.tolist(), boxes, errors, *sums)

    def mean(self, run: slice) -> tuple[float, float]:
        """Weighted mean of a run of counts, and its standard deviation."""
        weight = float(self.weight[run.stop] - self.weight[run.start])
        return float(self.sum[run.stop] - self.sum[run.start]) / weight, weight**-0.5

    def same(self, first: int, now: int) -> bool:
        """Whether the count `now` fits those from `first` on."""
        mean, spread = self.mean(slice(first, now))
        boxes = float(self.boxes[now])
        error = float(self.errors[now, 0 if boxes > mean else 1])
        return abs(boxes - mean) <= _ALIKE * hypot(spread, error, _SLACK * mean)


def _dwell(story: Posterior, counted: _Counted, run: slice) -> list[Event]:
    watch, looks = story.observations, counted.looks[run]
    if (
        len(looks) < MIN_OBSERVATIONS
        or watch.days[looks[-1]] - watch.days[looks[0]] < MIN_DURATION_D
    ):
        return []
    mean, spread = counted.mean(run)
    if mean < MIN_CONTAINERS:
        return []
    there, before = story.ship_present, looks[0] - 1
    ended = ONGOING
    if run.stop < len(counted.looks):
        ended = CensoredTime(watch.times[looks[-1]], watch.times[counted.looks[run.stop]])
    # from the first look without the ship that landed them
    first = next((look for look in looks if there[look] < LIKELY), looks[0])
    return [
        Event(
            EventKind.DWELL,
            watch.pier,
            CensoredTime(watch.times[before] if before >= 0 else None, watch.times[looks[0]]),
            ended,
            Magnitude.from_mean_sd(mean, hypot(spread, _SLACK * mean), "containers", 0.0),
            story.stays_empty_probability(first, looks[-1]),
            tuple(watch.scenes[look] for look in looks),
            _OTHERWISE,
        )
    ]
