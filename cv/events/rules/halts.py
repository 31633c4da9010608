"""Halts: no ship for much longer than a pier's rhythm, with how well that was watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior

MIN_DURATION_D = 12.0
"""A shorter time without a ship is no halt, days."""
MIN_PROBABILITY = 0.05
"""What is less probable is no finding."""
MIN_INTERVALS = 1.75
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


def find_halts(story: Posterior, calls: Sequence[Event]) -> tuple[Halt, ...]:
    """Every long time between two of `calls`, before the first and after the last one, by time.

    `calls` are those that were seen and those that were inferred, in any order. Where no ships go,
    as to a siding, there is no halt.
    """
    if not story.parameters.flow.served_by_ships:
        return ()
    usual = max(MIN_DURATION_D, MIN_INTERVALS * story.parameters.call_interval_d)
    ordered = sorted(calls, key=lambda call: call.began.latest or call.ended.earliest or _BEGINNING)
    left = [CensoredTime(None, story.observations.times[0]), *(call.ended for call in ordered)]
    came = [*(call.began for call in ordered), ONGOING]
    pairs = zip(left, came, strict=True)
    found = [_halt(story, began, ended, usual) for began, ended in pairs]
    return tuple(halt for halt in found if halt is not None)


def _halt(story: Posterior, began: CensoredTime, ended: CensoredTime, usual: float) -> Halt | None:
    if began.latest is None:
        return None  # the ship is still there
    first, last = story.observations.first_at_or_after(began.latest), len(story.observations) - 1
    if ended.latest is not None:
        last = story.observations.first_at_or_after(ended.earliest) if ended.earliest else first
    if last <= first:
        return None
    days = story.observations.days
    shortest = float(days[last] - days[first])
    if shortest < usual:
        return None
    berth = [i for i in range(first, last + 1) if np.isfinite(story.observations.hulls[i])]
    sure = story.stays_empty_probability(first, last)
    if not berth or sure < MIN_PROBABILITY:
        return None  # nobody looked, or a ship came for all that is known
    ends = [days[first], *(days[i] for i in berth), days[last]]
    longest = shortest
    if began.earliest and ended.latest:
        longest = (ended.latest - began.earliest).total_seconds() / 86_400
    return Halt(
        kind=EventKind.HALT,
        pier=story.observations.pier,
        began=began,
        ended=ended,
        size=Magnitude(shortest, shortest, max(shortest, longest), "days"),
        confidence=sure,
        evidence=tuple(story.observations.scenes[i] for i in berth),
        alternatives=_OTHERWISE,
        looks=len(berth),
        longest_unseen_d=float(np.diff(ends).max()),
    )
