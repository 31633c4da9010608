"""Voyages: how often ships went between ports, by named counting rules.

Sources that count the same traffic differ in what they count. Each rule is a lower bound: what no
observation shows is not counted, and the number of inferred calls is given apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from cv.events.vessels.port_calls import PortCall
from cv.events.vessels.vessel_matching import UNKNOWN


class VoyageCountingRule(StrEnum):
    """What is counted."""

    CALL = "call"
    """Every stay at a pier of the home port."""
    VISIT = "visit"
    """Every stay at the home port, at one or more of its piers."""
    IMPLIED = "round trip, implied"
    """Every stay at the home port: its ship came from elsewhere and goes there, seen or not."""
    ONE_WAY = "one-way trip"
    """A named ship at one port, and at another one next."""
    ROUND = "round trip"
    """A named ship at the home port, then at others, and then at home again."""


@dataclass(frozen=True)
class VoyageCount:
    """A number of calls or trips, by one rule."""

    rule: VoyageCountingRule
    seen: int
    """Lower bound: each of them rests on observations, or on sources."""
    inferred: int
    """Further ones that cargo implies and no observation shows."""


@dataclass(frozen=True)
class Voyage:
    """A named ship's trip from one port to another."""

    ship: str
    origin: PortCall
    destination: PortCall


def find_voyages(calls: Sequence[PortCall]) -> tuple[Voyage, ...]:
    """Return the trips of named ships between two different ports, by time of arrival.

    Between the two the ship may have been elsewhere.
    """
    voyages = [
        Voyage(ship, origin, destination)
        for ship, own in _by_ship(calls).items()
        for origin, destination in pairwise(own)
        if origin.port != destination.port
    ]
    return tuple(sorted(voyages, key=lambda voyage: (voyage.destination.start, voyage.ship)))


def count_voyages(calls: Sequence[PortCall], home: str) -> tuple[VoyageCount, ...]:
    """Count `calls` at all ports by every rule, from the point of view of the port `home`."""
    at_home = [call for call in calls if call.port == home]
    seen = [call for call in at_home if call.seen]
    inferred = len(at_home) - len(seen)
    round_trips = sum(_round_trips(own, home) for own in _by_ship(calls).values())
    return (
        VoyageCount(VoyageCountingRule.CALL, sum(call.calls for call in seen), inferred),
        VoyageCount(VoyageCountingRule.VISIT, len(seen), inferred),
        VoyageCount(VoyageCountingRule.IMPLIED, len(seen), inferred),
        VoyageCount(VoyageCountingRule.ONE_WAY, len(find_voyages(calls)), 0),
        VoyageCount(VoyageCountingRule.ROUND, round_trips, 0),
    )


def _round_trips(own: Sequence[PortCall], home: str) -> int:
    """Return how often a ship with these port calls, by time, came home from elsewhere."""
    at_home = [call.port == home for call in own]
    left_first = at_home.index(True) if True in at_home else len(own)
    return sum(not before and now for before, now in pairwise(at_home[left_first:]))


def _by_ship(calls: Sequence[PortCall]) -> dict[str, list[PortCall]]:
    """Return the seen port calls of each named ship, by time; those that overlap are one stay."""
    ships: defaultdict[str, list[PortCall]] = defaultdict(list)
    for call in sorted(calls, key=lambda one: one.start):
        if call.ship == UNKNOWN or not call.seen:
            continue
        own = ships[call.ship]
        last = own[-1] if own else None
        if last is None or last.port != call.port or last.end is None or last.end < call.start:
            own.append(call)
    return dict(ships)
