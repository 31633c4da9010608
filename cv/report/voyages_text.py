"""Ships, visits and voyages as text for a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cv.events.event import Event
from cv.events.serialization import event_to_dict, time_to_dict
from cv.events.vessels.ais import AisEvidence
from cv.events.vessels.port_calls import PortCall
from cv.events.vessels.vessel_matching import HullMeasurement, VesselCandidate
from cv.events.vessels.voyages import Voyage, VoyageCount
from cv.report.events_text import format_time

_SHOWN = 3
"""Candidates on a line."""


@dataclass(frozen=True)
class IdentifiedCall:
    """A call with the ships it may be."""

    call: Event
    hull: HullMeasurement
    candidates: tuple[VesselCandidate, ...]
    """Most probable first; empty without a fleet."""
    named: str
    """The name that it is given, or "unknown"."""
    ais: AisEvidence | None
    """What AIS shows of it; None without a table."""


def ships_text(berthed: Sequence[IdentifiedCall]) -> str:
    """Return a line per call: times, size of the hull, candidates, AIS."""
    if not berthed:
        return "no calls"
    lines = [
        f"{'began':<18}  {'ended':<18}  {'length':>7}  {'beam':>5}  pier: ship; candidates; AIS"
    ]
    lines += [_ship(one) for one in berthed]
    return "\n".join(lines)


def ships_json(berthed: Sequence[IdentifiedCall]) -> list[str]:
    """Return a JSON object per call."""
    return [
        json.dumps(
            {
                "call": event_to_dict(one.call),
                "length_m": one.hull.length_m,
                "beam_m": one.hull.beam_m,
                "ship": one.named,
                "candidates": [asdict(candidate) for candidate in one.candidates],
                "ais": None if one.ais is None else asdict(one.ais),
            },
            ensure_ascii=False,
        )
        for one in berthed
    ]


def voyages_text(
    visits: Sequence[PortCall], trips: Sequence[Voyage], counts: Sequence[VoyageCount]
) -> str:
    """Return a line per visit and trip, then their number by every counting rule."""
    lines = [f"{'began':<18}  {'ended':<18}  {'port':<20}  {'ship':<16}  source"]
    lines += [_visit(visit) for visit in visits]
    if trips:
        lines += ["", f"{'left':<18}  {'arrived':<18}  ship: from - to"]
        lines += [
            f"{format_time(t.origin.ended):<18}  {format_time(t.destination.began):<18}  "
            f"{t.ship}: {t.origin.port} - {t.destination.port}"
            for t in trips
        ]
    lines += ["", f"{'counted as':<24}  at least  inferred beside"]
    lines += [f"{t.rule.value:<24}  {t.seen:>8}  {t.inferred:>15}" for t in counts]
    return "\n".join(lines)


def voyages_json(
    visits: Sequence[PortCall], trips: Sequence[Voyage], counts: Sequence[VoyageCount]
) -> str:
    """Return one JSON object."""
    whole = {
        "visits": [_port_call_to_dict(visit) for visit in visits],
        "trips": [
            {
                "ship": trip.ship,
                "left": _port_call_to_dict(trip.origin),
                "came": _port_call_to_dict(trip.destination),
            }
            for trip in trips
        ],
        "counts": [asdict(one) for one in counts],
    }
    return json.dumps(whole, ensure_ascii=False)


def _port_call_to_dict(visit: PortCall) -> dict[str, object]:
    times = {"began": time_to_dict(visit.began), "ended": time_to_dict(visit.ended)}
    return {**asdict(visit), **times}


def _ship(one: IdentifiedCall) -> str:
    beam = "-" if one.hull.beam_m is None else f"{one.hull.beam_m:.0f} m"
    length = "-" if one.hull.length_m is None else f"{one.hull.length_m:.0f} m"
    shown = ", ".join(f"{c.name} {c.probability:.0%}" for c in one.candidates[:_SHOWN])
    parts = [one.named, *([shown] if shown else [])]
    if one.ais is not None:
        numbers = f" {', '.join(map(str, one.ais.mmsi))}" if one.ais.mmsi else ""
        parts.append(f"AIS {one.ais.broadcast.value}{numbers}")
    began, ended = format_time(one.call.began), format_time(one.call.ended)
    line = f"{began:<18}  {ended:<18}  {length:>7}  {beam:>5}  "
    return f"{line}{one.call.pier}: {'; '.join(parts)}"


def _visit(visit: PortCall) -> str:
    by = "observations" if not visit.source else visit.source
    if not visit.seen:
        by = "inferred from cargo"
    return (
        f"{format_time(visit.began):<18}  {format_time(visit.ended):<18}  {visit.port:<20}  "
        f"{visit.ship:<16}  {by}"
    )
