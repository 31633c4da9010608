"""Berth shift: a ship that leaves one pier and is at another soon after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp

from cv.events.event import CensoredTime, Event, EventKind

MAX_TRANSFER_D = timedelta(days=2)
"""So long after it left one berth a ship may be at the other, at most."""
_LENGTH_ERROR = 0.05
"""Standard deviation of the relative difference of two measured lengths of one hull."""
_USUAL_SPREAD = 0.2
"""That of two ships that have nothing to do with each other."""
_OTHERWISE = ("two ships of one length",)


@dataclass(frozen=True)
class BerthShift(Event):
    """A ship's way from `pier` to another pier of the site."""

    to_pier: str
    """Where it went."""


def find_berth_shifts(calls: Mapping[str, Sequence[Event]]) -> tuple[BerthShift, ...]:
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
            BerthShift(
                kind=EventKind.BERTH_SHIFT,
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
    return tuple(sorted(found, key=lambda event: event.began.earliest or event.began.latest))  # type: ignore[arg-type,return-value]


def _departure(left: Event, came: Event) -> CensoredTime:
    """When it left: not after it came."""
    ends = [at for at in (left.ended.latest, came.began.latest) if at is not None]
    return CensoredTime(left.ended.earliest, min(ends, default=None))


def _follows(left: Event, came: Event) -> bool:
    """Whether a ship that left so could have come so: after it, and soon."""
    if left.ended.earliest is None or came.began.latest is None or left.ended.latest is None:
        return False
    earliest = came.began.earliest or came.began.latest
    return (
        came.began.latest > left.ended.earliest and earliest - left.ended.latest <= MAX_TRANSFER_D
    )


def _likeness(left: Event, came: Event) -> float:
    """Probability that two hulls are one, from their lengths and how soon one follows the other."""
    same = 1.0
    if left.size is not None and came.size is not None:
        off = abs(left.size.value - came.size.value) / max(left.size.value, came.size.value)
        near = exp(-0.5 * (off / _LENGTH_ERROR) ** 2) / _LENGTH_ERROR
        same = near / (near + exp(-0.5 * (off / _USUAL_SPREAD) ** 2) / _USUAL_SPREAD)
    return same
