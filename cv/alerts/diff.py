"""News: what is to be told, given what was told and what is found now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from cv.alerts.alert import Alert, Change, ReportedAlert
from cv.alerts.event_matching import match_events
from cv.alerts.rule import AlertRule
from cv.events.event import Event

_SURER = 0.25
"""A confidence that moved by less is no news."""


def diff_events(
    told: Sequence[ReportedAlert],
    events: Sequence[Event],
    rules: Sequence[AlertRule],
    since: datetime | None = None,
    first_id: int = 1,
) -> list[Alert]:
    """What to tell, corrections first, then what is new by time; new ids count from `first_id`.

    New are events that meet a rule, were not told, and were not over by `since`. Of what was told
    it is said that it ended, that it changed (when it was; how large it is, beyond the interval
    that was told; how sure it is), that it is not so, or that it meets no rule any more: what
    stands in the end does not depend on the order in which scenes came.
    """
    now = match_events(told, events)
    corrections = [_correction(one, now.get(one.id), rules) for one in told]
    known = {id(event) for event in now.values()}
    fresh = [
        event
        for event in events
        if id(event) not in known and _lasts(event, since) and _met(event, rules)
    ]
    return [
        *(alert for alert in corrections if alert is not None),
        *(
            Alert(number, Change.NEW, event, None, _met(event, rules))
            for number, event in zip(count(first_id), fresh, strict=False)
        ),
    ]


def _lasts(event: Event, since: datetime | None) -> bool:
    return since is None or event.ended.latest is None or event.ended.latest >= since


def _met(event: Event, rules: Sequence[AlertRule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if rule.matches(event))


def _correction(told: ReportedAlert, now: Event | None, rules: Sequence[AlertRule]) -> Alert | None:
    """What is to be said of an alert; None for nothing."""
    if now is None:
        if not told.active:
            return None
        return Alert(told.id, Change.WITHDRAWN, told.event, told.event, ())
    met = _met(now, rules)
    if not told.active:
        return Alert(told.id, Change.RESTORED, now, told.event, met) if met else None
    change = _change(told.event, now) if met else Change.WITHDRAWN
    return None if change is None else Alert(told.id, change, now, told.event, met)


def _change(before: Event, now: Event) -> Change | None:
    over = before.ended.latest is not None
    if before.began != now.began or (over and before.ended != now.ended):
        return Change.CHANGED
    if not over and now.ended.latest is not None:
        return Change.ENDED
    # what still lasts may grow: that is no other event, and its end will tell its size
    resized = over and not _within(before, now)
    if resized or abs(before.confidence - now.confidence) >= _SURER:
        return Change.CHANGED
    return None


def _within(before: Event, now: Event) -> bool:
    """Whether the size is within the interval that was told."""
    if before.size is None or now.size is None:
        return before.size is now.size
    return before.size.low <= now.size.value <= before.size.high
