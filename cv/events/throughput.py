"""Throughput: what ships took from a pier and put on it, at least and about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cv.events.event import Event, Kind


@dataclass(frozen=True)
class Throughput:
    """Containers that calls at one pier handled in the time that its events span."""

    pier: str
    calls: int
    """Calls that looks show."""
    inferred: int
    """Calls that no look shows."""
    lost: float
    """Containers that were loaded, at least: the sum of what each call is told to have taken."""
    gained: float
    """Containers that were unloaded, at least."""
    lost_about: float
    """An estimate: with what inferred calls took, and with calls of which nothing is told, as
    their looks lie too far apart, taken for the mean of the others."""
    gained_about: float
    """The same of what came."""


def throughput(pier: str, events: Sequence[Event]) -> Throughput:
    """That of `pier`, from its `events`.

    A call of which looks on both sides tell no change handled nothing; one of which they tell
    neither a change nor none is one whose beginning or end has no look.
    """
    own = [event for event in events if event.pier == pier]
    calls = [event for event in own if event.kind is Kind.CALL]
    unseen = [event for event in own if event.kind is Kind.UNSEEN_CALL]
    open_ended = sum(call.began.after is None or call.ended.by is None for call in calls)
    lost, gained = _sum(own, Kind.LOADING, -1.0), _sum(own, Kind.UNLOADING, 1.0)
    told = max(1, len(calls) - open_ended)
    return Throughput(
        pier,
        len(calls),
        len(unseen),
        lost,
        gained,
        lost * (1 + open_ended / told) + _sum(unseen, Kind.UNSEEN_CALL, -1.0),
        gained * (1 + open_ended / told) + _sum(unseen, Kind.UNSEEN_CALL, 1.0),
    )


def _sum(events: Sequence[Event], kind: Kind, sign: float) -> float:
    """The sum of the changes of one kind that go one way; all positive."""
    sizes = [event.size.value for event in events if event.kind is kind and event.size]
    return float(sum(size * sign for size in sizes if size * sign > 0))
