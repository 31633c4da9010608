"""Inflow stopped: nothing has been added to a pier for long, and how well that was watched."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

import numpy as np

from cv.events.event import ENDS, NOT_YET, Event, Kind, Size, Span
from cv.events.rhythm import GATHERING
from cv.events.story import Story

LEAST_D = 12.0
"""A shorter time without growth is usual, days."""
RHYTHMS = 2.0
"""And so is one of fewer times the usual time from call to call."""
_GROWN = 12.0
_OTHERWISE = (
    "cargo came and went between two looks",
    "cargo came in amounts below the error of a count",
    "cargo goes to another pier",
)


def stopped_inflows(story: Story) -> tuple[Event, ...]:
    """Every long time over which looks show no growth of the number of containers, by time.

    `size` is its length in days. A rail siding that is watched as a pier has its own.
    """
    watch, level = story.watch, story.level.tolist()
    known = np.flatnonzero(np.isfinite(watch.boxes)).tolist()
    usual = max(LEAST_D, RHYTHMS * story.habits.cadence_d)
    found = []
    start = known[0] if known else 0
    for before, look in pairwise(known):
        (number, above), (earlier, below) = level[look], level[before]
        if number - earlier > max(_GROWN, ENDS * hypot(above, below)):
            found += _pause(story, start, before, look, usual)
            start = look
    if known:
        found += _pause(story, start, known[-1], None, usual)
    return tuple(found)


def _pause(story: Story, first: int, last: int, grown: int | None, usual: float) -> list[Event]:
    watch = story.watch
    days = float(watch.days[last] - watch.days[first])
    if days < usual:
        return []
    looks = [i for i in range(first, last + 1) if np.isfinite(watch.boxes[i])]
    until = days if grown is None else float(watch.days[grown] - watch.days[first])
    ended = NOT_YET if grown is None else Span(watch.times[last], watch.times[grown])
    return [
        Event(
            Kind.INFLOW_STOPPED,
            watch.pier,
            Span(watch.times[first - 1] if first else None, watch.times[first]),
            ended,
            Size(days, days, max(days, until), "days"),
            # as sure as that cargo gathered at none of these looks
            float(1.0 - story.now[looks, GATHERING].max()),
            tuple(watch.scenes[i] for i in looks),
            _OTHERWISE,
        )
    ]
