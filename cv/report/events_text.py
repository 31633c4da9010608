"""Events and claims as text or as JSON objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from cv.events.event import CensoredTime, Event, Magnitude
from cv.events.rules.berth_shifts import BerthShift
from cv.events.rules.throughput import estimate_throughput
from cv.events.serialization import event_to_dict
from cv.events.vessels.published_claims import PublishedClaim

_HEADING = f"{'began':<18}  {'ended':<18}  {'what':<15}  {'size (90 %)':>22}  sure  pier"


def events_text(events: Sequence[Event]) -> str:
    """Return a table with a line per event.

    A time is that of the first observation after the change, with the days before it in which it
    may have happened in brackets; "by" if there is no observation before the change, "after" if
    there is none after it.
    """
    if not events:
        return "no findings"
    lines = [_HEADING, *(_line(event) for event in events)]
    lines.append("times in UTC: first observation after the change; in brackets: days before it in")
    lines.append("which it may have happened; size with its 90 % interval; sure: probability")
    return "\n".join(lines)


def events_json(events: Sequence[Event]) -> list[str]:
    """Return a JSON object per event with all of its fields, times in ISO 8601."""
    return [json.dumps(event_to_dict(event), ensure_ascii=False) for event in events]


def throughput_text(pier: str, events: Sequence[Event]) -> str:
    """Return a line with the number of calls at a pier and the containers that they moved."""
    total = estimate_throughput(pier, events)
    return (
        f"{pier}: calls: {total.calls} seen, {total.inferred} inferred; containers "
        f"loaded: at least {total.loaded_at_least:.0f} (about {total.loaded_about:.0f}), "
        f"unloaded: at least {total.unloaded_at_least:.0f} (about {total.unloaded_about:.0f})"
    )


def claims_text(claims: Sequence[PublishedClaim], events: Sequence[Event]) -> str:
    """Return a line per claim, each followed by the events of the same kind and time."""
    lines = ["claims and notes"]
    for claim in claims:
        what = "note" if claim.kind is None else claim.kind.printed_name
        lines.append(f"{_days(claim):<22}{what:<15}  {claim.pier}: {claim.text} ({claim.source})")
        if claim.kind is not None:
            matching = [f"observed:        {_line(one)}" for one in claim.matching_events(events)]
            matching = matching or ["no matching event, or no observations at that time"]
            lines += [f"{'':<22}{text}" for text in matching]
    return "\n".join(lines)


def claims_json(claims: Sequence[PublishedClaim], events: Sequence[Event]) -> list[str]:
    """Return a JSON object per claim with the events of the same kind and time."""
    records = [
        {
            "claim": claim.text,
            "kind": claim.kind,
            "pier": claim.pier,
            "began": claim.began.isoformat(),
            "ended": claim.ended.isoformat(),
            "source": claim.source,
            "told": [event_to_dict(event) for event in claim.matching_events(events)],
        }
        for claim in claims
    ]
    return [json.dumps(record, ensure_ascii=False) for record in records]


def _days(claim: PublishedClaim) -> str:
    """Return the first day of a claim, and the last one if there are several."""
    last = claim.ended - timedelta(microseconds=1)
    first = f"{claim.began:%y-%m-%d}"
    return first if claim.began.date() == last.date() else f"{first} to {last:%y-%m-%d}"


def _line(event: Event) -> str:
    what = event.kind.printed_name
    return (
        f"{format_time(event.began):<18}  {format_time(event.ended):<18}  {what:<15}  "
        f"{_size(event.size):>22}  {event.confidence:>4.0%}  {_place(event)}"
    )


def _place(event: Event) -> str:
    """Return the pier of an event, of a berth shift also the one that the ship went to."""
    return f"{event.pier} to {event.to_pier}" if isinstance(event, BerthShift) else event.pier


def format_time(span: CensoredTime) -> str:
    """Return a time as text; see `events_text`."""
    if span.latest is None:
        return "-" if span.earliest is None else f"after {span.earliest:%y-%m-%d}"
    if span.earliest is None:
        return f"by {span.latest:%y-%m-%d %H:%M}"
    days = (span.latest - span.earliest).total_seconds() / 86_400
    return f"{span.latest:%y-%m-%d %H:%M}" + (f" ({days:.0f})" if days >= 0.5 else "")


def _size(size: Magnitude | None) -> str:
    if size is None:
        return "-"
    units = {"containers": "boxes", "metres": "m", "days": "d"}
    unit = units.get(size.unit, size.unit)
    return f"{size.value:.0f} ({size.low:.0f} to {size.high:.0f}) {unit}"
