"""Difference between the events reported before and those found now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from cv.alerts.alert import Alert, AlertChange, ReportedAlert
from cv.alerts.event_matching import match_events
from cv.alerts.rule import AlertRule
from cv.events.event import Event

_MIN_CONFIDENCE_CHANGE = 0.25
"""A smaller change of the confidence is not reported."""


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
    corrections = [_correction(alert, matches.get(alert.id), rules) for alert in reported]
    matched = {id(event) for event in matches.values()}
    new = [
        event
        for event in events
        if id(event) not in matched and _lasts_until(event, since) and _rules_met(event, rules)
    ]
    return [
        *(alert for alert in corrections if alert is not None),
        *(
            Alert(alert_id, AlertChange.NEW, event, None, _rules_met(event, rules))
            for alert_id, event in zip(count(first_id), new, strict=False)
        ),
    ]


def _lasts_until(event: Event, since: datetime | None) -> bool:
    return since is None or event.ended.latest is None or event.ended.latest >= since


def _rules_met(event: Event, rules: Sequence[AlertRule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if rule.matches(event))


def _correction(
    reported: ReportedAlert, now: Event | None, rules: Sequence[AlertRule]
) -> Alert | None:
    """Return what to report about an alert whose event is now `now`; None for nothing."""
    before = reported.event
    met = () if now is None else _rules_met(now, rules)
    if not reported.active:
        return (
            Alert(reported.id, AlertChange.RESTORED, now, before, met)
            if now is not None and met
            else None
        )
    if now is None:
        return Alert(reported.id, AlertChange.WITHDRAWN, before, before, ())
    change = _change(before, now) if met else AlertChange.WITHDRAWN
    return None if change is None else Alert(reported.id, change, now, before, met)


def _change(before: Event, now: Event) -> AlertChange | None:
    over = before.ended.latest is not None
    if before.began != now.began or (over and before.ended != now.ended):
        return AlertChange.CHANGED
    if not over and now.ended.latest is not None:
        return AlertChange.ENDED
    # an event that still lasts may grow; its size is reported when it ends
    resized = over and not _within_interval(before, now)
    if resized or abs(before.confidence - now.confidence) >= _MIN_CONFIDENCE_CHANGE:
        return AlertChange.CHANGED
    return None


def _within_interval(before: Event, now: Event) -> bool:
    """Return whether the size is within the interval that was reported."""
    if before.size is None or now.size is None:
        return before.size is now.size
    return before.size.low <= now.size.value <= before.size.high
