"""Port calls: a ship's stay at a port, at one or more of its piers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cv.events.event import CensoredTime, Event, EventKind, first_known
from cv.events.vessels.vessel_matching import UNKNOWN
from cv.io.csv_tables import date_range, parse_rows

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
        return first_known(self.began, self.ended)

    @property
    def end(self) -> datetime | None:
        """The first moment by which it is known to have ended, or else when it was last seen."""
        return self.ended.latest or self.ended.earliest

    def is_before(self, other: PortCall) -> bool:
        """Return whether it had ended before `other` can have begun."""
        return self.end is not None and self.end < (other.began.earliest or other.start)


def port_calls(
    port: str, events: Sequence[Event], ship: Callable[[Event], str]
) -> tuple[PortCall, ...]:
    """Return the port calls at `port` that its `events` imply, by time.

    Calls that berth shifts connect are one port call; an unseen call is one of its own. `ship`
    returns the name of a call's ship, or UNKNOWN.
    """
    chains = [[event] for event in events if event.kind is EventKind.CALL]
    for shift in (event for event in events if event.kind is EventKind.BERTH_SHIFT):
        departed, arrived = shift.evidence
        left = next(
            c for c in chains if c[-1].pier == shift.pier and c[-1].evidence[-1] == departed
        )
        came = next(c for c in chains if c[0].pier != shift.pier and c[0].evidence[0] == arrived)
        left += came
        chains.remove(came)
    unseen = [[event] for event in events if event.kind is EventKind.UNSEEN_CALL]
    return _by_time(
        [
            PortCall(
                port=port,
                ship=_only_name(map(ship, chain)) if chain[0].kind is EventKind.CALL else UNKNOWN,
                began=chain[0].began,
                ended=chain[-1].ended,
                calls=len(chain),
                seen=chain[0].kind is EventKind.CALL,
            )
            for chain in [*chains, *unseen]
        ]
    )


def read_port_calls(
    path: str | Path, ports: Mapping[str, str] | None = None
) -> tuple[PortCall, ...]:
    """Read the port calls that others reported, by time.

    A CSV with the columns port, from, to (dates, or times in ISO 8601 with a zone, `to` empty for
    one day), ship (empty if unknown) and source. `ports` maps other names of ports to ours. Raises
    InputError.
    """
    names = ports or {}

    def parse(port: str, first: str, last: str, ship: str, source: str) -> PortCall:
        if not port or not source:
            raise ValueError("port or source is empty")
        began, ended = date_range(first, last)
        return PortCall(
            port=names.get(port, port),
            ship=ship or UNKNOWN,
            began=CensoredTime(began, began),
            ended=CensoredTime(ended, ended),
            source=source,
        )

    limit = "a visit has a port, dates or ISO 8601 times with a zone, and a source"
    return _by_time(parse_rows(path, COLUMNS, parse, limit))


def merge_port_calls(
    found: Sequence[PortCall], reported: Sequence[PortCall]
) -> tuple[PortCall, ...]:
    """Merge our own port calls with those that others `reported`, by time, each once.

    One of ours without a name takes the name that is reported for the same port and time, if there
    is just one; what is reported of it is left out. The others stay as reported.
    """
    merged = []
    left = list(reported)
    for call in found:
        same = [
            one
            for one in reported
            if one.port == call.port and not (one.is_before(call) or call.is_before(one))
        ]
        left = [one for one in left if one not in same]
        naming = [one for one in same if one.ship != UNKNOWN]
        if call.ship == UNKNOWN and naming:
            source = "; ".join(dict.fromkeys(f"{one.ship} by {one.source}" for one in naming))
            call = replace(call, ship=_only_name(one.ship for one in naming), source=source)
        merged.append(call)
    return _by_time([*merged, *left])


def _only_name(ships: Iterable[str]) -> str:
    """Return the name if there is just one; names that contradict each other name nobody."""
    names = set(ships) - {UNKNOWN}
    return names.pop() if len(names) == 1 else UNKNOWN


def _by_time(calls: Sequence[PortCall]) -> tuple[PortCall, ...]:
    return tuple(sorted(calls, key=lambda call: call.start))
