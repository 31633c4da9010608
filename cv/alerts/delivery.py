"""Delivery: tells what is new of a ledger's findings, once, and remembers in it what was told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cv.alerts.alert import Alert, ReportedAlert
from cv.alerts.diff import diff_events
from cv.alerts.rule import AlertRule
from cv.errors import LedgerError
from cv.events.event import Event
from cv.events.pipeline import find_events
from cv.events.serialization import event_from_dict, event_to_dict
from cv.ledger import Ledger
from cv.ledger.alert_log import RecordedAlert, SceneArrival
from cv.site import Site
from cv.timeseries.history import pier_history


@dataclass(frozen=True)
class Message:
    """An alert, and what brought it about."""

    alert: Alert
    late_scenes: tuple[str, ...]
    """Scenes of that pier which came after the alert was last told, but were taken before the
    newest one that was known then, by time."""

    def to_json(self) -> str:
        """The message as a JSON object in one line; times in ISO 8601."""
        values: dict[str, Any] = {
            "alert": self.alert.id,
            "change": self.alert.change.value,
            "rules": list(self.alert.rules),
            "late_scenes": list(self.late_scenes),
            "event": event_to_dict(self.alert.event),
            "before": None if self.alert.previous is None else event_to_dict(self.alert.previous),
        }
        return json.dumps(values, ensure_ascii=False)


def pending_messages(
    ledger: Ledger, site: Site, rules: Sequence[AlertRule], since: datetime | None = None
) -> list[Message]:
    """All news of the piers of `site`, as `news` defines them; raises LedgerError."""
    return _messages(ledger, _findings(ledger, site), site, rules, since)


def deliver_alerts(
    ledger: Ledger,
    site: Site,
    rules: Sequence[AlertRule],
    since: datetime | None,
    tell: Callable[[Message], None],
) -> int:
    """Calls `tell` for all news of the piers of `site`; returns how many there were.

    What was told is remembered only when all of it was: if `tell` raises, or the program ends
    before, it is told again the next time. Raises LedgerError.
    """
    run = ledger.last_run()
    events = _findings(ledger, site)
    with ledger.alert_transaction() as said:
        messages = _messages(ledger, events, site, rules, since)
        for message in messages:
            tell(message)
        said += [_delivery(message.alert, run) for message in messages]
    return len(messages)


def _findings(ledger: Ledger, site: Site) -> tuple[Event, ...]:
    return find_events(pier_history(ledger, [pier.name for pier in site]))


def _messages(
    ledger: Ledger,
    events: Sequence[Event],
    site: Site,
    rules: Sequence[AlertRule],
    since: datetime | None,
) -> list[Message]:
    given = ledger.alerts()
    names = {pier.name for pier in site}
    told = [_told(ledger, one) for one in given if one.pier in names]
    next_id = 1 + max((one.id for one in given), default=0)
    alerts = diff_events(told, events, rules, since, next_id)
    arrivals = {pier: ledger.arrivals(pier) for pier in {alert.event.pier for alert in alerts}}
    runs = {one.id: one.run for one in given}
    return [
        Message(alert, _late(arrivals[alert.event.pier], runs.get(alert.id))) for alert in alerts
    ]


def _late(arrivals: Sequence[SceneArrival], run: int | None) -> tuple[str, ...]:
    """Scenes that came after the recording `run`, older than the newest one by then."""
    if run is None:
        return ()
    newest = max((one.acquired for one in arrivals if one.run <= run), default=None)
    return tuple(
        one.scene for one in arrivals if newest and one.run > run and one.acquired < newest
    )


def _told(ledger: Ledger, given: RecordedAlert) -> ReportedAlert:
    try:
        return ReportedAlert(given.id, event_from_dict(json.loads(given.event)), given.standing)
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            ledger.path,
            f"alert {given.id} is not readable ({error})",
            "an intact ledger is needed",
            "Restore it from a backup.",
        ) from error


def _delivery(alert: Alert, run: int) -> RecordedAlert:
    told = alert.as_reported
    event = json.dumps(event_to_dict(told.event), ensure_ascii=False)
    return RecordedAlert(told.id, told.event.pier, event, told.active, run)
