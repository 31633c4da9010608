"""Events as values that JSON knows, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from cv.events.event import Event, Kind, Size, Span


def plain(event: Event) -> dict[str, Any]:
    """All that an event holds; times in ISO 8601."""
    values: dict[str, Any] = _plain(asdict(event))
    return values


def event_of(values: dict[str, Any]) -> Event:
    """The event that `plain` gave, without what only some kinds hold.

    Raises KeyError, TypeError or ValueError for what is no event.
    """
    size = values["size"]
    return Event(
        kind=Kind(values["kind"]),
        pier=str(values["pier"]),
        began=_span(values["began"]),
        ended=_span(values["ended"]),
        size=None if size is None else Size(**size),
        confidence=float(values["confidence"]),
        evidence=tuple(values["evidence"]),
        alternatives=tuple(values["alternatives"]),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _span(values: dict[str, str | None]) -> Span:
    after, by = (
        None if text is None else datetime.fromisoformat(text)
        for text in (values["after"], values["by"])
    )
    return Span(after, by)
