"""Which of the events that were told is which of those that are found now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from cv.alerts.alert import ReportedAlert
from cv.events.event import Event, EventKind

_END = datetime.max.replace(tzinfo=UTC)


def match_events(told: Sequence[ReportedAlert], events: Sequence[Event]) -> dict[int, Event]:
    """The event of today for each alert's id that has one; an event is that of one alert at most.

    Two are the same if they are of one kind and pier and may have been at the same time; of
    several, those that began closest to each other, then those that were told first.
    """
    placed: defaultdict[tuple[EventKind, str], list[int]] = defaultdict(list)
    for i, event in enumerate(events):
        placed[event.kind, event.pier].append(i)
    near = sorted(
        (abs(_start(one.event) - _start(events[i])), one.id, i)
        for one in told
        for i in placed[one.event.kind, one.event.pier]
        if _together(one.event, events[i])
    )
    found: dict[int, Event] = {}
    taken: set[int] = set()
    for _, number, i in near:
        if number not in found and i not in taken:
            found[number] = events[i]
            taken.add(i)
    return found


def _together(one: Event, other: Event) -> bool:
    first, last = _bounds(one)
    begin, end = _bounds(other)
    return first == begin or max(first, begin) < min(last, end)


def _bounds(event: Event) -> tuple[datetime, datetime]:
    return event.began.earliest or _start(event), event.ended.latest or _END


def _start(event: Event) -> datetime:
    """The look by which it had begun; every event has a look."""
    known = event.began.latest or event.began.earliest or event.ended.earliest or event.ended.latest
    if known is None:
        raise ValueError(f"an event without a time: {event}")
    return known
