"""Voyages: how often ships went between ports, by named rules of counting.

Sources that count the same traffic differ by what they count. Each rule here is a lower bound: what
no look shows is not counted, and the number that may be added to it is told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from cv.events.vessels.port_calls import PortCall
from cv.events.vessels.vessel_matching import UNKNOWN


class CountingRule(StrEnum):
    """What is counted."""

    CALL = "call"
    """Every stay at a pier of the home port."""
    VISIT = "visit"
    """Every stay at the home port, at however many of its piers."""
    IMPLIED = "round trip, implied"
    """Every visit to the home port: its ship came from elsewhere and goes there, seen or not."""
    ONE_WAY = "one-way trip"
    """A named ship at one port, and at another one next."""
    ROUND = "round trip"
    """A named ship at the home port, then at others, and then at home again."""


@dataclass(frozen=True)
class VoyageCount:
    """A number of something, by one rule."""

    rule: CountingRule
    seen: int
    """At least so many: each of them rests on looks, or on sources."""
    inferred: int
    """Those beside them that no look shows, but cargo that came or went."""


@dataclass(frozen=True)
class Voyage:
    """A named ship's way from one port to another."""

    ship: str
    origin: PortCall
    destination: PortCall


def find_voyages(visits: Sequence[PortCall]) -> tuple[Voyage, ...]:
    """Ways of named ships between two different ports, by when they arrived.

    What a ship did in between nobody says: it may have been elsewhere.
    """
    found = []
    for ship, own in _by_ship(visits).items():
        found += [
            Voyage(ship, left, came) for left, came in pairwise(own) if left.port != came.port
        ]
    return tuple(sorted(found, key=lambda trip: (trip.destination.start, trip.ship)))


def count_voyages(visits: Sequence[PortCall], home: str) -> tuple[VoyageCount, ...]:
    """What `visits` to all ports amount to by every rule, seen from the port `home`."""
    at_home = [visit for visit in visits if visit.port == home]
    seen, inferred = [v for v in at_home if v.seen], [v for v in at_home if not v.seen]
    rounds = sum(_rounds(own, home) for own in _by_ship(visits).values())
    return (
        VoyageCount(CountingRule.CALL, sum(v.calls for v in seen), len(inferred)),
        VoyageCount(CountingRule.VISIT, len(seen), len(inferred)),
        VoyageCount(CountingRule.IMPLIED, len(seen), len(inferred)),
        VoyageCount(CountingRule.ONE_WAY, len(find_voyages(visits)), 0),
        VoyageCount(CountingRule.ROUND, rounds, 0),
    )


def _rounds(own: Sequence[PortCall], home: str) -> int:
    """How often a ship with these visits, by time, was home again after it was elsewhere."""
    found = 0
    left_home = away = False
    for visit in own:
        if visit.port != home:
            away = left_home
        elif left_home and away:
            found, away = found + 1, False
        left_home = left_home or visit.port == home
    return found


def _by_ship(visits: Sequence[PortCall]) -> dict[str, list[PortCall]]:
    """The visits of each named ship that are seen, by time; twice told ones once."""
    found: defaultdict[str, list[PortCall]] = defaultdict(list)
    for visit in sorted(visits, key=lambda one: one.start):
        if visit.ship == UNKNOWN or not visit.seen:
            continue
        own = found[visit.ship]
        if not own or not _twice(own[-1], visit):
            own.append(visit)
    return dict(found)


def _twice(before: PortCall, now: PortCall) -> bool:
    """Whether two tell of one stay: at one port, with no time between."""
    until = before.ended.latest or before.ended.earliest
    return before.port == now.port and until is not None and now.start <= until
