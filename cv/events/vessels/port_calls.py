"""Port calls: a ship's stay at a port, at one or more of its piers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cv.events.event import CensoredTime, Event, EventKind
from cv.events.vessels.vessel_matching import UNKNOWN
from cv.io.csv_tables import date_range, invalid_line, read_rows

COLUMNS = ("port", "from", "to", "ship", "source")


@dataclass(frozen=True, kw_only=True)
class PortCall:
    """One stay at a port."""

    port: str
    """Name of the port."""
    ship: str
    """Name of the ship, or `UNKNOWN`."""
    began: CensoredTime
    ended: CensoredTime
    calls: int = 1
    """Number of stays at piers that it consists of."""
    seen: bool = True
    """Whether an observation, or a source, shows the ship."""
    source: str = ""
    """Who reported it; empty for our own findings."""

    @property
    def start(self) -> datetime:
        """The first moment by which it is known to have begun."""
        known = self.began.latest or self.ended.earliest or self.ended.latest
        if known is None:
            raise ValueError(f"a port call without a time: {self}")
        return known


def port_calls(
    port: str, events: Sequence[Event], ship: Callable[[Event], str]
) -> tuple[PortCall, ...]:
    """Return the port calls at `port` that its `events` imply, by time.

    Calls that berth shifts connect are one port call; an unseen call is one of its own. `ship`
    returns the name of a call's ship, or UNKNOWN.
    """
    calls = [event for event in events if event.kind is EventKind.CALL]
    shifts = [event for event in events if event.kind is EventKind.BERTH_SHIFT]
    found = []
    for chain in _chains(calls, shifts):
        names = {ship(call) for call in chain} - {UNKNOWN}
        found.append(_port_call(port, chain, _only_name(names), seen=True))
    for event in events:
        if event.kind is EventKind.UNSEEN_CALL:
            found.append(_port_call(port, [event], UNKNOWN, seen=False))
    return _by_time(found)


def read_port_calls(
    path: str | Path, ports: Mapping[str, str] | None = None
) -> tuple[PortCall, ...]:
    """Read the port calls that others reported, by time.

    A CSV with the columns port, from, to (dates, or times in ISO 8601 with a zone, `to` empty for
    one day), ship (empty if unknown) and source. `ports` maps other names of ports to ours. Raises
    InputError.
    """
    return _by_time(
        [_reported(path, line, cells, ports or {}) for line, cells in read_rows(path, COLUMNS)]
    )


def merge_port_calls(
    found: Sequence[PortCall], reported: Sequence[PortCall]
) -> tuple[PortCall, ...]:
    """Merge our own port calls with those that others `reported`, by time, each once.

    One of ours without a name takes the name that is reported for the same port and time, if there
    is just one; what is reported of it is left out. The others stay as reported.
    """
    merged, used = [], set()
    for call in found:
        same = [i for i, other in enumerate(reported) if _may_coincide(call, other)]
        used.update(same)
        names = {reported[i].ship for i in same} - {UNKNOWN}
        if call.ship == UNKNOWN and names:
            naming = [reported[i] for i in same if reported[i].ship in names]
            source = "; ".join(dict.fromkeys(f"{one.ship} by {one.source}" for one in naming))
            call = replace(call, ship=_only_name(names), source=source)
        merged.append(call)
    return _by_time([*merged, *(one for i, one in enumerate(reported) if i not in used)])


def _only_name(names: set[str]) -> str:
    """Return the name if there is just one; names that contradict each other name nobody."""
    return next(iter(names)) if len(names) == 1 else UNKNOWN


def _by_time(calls: Sequence[PortCall]) -> tuple[PortCall, ...]:
    return tuple(sorted(calls, key=lambda call: call.start))


def _may_coincide(one: PortCall, other: PortCall) -> bool:
    """Return whether both are at one port, and may be at one time."""
    return one.port == other.port and not (_is_before(one, other) or _is_before(other, one))


def _is_before(one: PortCall, other: PortCall) -> bool:
    """Return whether `one` had ended before `other` can have begun."""
    end = one.ended.latest or one.ended.earliest
    return end is not None and end < (other.began.earliest or other.start)


def _chains(calls: Sequence[Event], shifts: Sequence[Event]) -> list[list[Event]]:
    """Return the calls in chains that `shifts` connect, each in order of time."""
    following: dict[int, Event] = {}
    for shift in shifts:
        left_scene, came_scene = shift.evidence
        left = next(c for c in calls if c.pier == shift.pier and c.evidence[-1] == left_scene)
        came = next(c for c in calls if c.pier != shift.pier and c.evidence[0] == came_scene)
        following[id(left)] = came
    not_first = {id(call) for call in following.values()}
    chains = []
    for call in calls:
        if id(call) in not_first:
            continue
        chain = [call]
        while id(chain[-1]) in following:
            chain.append(following[id(chain[-1])])
        chains.append(chain)
    return chains


def _port_call(port: str, chain: Sequence[Event], ship: str, seen: bool) -> PortCall:
    return PortCall(
        port=port,
        ship=ship,
        began=chain[0].began,
        ended=chain[-1].ended,
        calls=len(chain),
        seen=seen,
    )


def _reported(
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
    return PortCall(
        port=ports.get(port, port),
        ship=ship or UNKNOWN,
        began=CensoredTime(began, began),
        ended=CensoredTime(ended, ended),
        source=source,
    )
