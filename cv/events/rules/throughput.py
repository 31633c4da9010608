"""Throughput: what ships took from a pier and put on it, at least and about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cv.events.event import Event, EventKind

_SURE = 0.9
"""Changes that are less probable are in no lower bound."""


@dataclass(frozen=True)
class Throughput:
    """Containers that calls at one pier handled in the time that its events span."""

    pier: str
    calls: int
    """Calls that looks show."""
    inferred: int
    """Calls that no look shows."""
    loaded_at_least: float
    """Containers that were loaded, at least: the sum of the lower ends of what calls that are sure
    are told to have taken."""
    unloaded_at_least: float
    """Containers that were unloaded, at least."""
    loaded_about: float
    """More likely: what all calls are told to have taken, inferred ones too; calls whose beginning
    or end no look shows are taken for the mean of the others. What came and went between two looks
    is not in it, so that the truth is higher still."""
    unloaded_about: float
    """The same of what came."""


def estimate_throughput(pier: str, events: Sequence[Event]) -> Throughput:
    """That of `pier`, from its `events`.

    A call of which looks on both sides tell no change handled nothing; one of which they tell
    neither a change nor none is one whose beginning or end has no look.
    """
    own = [event for event in events if event.pier == pier]
    calls = [event for event in own if event.kind is EventKind.CALL]
    unseen = [event for event in own if event.kind is EventKind.UNSEEN_CALL]
    open_ended = sum(call.began.earliest is None or call.ended.latest is None for call in calls)
    lost, gained = _sum(own, EventKind.LOADING, -1.0), _sum(own, EventKind.UNLOADING, 1.0)
    more = 1 + open_ended / max(1, len(calls) - open_ended)
    return Throughput(
        pier,
        len(calls),
        len(unseen),
        _least(own, EventKind.LOADING),
        _least(own, EventKind.UNLOADING),
        lost * more + _sum(unseen, EventKind.UNSEEN_CALL, -1.0),
        gained * more + _sum(unseen, EventKind.UNSEEN_CALL, 1.0),
    )


def _sum(events: Sequence[Event], kind: EventKind, sign: float) -> float:
    """The sum of the changes of one kind that go one way; all positive."""
    sizes = [event.size.value for event in events if event.kind is kind and event.size]
    return float(sum(size * sign for size in sizes if size * sign > 0))


def _least(events: Sequence[Event], kind: EventKind) -> float:
    """The sum of the ends nearest to zero of the changes of one kind that are sure."""
    sizes = [e.size for e in events if e.kind is kind and e.size and e.confidence >= _SURE]
    return float(sum(min(abs(size.low), abs(size.high)) for size in sizes))
