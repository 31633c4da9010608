"""Events to JSON values and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from cv.events.event import JSON_NAME, CensoredTime, Event, EventKind, Magnitude


def event_to_dict(event: Event) -> dict[str, Any]:
    """Return all fields of `event` as JSON values; times are ISO 8601 texts."""
    values = {f.metadata.get(JSON_NAME, f.name): getattr(event, f.name) for f in fields(event)}
    for name, value in values.items():
        if isinstance(value, CensoredTime):
            values[name] = time_to_dict(value)
        elif isinstance(value, Magnitude):
            values[name] = asdict(value)
        elif isinstance(value, tuple):
            values[name] = list(value)
    return values


def time_to_dict(time: CensoredTime) -> dict[str, str | None]:
    """Return `time` as "after" (its earliest end) and "by" (its latest), ISO 8601 texts or None."""
    ends = {"after": time.earliest, "by": time.latest}
    return {name: None if at is None else at.isoformat() for name, at in ends.items()}


def event_from_dict(values: dict[str, Any]) -> Event:
    """Return the event that `event_to_dict` wrote, without the fields of single kinds.

    Raises KeyError, TypeError or ValueError if `values` is not an event.
    """
    return Event(
        kind=EventKind(values["kind"]),
        pier=str(values["pier"]),
        began=_parse_time(values["began"]),
        ended=_parse_time(values["ended"]),
        size=None if values["size"] is None else Magnitude(**values["size"]),
        confidence=float(values["confidence"]),
        evidence=tuple(values["evidence"]),
        alternatives=tuple(values["alternatives"]),
    )


def _parse_time(values: dict[str, str | None]) -> CensoredTime:
    ends = (values["after"], values["by"])
    return CensoredTime(*(None if text is None else datetime.fromisoformat(text) for text in ends))
