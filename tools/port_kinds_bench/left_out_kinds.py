"""How well confidences fit a kind of port that their calibration was not fitted to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from simulated_ports.kinds import KINDS

from cv.events.confidence import is_stated
from cv.events.event import EventKind
from port_kinds_bench.calibration_fit import LEAST_EVENTS, by_event_kind, fit_events
from port_kinds_bench.judged_events import JudgedEvent
from port_kinds_bench.reliability import Reliability

BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Edges of the bands of stated probability; the last band holds 1."""
_MOST_LISTED = 20
"""So many of the worst are listed."""


@dataclass(frozen=True, kw_only=True)
class LeftOutEvent:
    """An event at a kind of port that its confidence was not fitted to."""

    event: JudgedEvent
    """With the confidence by a calibration that was fitted to the other kinds of ports."""
    fitted: float
    """Confidence by a calibration that was fitted to all kinds of ports, this one too."""


def calibrate_left_out(
    fitting: Sequence[JudgedEvent], testing: Sequence[JudgedEvent]
) -> list[LeftOutEvent]:
    """Return the `testing` events with confidences that were fitted to other kinds of ports.

    Both have the probabilities of the model itself. Kinds of events of which the fitting ones are
    too few keep these.
    """
    fitting_by_kind = by_event_kind(fitting)
    found: list[LeftOutEvent] = []
    for kind, events in by_event_kind(testing).items():
        of_kind = fitting_by_kind.get(kind, [])
        if len(of_kind) < LEAST_EVENTS:
            found += [LeftOutEvent(event=event, fitted=event.stated) for event in events]
            continue
        with_all = fit_events(of_kind)
        for port_kind, own in _by_port_kind(events).items():
            others = fit_events([one for one in of_kind if one.port_kind != port_kind])
            found += [
                LeftOutEvent(
                    event=replace(event, stated=others(event.stated)),
                    fitted=with_all(event.stated),
                )
                for event in own
            ]
    return found


def stated_only(events: Iterable[LeftOutEvent]) -> list[LeftOutEvent]:
    """Return those that the engine would state with their confidence."""
    return [one for one in events if is_stated(EventKind(one.event.kind), one.event.stated)]


def left_out_tables(events: Sequence[LeftOutEvent]) -> list[list[str]]:
    """Return the lines of every table: by kind of port, by kind of event, and the farthest off."""
    ports = _by_port_kind(one.event for one in events)
    kinds = {kind.value: own for kind, own in by_event_kind(one.event for one in events).items()}
    return [
        _bands_table("port left out", ports),
        _bands_table("kind of event", kinds),
        _comparison_table(events),
        _farthest_off_table(events),
    ]


def _by_port_kind(events: Iterable[JudgedEvent]) -> dict[str, list[JudgedEvent]]:
    """Return the events at each kind of port at which there are any, in the order of `KINDS`."""
    found: dict[str, list[JudgedEvent]] = defaultdict(list)
    for event in events:
        found[event.port_kind].append(event)
    return {kind.name: found[kind.name] for kind in KINDS if kind.name in found}


def _bands_table(name: str, rows: Mapping[str, Sequence[JudgedEvent]]) -> list[str]:
    """Return a line for each row: in each band the number of events, and stated minus true."""
    bands = [f"{low:g} to {high:g}" for low, high in pairwise(BANDS)]
    lines = [f"{name:<24}" + "".join(f"{band:>13}" for band in ("all", *bands))]
    every = [event for own in rows.values() for event in own]
    for row, own in [*rows.items(), ("all", every)]:
        place = np.searchsorted(BANDS[1:-1], [event.stated for event in own], "right").tolist()
        cells = [own] + [
            [event for event, p in zip(own, place, strict=True) if p == band]
            for band in range(len(bands))
        ]
        lines.append((f"{row:<24}" + "".join(map(_cell, cells))).rstrip())
    return lines


def _cell(events: Sequence[JudgedEvent]) -> str:
    """Return the number of events and stated minus true; a star marks those far off."""
    if not events:
        return f"{'-':>6} {'':>6}"
    one = Reliability.of("", "", events)
    flag = "*" if one.off else " "
    return f"{one.number:>6}{one.stated - one.true:>+z6.2f}{flag}"


def _comparison_table(events: Sequence[LeftOutEvent]) -> list[str]:
    """Return the lines of the mean squared error of confidences without and with each kind."""
    lines = ["Brier score of           number   left out  took part"]
    names = list(_by_port_kind(one.event for one in events))
    rows = {name: [one for one in events if one.event.port_kind == name] for name in names}
    for name, own in [*rows.items(), ("all", events)]:
        true = np.array([one.event.true for one in own], dtype=np.float64)
        without, fitted = (
            float(np.mean((np.array(stated) - true) ** 2))
            for stated in ([one.event.stated for one in own], [one.fitted for one in own])
        )
        lines.append(f"{name:<24} {len(own):>6} {without:>10.4f} {fitted:>10.4f}")
    return lines


def _farthest_off_table(events: Sequence[LeftOutEvent]) -> list[str]:
    """Return the lines of the kinds of events and ports left out whose stated share is far off."""
    cells = [
        Reliability.of(kind.value, port, own)
        for kind, of_kind in by_event_kind(one.event for one in events).items()
        for port, own in _by_port_kind(of_kind).items()
    ]
    worst = sorted((one for one in cells if one.off), key=lambda one: -abs(one.stated - one.true))
    lines = ["farthest off             port left out    number  stated   true"]
    return lines + [one.line() for one in worst[:_MOST_LISTED]]
