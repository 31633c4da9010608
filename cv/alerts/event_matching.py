"""Matching of reported events with those that are found now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from cv.alerts.alert import ReportedAlert
from cv.events.event import Event, EventKind

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def match_events(reported: Sequence[ReportedAlert], events: Sequence[Event]) -> dict[int, Event]:
    """Return the event found now for each alert id that has one; each event at most once.

    Two events match if they are of one kind and pier and may have been at the same time. Pairs that
    began closest to each other go first, then lower alert ids.
    """
    by_kind_and_pier: defaultdict[tuple[EventKind, str], list[int]] = defaultdict(list)
    for i, event in enumerate(events):
        by_kind_and_pier[event.kind, event.pier].append(i)
    pairs = sorted(
        (abs(_start(alert.event) - _start(events[i])), alert.id, i)
        for alert in reported
        for i in by_kind_and_pier[alert.event.kind, alert.event.pier]
        if _may_coincide(alert.event, events[i])
    )
    matches: dict[int, Event] = {}
    taken: set[int] = set()
    for _, alert_id, i in pairs:
        if alert_id not in matches and i not in taken:
            matches[alert_id] = events[i]
            taken.add(i)
    return matches


def _may_coincide(one: Event, other: Event) -> bool:
    (first, last), (other_first, other_last) = _bounds(one), _bounds(other)
    return first == other_first or max(first, other_first) < min(last, other_last)


def _bounds(event: Event) -> tuple[datetime, datetime]:
    return event.began.earliest or _start(event), event.ended.latest or _END_OF_TIME


def _start(event: Event) -> datetime:
    """Return the observation by which an event had begun; every event has one."""
    known = event.began.latest or event.began.earliest or event.ended.earliest or event.ended.latest
    if known is None:
        raise ValueError(f"an event without a time: {event}")
    return known
