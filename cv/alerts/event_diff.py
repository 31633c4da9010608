"""Difference between the events reported before and those found now: the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count

from cv.alerts.alert_rule import AlertRule
from cv.events.event import Event, first_known

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_MIN_CONFIDENCE_CHANGE = 0.25
"""A smaller change of the confidence is not reported."""


class AlertChange(StrEnum):
    """What changed about an event."""

    NEW = "new"
    """It was not reported before."""
    ENDED = "ended"
    """It was reported while it lasted, and is over."""
    CHANGED = "changed"
    """It differs from what was reported."""
    WITHDRAWN = "withdrawn"
    """It is no longer found, or meets no rule any more."""
    RESTORED = "restored"
    """It was withdrawn and is found again."""


@dataclass(frozen=True)
class ReportedAlert:
    """An event as it was last reported."""

    id: int
    """Number of the alert."""
    event: Event
    active: bool
    """False if it was withdrawn."""


@dataclass(frozen=True)
class Alert:
    """One message about an event."""

    id: int
    """The same in all messages about one event."""
    change: AlertChange
    event: Event
    """As it is found now; as it was reported if it is no longer found."""
    previous: Event | None
    """As it was last reported; None for a new one."""
    rules: tuple[str, ...]
    """Names of the rules that it meets now."""

    @property
    def as_reported(self) -> ReportedAlert:
        """The state of the alert once this message is sent."""
        return ReportedAlert(self.id, self.event, self.change is not AlertChange.WITHDRAWN)


def diff_events(
    reported: Sequence[ReportedAlert],
    events: Sequence[Event],
    rules: Sequence[AlertRule],
    since: datetime | None = None,
    first_id: int = 1,
) -> list[Alert]:
    """Return what to report: corrections first, then new events by time, numbered from `first_id`.

    An event is new if it meets a rule, was not reported, and was not over by `since`. A reported
    one is corrected when it ended, when its times, its size (beyond the reported interval) or its
    confidence changed, when it is no longer found, and when it meets no rule any more. The final
    state does not depend on the order in which scenes arrived.
    """
    matches = match_events(reported, events)
    alerts = []
    for alert in reported:
        now = matches.get(alert.id)
        met = () if now is None else _rules_met(now, rules)
        change = _change(alert, now if met else None)
        if change is not None:
            alerts.append(Alert(alert.id, change, now or alert.event, alert.event, met))
    matched = {id(event) for event in matches.values()}
    numbers = count(first_id)
    for event in events:
        met = _rules_met(event, rules)
        over = since is not None and event.ended.latest is not None and event.ended.latest < since
        if met and not over and id(event) not in matched:
            alerts.append(Alert(next(numbers), AlertChange.NEW, event, None, met))
    return alerts


def match_events(reported: Sequence[ReportedAlert], events: Sequence[Event]) -> dict[int, Event]:
    """Return the event found now for each alert id that has one; each event at most once.

    Two events match if they are of one kind and pier and may have been at the same time. Pairs that
    began closest to each other go first, then lower alert ids.
    """
    pairs = sorted(
        (abs(_start(alert.event) - _start(event)), alert.id, i)
        for alert in reported
        for i, event in enumerate(events)
        if (alert.event.kind, alert.event.pier) == (event.kind, event.pier)
        and _may_coincide(alert.event, event)
    )
    matches: dict[int, int] = {}
    for _, alert_id, i in pairs:
        if alert_id not in matches and i not in matches.values():
            matches[alert_id] = i
    return {alert_id: events[i] for alert_id, i in matches.items()}


def _may_coincide(one: Event, other: Event) -> bool:
    (first, last), (other_first, other_last) = _bounds(one), _bounds(other)
    return first == other_first or max(first, other_first) < min(last, other_last)


def _bounds(event: Event) -> tuple[datetime, datetime]:
    return event.began.earliest or _start(event), event.ended.latest or _END_OF_TIME


def _start(event: Event) -> datetime:
    return first_known(event.began, event.ended)


def _rules_met(event: Event, rules: Sequence[AlertRule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if rule.matches(event))


def _change(reported: ReportedAlert, now: Event | None) -> AlertChange | None:
    """Return how `now`, None if no longer worth an alert, differs from what was `reported`."""
    if not reported.active:
        return None if now is None else AlertChange.RESTORED
    if now is None:
        return AlertChange.WITHDRAWN
    before = reported.event
    over = before.ended.latest is not None
    if before.began != now.began or (over and before.ended != now.ended):
        return AlertChange.CHANGED
    if not over and now.ended.latest is not None:
        return AlertChange.ENDED
    resized = before.size is not now.size
    if before.size and now.size:
        resized = not before.size.low <= now.size.value <= before.size.high
    # an event that still lasts may grow; its size is reported when it ends
    less_or_more_sure = abs(before.confidence - now.confidence) >= _MIN_CONFIDENCE_CHANGE
    return AlertChange.CHANGED if (over and resized) or less_or_more_sure else None
