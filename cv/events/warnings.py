"""Stockpile before loading: cargo gathers as it does before a ship, told before the ship is there.

A warning rests on what was known at its look, not on later ones, but for the pier's habits: those
are read from all looks that there are.
"""

from __future__ import annotations

from cv.events.calls import LIKELY
from cv.events.event import NOT_YET, Event, Kind, Size, Span
from cv.events.rhythm import GATHERING, IN_PORT
from cv.events.story import AHEAD_D, Story

_RAISED = 0.3
"""A warning is given where cargo so probably gathers, and kept while half as probably."""
_LEAST_GROWN = 6.0
"""Containers by which the pier must have filled: fewer are no ship's load."""
_OTHERWISE = (
    "the cargo is for lorries or trains",
    "empty boxes are being stored",
    "one of the counts is wrong",
)


def warnings(story: Story) -> tuple[Event, ...]:
    """Every time that cargo gathered as before a ship, by time.

    A warning begins at the look that raised it and ends at the look that shows a ship, or that the
    cargo is gone; `size` is the number of containers then, `confidence` the probability, as of the
    look that raised it, that a ship arrives within seven days.
    """
    if not story.habits.flow.by_ship:
        return ()
    gathers = story.then[:, GATHERING]
    there = story.then[:, IN_PORT].sum(axis=1)
    base, open_at = 0.0, -1
    found = []
    for look in range(len(gathers)):
        if open_at >= 0:
            if there[look] >= LIKELY or gathers[look] < _RAISED / 2:
                found.append(_warning(story, open_at, look))
                base, open_at = story.level[look, 0], -1
        elif gathers[look] >= _RAISED and story.level[look, 0] >= base + _LEAST_GROWN:
            open_at = look
        else:
            base = min(base, story.level[look, 0]) if gathers[look] > 0.2 else story.level[look, 0]
    if open_at >= 0:
        found.append(_warning(story, open_at, None))
    return tuple(found)


def _warning(story: Story, raised: int, ended: int | None) -> Event:
    times = story.watch.times
    mean, spread = story.level[raised]
    low = max(0, raised - 1)
    end = NOT_YET
    if ended is not None:
        end = Span(times[ended - 1], times[ended])
    return Event(
        Kind.WARNING,
        story.watch.pier,
        Span(times[low] if raised else None, times[raised]),
        end,
        Size.about(float(mean), float(spread), "containers", 0.0),
        float(story.forecast[raised, AHEAD_D.index(7.0)]),
        tuple(story.watch.scenes[max(0, raised - 1) : raised + 1]),
        _OTHERWISE,
    )
