"""Visits: a ship's stay at a port, at however many of its piers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cv.events.event import CensoredTime, Event, EventKind
from cv.events.vessels.vessel_matching import UNKNOWN
from cv.io.csv_tables import date_range, invalid_line, read_rows

COLUMNS = ("port", "from", "to", "ship", "source")


@dataclass(frozen=True)
class PortCall:
    """One stay at a port."""

    port: str
    """Name of the port."""
    ship: str
    """Name of the ship, or `UNKNOWN`."""
    began: CensoredTime
    ended: CensoredTime
    calls: int
    """Stays at piers that it is made of."""
    seen: bool
    """Whether a look, or a source, shows the ship."""
    source: str
    """Who says so; empty for the findings of this port's looks."""

    @property
    def start(self) -> datetime:
        """The first moment at which it is known to have begun."""
        known = self.began.latest or self.ended.earliest or self.ended.latest
        if known is None:
            raise ValueError(f"a visit without a time: {self}")
        return known


def port_calls(
    port: str, events: Sequence[Event], ship: Callable[[Event], str]
) -> tuple[PortCall, ...]:
    """The visits to `port` that its `events` tell, by time.

    Calls that berth shifts connect are one visit; a call that no look shows is one of its own.
    `ship` tells the name of a call's ship, or UNKNOWN.
    """
    calls = [event for event in events if event.kind is EventKind.CALL]
    chains = _chains(calls, [event for event in events if event.kind is EventKind.BERTH_SHIFT])
    found = [_visit(port, chain, ship, seen=True) for chain in chains]
    unseen = [event for event in events if event.kind is EventKind.UNSEEN_CALL]
    found += [_visit(port, [event], lambda _: UNKNOWN, seen=False) for event in unseen]
    return tuple(sorted(found, key=lambda visit: visit.start))


def read_port_calls(
    path: str | Path, ports: Mapping[str, str] | None = None
) -> tuple[PortCall, ...]:
    """Visits that others tell of, by time: a CSV with the columns port, from, to (dates, or times
    in ISO 8601 with a zone, `to` empty for one day), ship (empty if unknown) and source.

    `ports` tells what a port is called that the table calls otherwise. Raises InputError.
    """
    found = [_stated(path, line, cells, ports or {}) for line, cells in read_rows(path, COLUMNS)]
    return tuple(sorted(found, key=lambda visit: visit.start))


def merge_port_calls(told: Sequence[PortCall], stated: Sequence[PortCall]) -> tuple[PortCall, ...]:
    """Visits that looks tell and those that others state, by time, none of them twice.

    One that is told takes the name from what is stated of the same port and time, if that is but
    one name; what is stated of it is left out. Others stay as they are stated.
    """
    found, used = [], set()
    for visit in told:
        same = [i for i, other in enumerate(stated) if _together(visit, other)]
        used.update(same)
        names = {stated[i].ship for i in same} - {UNKNOWN}
        if visit.ship == UNKNOWN and names:
            said = [stated[i] for i in same if stated[i].ship in names]
            source = "; ".join(dict.fromkeys(f"{one.ship} by {one.source}" for one in said))
            ship = names.pop() if len(names) == 1 else UNKNOWN
            visit = replace(visit, ship=ship, source=source)
        found.append(visit)
    found += [other for i, other in enumerate(stated) if i not in used]
    return tuple(sorted(found, key=lambda visit: visit.start))


def _together(one: PortCall, other: PortCall) -> bool:
    """Whether both are at one port, and may be at one time."""
    return one.port == other.port and not (_over(one, other) or _over(other, one))


def _over(one: PortCall, other: PortCall) -> bool:
    """Whether `one` had ended before `other` can have begun."""
    end = one.ended.latest or one.ended.earliest
    return end is not None and end < (other.began.earliest or other.start)


def _chains(calls: Sequence[Event], shifts: Sequence[Event]) -> list[list[Event]]:
    """Calls that shifts connect, first ones first."""
    after: dict[int, Event] = {}
    for shift in shifts:
        scenes = shift.evidence
        left = next(c for c in calls if c.pier == shift.pier and c.evidence[-1] == scenes[0])
        came = next(c for c in calls if c.pier != shift.pier and c.evidence[0] == scenes[1])
        after[id(left)] = came
    later = {id(call) for call in after.values()}
    chains = []
    for call in calls:
        if id(call) in later:
            continue
        chain = [call]
        while id(chain[-1]) in after:
            chain.append(after[id(chain[-1])])
        chains.append(chain)
    return chains


def _visit(port: str, chain: Sequence[Event], ship: Callable[[Event], str], seen: bool) -> PortCall:
    names: defaultdict[str, int] = defaultdict(int)
    for call in chain:
        names[ship(call)] += 1
    known = [name for name in names if name != UNKNOWN]
    name = known[0] if len(known) == 1 else UNKNOWN  # calls that contradict each other name nobody
    return PortCall(port, name, chain[0].began, chain[-1].ended, len(chain), seen, "")


def _stated(
    path: str | Path, line: int, cells: tuple[str, ...], ports: Mapping[str, str]
) -> PortCall:
    port, first, last, ship, source = cells
    try:
        if not port or not source:
            raise ValueError("port or source is empty")
        began, ended = date_range(first, last)
    except ValueError as error:
        limit = "a visit has a port, dates or ISO 8601 times with a zone, and a source"
        raise invalid_line(path, line, error, limit) from error
    stay = CensoredTime(began, began), CensoredTime(ended, ended)
    return PortCall(ports.get(port, port), ship or UNKNOWN, *stay, 1, True, source)
