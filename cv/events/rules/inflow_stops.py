"""Inflow stops: nothing has been added to a pier for long, and how well that was observed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cv.counting.uncertainty import FINDING_Z
from cv.events.constants import MIN_PROBABILITY
from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.berth_state_model import GATHERING
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
    observations = posterior.observations
    counted = np.flatnonzero(np.isfinite(observations.containers)).tolist()
    if not counted:
        return ()
    margin = FINDING_Z * observations.containers_sd
    low = (observations.containers - margin[:, 0]).tolist()
    high = (observations.containers + margin[:, 1]).tolist()
    stops = []
    start = lowest = counted[0]
    for before, now in pairwise(counted):
        lowest = before if high[before] < high[lowest] else lowest
        rise = float(observations.containers[now] - observations.containers[lowest])
        grown = low[now] > high[lowest] and rise > _MIN_GROWTH
        gap_d = float(observations.days[now] - observations.days[before])
        if grown or gap_d > posterior.parameters.call_interval_d:
            stops += _stop(posterior, start, before, now if grown else None)
            start = lowest = now
    return (*stops, *_stop(posterior, start, counted[-1], None))


def _stop(posterior: Posterior, first: int, last: int, grown: int | None) -> list[Event]:
    """Return the stop from observation `first` to `last`, if it is one; `grown` ended it."""
    observations = posterior.observations
    days = observations.days
    duration_d = float(days[last] - days[first])
    usual_d = MIN_CALL_INTERVALS * posterior.parameters.call_interval_d
    counted = [i for i in range(first, last + 1) if np.isfinite(observations.containers[i])]
    confidence = float(1.0 - posterior.smoothed[counted, GATHERING].max())
    if posterior.parameters.flow.usual_change.added_loads > 0:
        confidence *= posterior.stays_empty_probability(first, last)
    if duration_d < max(MIN_DURATION_D, usual_d) or confidence < MIN_PROBABILITY:
        return []
    ended, longest_d = ONGOING, duration_d
    if grown is not None:
        ended = observations.time_between(last, grown)
        longest_d = float(days[grown] - days[first])
    elif last < len(observations) - 1:
        ended = CensoredTime(observations.times[last], None)  # no count for long after it
    return [
        Event(
            kind=EventKind.INFLOW_STOPPED,
            pier=observations.pier,
            began=observations.time_between(first - 1, first),
            ended=ended,
            size=Magnitude(duration_d, duration_d, max(duration_d, longest_d), "days"),
            confidence=confidence,
            evidence=tuple(observations.scenes[i] for i in counted),
            alternatives=_ALTERNATIVES,
        )
    ]
