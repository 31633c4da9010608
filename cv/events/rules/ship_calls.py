"""Ship calls: stays at the berth that looks have seen, and those that they can only infer."""

from __future__ import annotations

from math import isfinite
from operator import itemgetter
from statistics import median

import numpy as np

from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior

CALLS = (EventKind.CALL, EventKind.UNSEEN_CALL)
"""Kinds of events that are calls."""
_SURE = 0.9
"""A look settles whether a ship had come or gone where it is so probable."""
_LENGTH_ERROR = 0.04
"""Standard deviation of the relative error of a hull's length."""
LIKELY = 0.5
_INFERRED, _CHANGED = 0.6, 0.85
"""A call that no look shows is told from this probability on, where the number of containers so
probably changed."""
_SEEN_OTHERWISE = ("a barge or a structure that resembles a hull",)
_UNSEEN_OTHERWISE = (
    "the cargo left or came by road or rail",
    "the containers were moved to another part of the port",
    "one of the counts is wrong",
)


def observed_calls(story: Posterior) -> tuple[Event, ...]:
    """Every call that a look shows, by time; two ships with no look between them are one
    call unless the looks speak for a new arrival."""
    stays = _stays(story)
    ends = [-1, *(last for _, last in stays)]
    starts = [*(first for first, _ in stays[1:]), len(story.observations)]
    return tuple(
        _call(story, stay, (before, after))
        for stay, before, after in zip(stays, ends, starts, strict=False)
    )


def unseen_calls(story: Posterior) -> tuple[Event, ...]:
    """Calls that no look shows, by time.

    Told where the number of containers changed as only a ship explains, from one look to the next
    or to the one after that. That a long time without a look probably had its calls is no finding:
    see the doubt of `halts`. Where no ships go, as to a siding, there are none.
    """
    if not story.parameters.flow.served_by_ships:
        return ()
    taken = np.zeros(len(story.observations) - 1, dtype=bool)
    for first, last in _stays(story):
        taken[max(0, first - 1) : last + 1] = True
    found: list[tuple[int, Event]] = []
    for reach in (1, 2):
        present = 1.0 - story.empty_probabilities(reach)
        for first in np.flatnonzero(present >= _INFERRED).tolist():
            if taken[first : first + reach].any():
                continue
            moved, sure = story.level_change(first, first + reach), float(present[first])
            if moved.sign_probability < _CHANGED:
                continue
            taken[first : first + reach] = True
            found.append((first, _unseen(story, first, first + reach, moved, sure)))
    return tuple(event for _, event in sorted(found, key=itemgetter(0)))


def _unseen(story: Posterior, first: int, last: int, moved: Magnitude, sure: float) -> Event:
    times, scenes = story.observations.times, story.observations.scenes
    return Event(
        EventKind.UNSEEN_CALL,
        story.observations.pier,
        CensoredTime(times[first], times[last]),
        CensoredTime(times[first], times[last]),
        moved,
        sure,
        scenes[first : last + 1],
        _UNSEEN_OTHERWISE,
    )


def _stays(story: Posterior) -> list[tuple[int, int]]:
    """First and last look of every stay that a look shows."""
    there = story.ship_present >= LIKELY
    stays: list[tuple[int, int]] = []
    for look in np.flatnonzero(there).tolist():
        goes_on = look and there[look - 1] and story.gap_arrivals[look - 1] < LIKELY
        if goes_on and stays:
            stays[-1] = stays[-1][0], look
        else:
            stays.append((look, look))
    shown = story.observations.hulls >= 1
    return [(first, last) for first, last in stays if shown[first : last + 1].any()]


def _call(story: Posterior, stay: tuple[int, int], others: tuple[int, int]) -> Event:
    """The call of a stay; `others`: last look of the call before, first of the next."""
    first, last = stay
    there, scenes, times = story.ship_present, story.observations.scenes, story.observations.times
    known = [look for look in range(first, last + 1) if there[look] >= _SURE]
    came_by, left_after = (known[0], known[-1]) if known else (first, last)
    not_yet = _settled(there, range(first - 1, others[0], -1), others[0])
    gone = _settled(there, range(last + 1, others[1]), others[1])
    arrived = CensoredTime(times[not_yet] if not_yet >= 0 else None, times[came_by])
    left = CensoredTime(times[left_after], times[gone] if gone < len(times) else None)
    lengths = [m for m in story.observations.hull_lengths[first : last + 1].tolist() if isfinite(m)]
    size = None
    if lengths:
        middle = median(lengths)
        size = Magnitude.from_mean_sd(middle, _LENGTH_ERROR * middle, "metres", 0.0)
    return Event(
        EventKind.CALL,
        story.observations.pier,
        arrived,
        left,
        size,
        float(there[first : last + 1].max()),
        scenes[first : last + 1],
        _SEEN_OTHERWISE,
    )


def _settled(there: np.ndarray, looks: range, otherwise: int) -> int:
    """The first of `looks` at which surely no ship was there."""
    return next((look for look in looks if there[look] <= 1 - _SURE), otherwise)
