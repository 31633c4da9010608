"""Inflow stopped: nothing has been added to a pier for long, and how well that was watched."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cv.events.event import ENDS, ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.berth_state_model import GATHERING
from cv.events.model.posterior import Posterior
from cv.events.rules.halts import MIN_PROBABILITY

MIN_DURATION_D = 12.0
"""A shorter time without growth is usual, days."""
MIN_INTERVALS = 2.0
"""And so is one of fewer times the usual time from call to call."""
_GROWN = 12.0
_OTHERWISE = (
    "cargo came and went between two looks",
    "cargo came in amounts below the error of a count",
    "cargo goes to another pier",
)


def find_inflow_stops(story: Posterior) -> tuple[Event, ...]:
    """Every long time over which counts show no growth of the number of containers, by time.

    `size` is its length in days. It ends at the first count that lies above an earlier one of that
    time, both intervals left out, and at a gap so long that cargo may have come and gone in it. A
    rail siding that is watched as a pier has its own.
    """
    watch = story.observations
    known = np.flatnonzero(np.isfinite(watch.containers)).tolist()
    usual = max(MIN_DURATION_D, MIN_INTERVALS * story.parameters.call_interval_d)
    low = (watch.containers - ENDS * watch.containers_sd[:, 0]).tolist()
    high = (watch.containers + ENDS * watch.containers_sd[:, 1]).tolist()
    found = []
    start = least = known[0] if known else 0
    for before, look in pairwise(known):
        least = before if high[before] < high[least] else least
        rise = float(watch.containers[look] - watch.containers[least])
        grown = low[look] > high[least] and rise > _GROWN
        blind = float(watch.days[look] - watch.days[before]) > story.parameters.call_interval_d
        if grown or blind:
            found += _pause(story, start, before, look if grown else None, usual)
            start = least = look
    if known:
        found += _pause(story, start, known[-1], None, usual)
    return tuple(found)


def _pause(story: Posterior, first: int, last: int, grown: int | None, usual: float) -> list[Event]:
    watch = story.observations
    days = float(watch.days[last] - watch.days[first])
    looks = [i for i in range(first, last + 1) if np.isfinite(watch.containers[i])]
    # as sure as that cargo gathered at none of these looks, and that no ship brought any
    sure = float(1.0 - story.smoothed[looks, GATHERING].max())
    if story.parameters.flow.usual_change.added_loads > 0:
        sure *= story.stays_empty_probability(first, last)
    if days < usual or sure < MIN_PROBABILITY:
        return []
    until = days if grown is None else float(watch.days[grown] - watch.days[first])
    ended = ONGOING
    if grown is not None:
        ended = CensoredTime(watch.times[last], watch.times[grown])
    elif last < len(watch) - 1:
        ended = CensoredTime(watch.times[last], None)  # nobody looked for long after it
    return [
        Event(
            EventKind.INFLOW_STOPPED,
            watch.pier,
            CensoredTime(watch.times[first - 1] if first else None, watch.times[first]),
            ended,
            Magnitude(days, days, max(days, until), "days"),
            sure,
            tuple(watch.scenes[i] for i in looks),
            _OTHERWISE,
        )
    ]
