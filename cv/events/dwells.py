"""Dwell: containers that stand where they stood, look after look."""

from __future__ import annotations

from math import hypot

import numpy as np

from cv.events.calls import LIKELY
from cv.events.event import NOT_YET, Event, Kind, Size, Span
from cv.events.story import Story

LEAST_LOOKS = 5
LEAST_D = 10.0
"""A stack that has not changed for fewer looks, or fewer days, tells nothing."""
LEAST = 10.0
"""Nor do fewer containers."""
_ALIKE = 2.2
"""A count fits a stack that has not changed within so many standard deviations of both."""
_SLACK = 0.04
"""Share of a stack by which counts of it differ with light and angle, beside their error."""
_OTHERWISE = (
    "containers were exchanged for as many others",
    "changes below the error of a count went unnoticed",
)


def dwells(story: Story) -> tuple[Event, ...]:
    """Every time that the number of containers stayed the same for long, by time; `size` is it.

    A ship begins it anew; `confidence` is the probability that none came unseen.
    """
    watch, there = story.watch, story.in_port
    known = np.flatnonzero(np.isfinite(watch.boxes)).tolist()
    found = []
    run: list[int] = []
    for look in known:
        if run and (there[look] >= LIKELY or not _same(story, run, look)):
            found += _dwell(story, run, look)
            run = []
        run.append(look)
    return (*found, *_dwell(story, run, None))


def _same(story: Story, run: list[int], look: int) -> bool:
    mean, spread = _mean(story, run)
    boxes = float(story.watch.boxes[look])
    error = float(story.watch.boxes_sd[look, 0 if boxes > mean else 1])
    return abs(boxes - mean) <= _ALIKE * hypot(spread, error, _SLACK * mean)


def _mean(story: Story, run: list[int]) -> tuple[float, float]:
    """Weighted mean of the counts of a run, and its standard deviation."""
    weights = story.watch.boxes_sd[run].mean(axis=1) ** -2.0
    return float((weights * story.watch.boxes[run]).sum() / weights.sum()), float(
        weights.sum() ** -0.5
    )


def _dwell(story: Story, run: list[int], changed: int | None) -> list[Event]:
    watch = story.watch
    if len(run) < LEAST_LOOKS or watch.days[run[-1]] - watch.days[run[0]] < LEAST_D:
        return []
    mean, spread = _mean(story, run)
    if mean < LEAST:
        return []
    there = story.in_port
    before = run[0] - 1
    ended = NOT_YET if changed is None else Span(watch.times[run[-1]], watch.times[changed])
    # from the first look without the ship that landed them
    first = next((look for look in run if there[look] < LIKELY), run[0])
    quiet = story.quiet(first, run[-1])
    return [
        Event(
            Kind.DWELL,
            watch.pier,
            Span(watch.times[before] if before >= 0 else None, watch.times[run[0]]),
            ended,
            Size.about(mean, hypot(spread, _SLACK * mean), "containers", 0.0),
            quiet,
            tuple(watch.scenes[look] for look in run),
            _OTHERWISE,
        )
    ]
