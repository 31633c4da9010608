"""Events to JSON values and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from cv.events.event import CensoredTime, Event, EventKind, Magnitude


def event_to_dict(event: Event) -> dict[str, Any]:
    """All fields of `event` as JSON values; times are ISO 8601 texts."""
    return {field.name: _to_json(getattr(event, field.name)) for field in fields(event)}


def time_to_dict(time: CensoredTime) -> dict[str, str | None]:
    """`time` as "after" (its earliest end) and "by" (its latest), ISO 8601 texts or None."""
    ends = {"after": time.earliest, "by": time.latest}
    return {name: None if at is None else at.isoformat() for name, at in ends.items()}


def event_from_dict(values: dict[str, Any]) -> Event:
    """The event that `event_to_dict` gave, without what only some kinds hold.

    Raises KeyError, TypeError or ValueError for what is no event.
    """
    size = values["size"]
    return Event(
        kind=EventKind(values["kind"]),
        pier=str(values["pier"]),
        began=_parse_time(values["began"]),
        ended=_parse_time(values["ended"]),
        size=None if size is None else Magnitude(**size),
        confidence=float(values["confidence"]),
        evidence=tuple(values["evidence"]),
        alternatives=tuple(values["alternatives"]),
    )


def _to_json(value: Any) -> Any:
    if isinstance(value, CensoredTime):
        return time_to_dict(value)
    if isinstance(value, Magnitude):
        return asdict(value)
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _parse_time(values: dict[str, str | None]) -> CensoredTime:
    earliest, latest = (
        None if text is None else datetime.fromisoformat(text)
        for text in (values["after"], values["by"])
    )
    return CensoredTime(earliest, latest)
