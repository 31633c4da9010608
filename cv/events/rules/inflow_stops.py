"""Inflow stops: nothing has been added to a pier for long, and how well that was observed."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from cv.counting.uncertainty import FINDING_Z
from cv.events.constants import MIN_PROBABILITY
from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior

MIN_DURATION_D = 12.0
"""A shorter time without growth is usual, days."""
MIN_CALL_INTERVALS = 2.0
"""And so is one of fewer mean times from call to call."""
_MIN_GROWTH = 12.0
"""Containers by which a count must lie above an earlier one to be growth."""
_ALTERNATIVES = (
    "cargo came and went between two observations",
    "cargo came in amounts below the error of a count",
    "cargo goes to another pier",
)


def find_inflow_stops(posterior: Posterior) -> tuple[Event, ...]:
    """Return the long times over which counts show no growth, by time.

    `size` is the duration in days. A stop ends at the first count that lies above an earlier one of
    that time (intervals apart), or at a gap so long that cargo may have come and gone in it.
    """
    observations, days = posterior.observations, posterior.observations.days
    call_interval_d = posterior.parameters.berth.call_interval_d
    comes = posterior.at_observations(posterior.causes.came_by_land)
    margin = FINDING_Z * observations.containers_sd
    low, high = observations.containers - margin[:, 0], observations.containers + margin[:, 1]
    stops, run, lowest = [], [], 0
    counted = np.flatnonzero(np.isfinite(observations.containers)).tolist()
    for now, after in zip_longest(counted, counted[1:]):
        run.append(now)
        lowest = now if len(run) == 1 or high[now] < high[lowest] else lowest
        grown = False
        if after is not None:
            rise = float(observations.containers[after] - observations.containers[lowest])
            grown = bool(low[after] > high[lowest] and rise > _MIN_GROWTH)
            if not grown and days[after] - days[now] <= call_interval_d:
                continue
        first, duration_d = run[0], float(days[now] - days[run[0]])
        confidence = posterior.stays_empty_probability(first, now)
        confidence *= float(np.prod(1.0 - comes[first + 1 : now + 1]))
        usual_d = MIN_DURATION_D
        if posterior.shows_ships:
            interval_d = posterior.usual_call_interval_d(first, now)
            usual_d = max(usual_d, MIN_CALL_INTERVALS * interval_d)
        if duration_d >= usual_d and confidence >= MIN_PROBABILITY:
            ended, longest_d = ONGOING, duration_d
            if after is not None and grown:
                ended = observations.time_between(now, after)
                longest_d = float(days[after] - days[first])
            elif now < len(observations) - 1:
                ended = CensoredTime(observations.times[now], None)  # no count for long after it
            stop = Event(
                kind=EventKind.INFLOW_STOPPED,
                pier=observations.pier,
                began=observations.time_between(first - 1, first),
                ended=ended,
                size=Magnitude(duration_d, duration_d, max(duration_d, longest_d), "days"),
                confidence=confidence,
                evidence=tuple(observations.scenes[i] for i in run),
                alternatives=_ALTERNATIVES,
            )
            stops.append(stop)
        run = []
    return tuple(stops)
