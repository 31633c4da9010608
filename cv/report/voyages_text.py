"""Identified calls, port calls and voyages as text or as JSON."""

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

_MAX_CANDIDATES = 3
"""Maximum number of candidates on a line."""


@dataclass(frozen=True)
class IdentifiedCall:
    """A call with the vessels that may have made it."""

    call: Event
    hull: HullMeasurement
    candidates: tuple[VesselCandidate, ...]
    """By falling probability; empty without a fleet."""
    ship: str
    """Name of the identified vessel, or "unknown"."""
    ais: AisEvidence | None
    """Matching AIS messages; None without AIS data."""


def identified_calls_text(calls: Sequence[IdentifiedCall]) -> str:
    """Return a table with a line per call: times, hull size, vessel, candidates, AIS."""
    heading = (
        f"{'began':<18}  {'ended':<18}  {'length':>7}  {'beam':>5}  pier: ship; candidates; AIS"
    )
    return "\n".join([heading, *map(_call_line, calls)]) if calls else "no calls"


def identified_calls_json(calls: Sequence[IdentifiedCall]) -> list[str]:
    """Return a JSON object per call."""
    records = [
        {
            "call": event_to_dict(one.call),
            "length_m": one.hull.length_m,
            "beam_m": one.hull.beam_m,
            "ship": one.ship,
            "candidates": [asdict(candidate) for candidate in one.candidates],
            "ais": None if one.ais is None else asdict(one.ais),
        }
        for one in calls
    ]
    return [json.dumps(record, ensure_ascii=False) for record in records]


def voyages_text(
    port_calls: Sequence[PortCall], voyages: Sequence[Voyage], counts: Sequence[VoyageCount]
) -> str:
    """Return tables of port calls, voyages, and the number of voyages by each counting rule."""
    lines = [f"{'began':<18}  {'ended':<18}  {'port':<20}  {'ship':<16}  source"]
    lines += [_port_call_line(one) for one in port_calls]
    if voyages:
        lines += ["", f"{'left':<18}  {'arrived':<18}  ship: from - to"]
        lines += [
            f"{format_time(t.origin.ended):<18}  {format_time(t.destination.began):<18}  "
            f"{t.ship}: {t.origin.port} - {t.destination.port}"
            for t in voyages
        ]
    lines += ["", f"{'counted as':<24}  at least  also inferred"]
    lines += [f"{t.rule.value:<24}  {t.seen:>8}  {t.inferred:>15}" for t in counts]
    return "\n".join(lines)


def voyages_json(
    port_calls: Sequence[PortCall], voyages: Sequence[Voyage], counts: Sequence[VoyageCount]
) -> str:
    """Return one JSON object with port calls, voyages and counts."""
    trips = [(one.ship, one.origin, one.destination) for one in voyages]
    document = {
        "visits": [_port_call_dict(one) for one in port_calls],
        "trips": [
            {"ship": ship, "left": _port_call_dict(left), "came": _port_call_dict(came)}
            for ship, left, came in trips
        ],
        "counts": [asdict(one) for one in counts],
    }
    return json.dumps(document, ensure_ascii=False)


def _port_call_dict(one: PortCall) -> dict[str, object]:
    times = {"began": time_to_dict(one.began), "ended": time_to_dict(one.ended)}
    return {**asdict(one), **times}


def _call_line(one: IdentifiedCall) -> str:
    sizes = (one.hull.length_m, one.hull.beam_m)
    length, beam = ("-" if size is None else f"{size:.0f} m" for size in sizes)
    best = one.candidates[:_MAX_CANDIDATES]
    candidates = ", ".join(f"{c.name} {c.probability:.0%}" for c in best)
    parts = [one.ship, *([candidates] if candidates else [])]
    if one.ais is not None:
        numbers = f" {', '.join(map(str, one.ais.mmsi))}" if one.ais.mmsi else ""
        parts.append(f"AIS {one.ais.broadcast.value}{numbers}")
    return (
        f"{format_time(one.call.began):<18}  {format_time(one.call.ended):<18}  "
        f"{length:>7}  {beam:>5}  {one.call.pier}: {'; '.join(parts)}"
    )


def _port_call_line(one: PortCall) -> str:
    source = (one.source or "observations") if one.seen else "inferred from cargo"
    return (
        f"{format_time(one.began):<18}  {format_time(one.ended):<18}  {one.port:<20}  "
        f"{one.ship:<16}  {source}"
    )
