"""Berth shift: a ship that leaves one pier and is at another soon after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp

from cv.events.event import Event, Kind, Span

SOON = timedelta(days=2)
"""So long after it left one berth a ship may be at the other, at most."""
_LENGTH_ERROR = 0.05
"""Standard deviation of the relative difference of two measured lengths of one hull."""
_USUAL_SPREAD = 0.2
"""That of two ships that have nothing to do with each other."""
_OTHERWISE = ("two ships of one length",)


@dataclass(frozen=True)
class Shift(Event):
    """A ship's way from `pier` to another pier of the site."""

    to_pier: str
    """Where it went."""


def shifts(calls: Mapping[str, Sequence[Event]]) -> tuple[Shift, ...]:
    """Ships that went from one pier to another, by time; `calls` are those of each pier's name.

    Of several calls that could be the same ship the likeliest is taken, and none twice.
    """
    pairs = [
        (_likeness(left, came), left, came)
        for pier, lefts in calls.items()
        for other, arrivals in calls.items()
        if other != pier
        for left in lefts
        for came in arrivals
        if _follows(left, came)
    ]
    gone: list[Event] = []
    arrived: list[Event] = []
    found = []
    for sure, left, came in sorted(pairs, key=lambda pair: -pair[0]):
        if sure < 0.5 or left in gone or came in arrived:
            continue
        gone.append(left)
        arrived.append(came)
        found.append(
            Shift(
                kind=Kind.BERTH_SHIFT,
                pier=left.pier,
                began=_departure(left, came),
                ended=came.began,
                size=came.size,
                confidence=sure * min(left.confidence, came.confidence),
                evidence=(left.evidence[-1], came.evidence[0]),
                alternatives=_OTHERWISE,
                to_pier=came.pier,
            )
        )
    return tuple(sorted(found, key=lambda event: event.began.after or event.began.by))  # type: ignore[arg-type,return-value]


def _departure(left: Event, came: Event) -> Span:
    """When it left: not after it came."""
    ends = [at for at in (left.ended.by, came.began.by) if at is not None]
    return Span(left.ended.after, min(ends, default=None))


def _follows(left: Event, came: Event) -> bool:
    """Whether a ship that left so could have come so: after it, and soon."""
    if left.ended.after is None or came.began.by is None or left.ended.by is None:
        return False
    earliest = came.began.after or came.began.by
    return came.began.by > left.ended.after and earliest - left.ended.by <= SOON


def _likeness(left: Event, came: Event) -> float:
    """Probability that two hulls are one, from their lengths and how soon one follows the other."""
    same = 1.0
    if left.size is not None and came.size is not None:
        off = abs(left.size.value - came.size.value) / max(left.size.value, came.size.value)
        near = exp(-0.5 * (off / _LENGTH_ERROR) ** 2) / _LENGTH_ERROR
        same = near / (near + exp(-0.5 * (off / _USUAL_SPREAD) ** 2) / _USUAL_SPREAD)
    return same
