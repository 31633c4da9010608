"""Halts: no ship for much longer than a pier's rhythm, with how well that was watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from cv.events.event import NOT_YET, Event, Kind, Size
from cv.events.story import Story

LEAST_D = 12.0
"""A shorter time without a ship is no halt, days."""
RHYTHMS = 2.0
"""Nor is one of fewer times the pier's usual time from call to call."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_OTHERWISE = (
    "ships call at another pier or port",
    "a short call fell between two looks",
)


@dataclass(frozen=True)
class Halt(Event):
    """A time without a call; `confidence` is the probability that no ship came unseen."""

    looks: int
    """Looks at the berth during it, none of which shows a ship."""
    longest_unseen_d: float
    """Longest time during it without such a look, days."""

    @property
    def unseen_call(self) -> float:
        """Probability that at least one call went unseen."""
        return 1.0 - self.confidence


def halts(story: Story, calls: Sequence[Event]) -> tuple[Halt, ...]:
    """Every long time between two of `calls`, and after the last one, by time.

    `calls` are those that were seen and those that were inferred, in any order.
    """
    usual = max(LEAST_D, RHYTHMS * story.habits.cadence_d)
    ordered = sorted(calls, key=lambda call: call.began.by or call.ended.after or _BEGINNING)
    pairs = zip(ordered, [*ordered[1:], None], strict=True)
    found = [_halt(story, call, follower, usual) for call, follower in pairs]
    return tuple(halt for halt in found if halt is not None)


def _halt(story: Story, call: Event, follower: Event | None, usual: float) -> Halt | None:
    if call.ended.by is None:
        return None  # the ship is still there
    first, last = story.watch.look(call.ended.by), len(story.watch) - 1
    came = NOT_YET
    if follower is not None:
        came = follower.began
        last = story.watch.look(came.after) if came.after else first
    if last <= first:
        return None
    days = story.watch.days
    shortest = float(days[last] - days[first])
    if shortest < usual:
        return None
    berth = [i for i in range(first, last + 1) if np.isfinite(story.watch.ships[i])]
    ends = [days[first], *(days[i] for i in berth), days[last]]
    longest = shortest
    if call.ended.after and came.by:
        longest = (came.by - call.ended.after).total_seconds() / 86_400
    return Halt(
        kind=Kind.HALT,
        pier=story.watch.pier,
        began=call.ended,
        ended=came,
        size=Size(shortest, shortest, max(shortest, longest), "days"),
        confidence=story.quiet(first, last),
        evidence=tuple(story.watch.scenes[i] for i in berth),
        alternatives=_OTHERWISE,
        looks=len(berth),
        longest_unseen_d=float(np.diff(ends).max()),
    )
