"""Berth shifts: a ship that leaves one pier and is at another soon after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp

from cv.events.constants import LENGTH_DIFFERENCE_ERROR, LIKELY
from cv.events.event import FIRST_TIME, CensoredTime, Event, EventKind

MAX_TRANSFER = timedelta(days=2)
"""Longest time between leaving one berth and being seen at the other."""
_UNRELATED_DIFFERENCE = 0.2
"""Standard deviation of the relative length difference of two unrelated ships."""


@dataclass(frozen=True, kw_only=True, repr=False)
class BerthShift(Event):
    """A ship's move from `pier` to another pier of the site."""

    to_pier: str
    """Name of the pier it went to."""


def find_berth_shifts(calls: Mapping[str, Sequence[Event]]) -> tuple[BerthShift, ...]:
    """Return the ships that went from one pier to another, by time.

    `calls` holds those of each pier by its name. Pairs of calls are taken by falling probability of
    being one ship, and each departure and arrival once.
    """
    pairs = [
        (_same_ship_probability(departure, arrival), departure, arrival)
        for pier, departures in calls.items()
        for other, arrivals in calls.items()
        for departure in departures
        for arrival in arrivals
        if other != pier and _may_follow(departure, arrival)
    ]
    departed: list[Event] = []
    arrived: list[Event] = []
    shifts: list[BerthShift] = []
    for probability, departure, arrival in sorted(pairs, key=lambda pair: -pair[0]):
        if probability < LIKELY or departure in departed or arrival in arrived:
            continue
        departed.append(departure)
        arrived.append(arrival)
        latest = [at for at in (departure.ended.latest, arrival.began.latest) if at is not None]
        shifts.append(
            BerthShift(
                kind=EventKind.BERTH_SHIFT,
                pier=departure.pier,
                began=CensoredTime(departure.ended.earliest, min(latest, default=None)),
                ended=arrival.began,
                size=arrival.size,
                confidence=probability * min(departure.confidence, arrival.confidence),
                evidence=(departure.evidence[-1], arrival.evidence[0]),
                alternatives=("two ships of one length",),
                to_pier=arrival.pier,
            )
        )
    return tuple(sorted(shifts, key=lambda shift: shift.began.earliest or FIRST_TIME))


def _may_follow(departure: Event, arrival: Event) -> bool:
    """Return whether the ship of one call may be that of the other: later, and soon."""
    left, came = departure.ended, arrival.began
    if left.earliest is None or left.latest is None or came.latest is None:
        return False
    soon = (came.earliest or came.latest) - left.latest <= MAX_TRANSFER
    return soon and came.latest > left.earliest


def _same_ship_probability(departure: Event, arrival: Event) -> float:
    """Return the probability that two hulls are one, by the difference of their lengths."""
    if departure.size is None or arrival.size is None:
        return 1.0
    lengths = departure.size.value, arrival.size.value
    difference = abs(lengths[0] - lengths[1]) / max(lengths)
    same, unrelated = (
        exp(-0.5 * (difference / sd) ** 2) / sd
        for sd in (LENGTH_DIFFERENCE_ERROR, _UNRELATED_DIFFERENCE)
    )
    return same / (same + unrelated)
