"""Delivery of alerts: report each change once, and record in the ledger what was reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cv.alerts.alert_rule import AlertRule
from cv.alerts.event_diff import Alert, ReportedAlert, diff_events
from cv.errors import LedgerError
from cv.events.event import Event
from cv.events.serialization import event_from_dict, event_to_dict
from cv.events.site_events import find_events
from cv.ledger import Ledger
from cv.ledger.alert_log import RecordedAlert, SceneArrival
from cv.site import Site
from cv.timeseries.history import site_history


@dataclass(frozen=True)
class AlertMessage:
    """An alert and the late scenes that may have caused it."""

    alert: Alert
    late_scenes: tuple[str, ...]
    """Scenes of that pier, by time, that were recorded after the alert was last reported but taken
    before the latest one known then."""

    def to_json(self) -> str:
        """Return the message as a JSON object in one line; times in ISO 8601."""
        alert = self.alert
        values = {
            "alert": alert.id,
            "change": alert.change,
            "rules": alert.rules,
            "late_scenes": self.late_scenes,
            "event": event_to_dict(alert.event),
            "before": None if alert.previous is None else event_to_dict(alert.previous),
        }
        return json.dumps(values, ensure_ascii=False)


def pending_messages(
    ledger: Ledger, site: Site, rules: Sequence[AlertRule], since: datetime | None = None
) -> list[AlertMessage]:
    """Return what `deliver_alerts` would send for the piers of `site`.

    Raises LedgerError, and InputError if the ledger has counts of other piers only.
    """
    return _messages(ledger, find_events(site_history(ledger, site)), site, rules, since)


def deliver_alerts(
    ledger: Ledger,
    site: Site,
    rules: Sequence[AlertRule],
    since: datetime | None,
    send: Callable[[AlertMessage], None],
) -> int:
    """Call `send` for every message about the piers of `site` and return their number.

    They are recorded as reported in one step at the end: if `send` raises, or the program is killed
    before, all of them are sent again the next time. Raises as `pending_messages`.
    """
    run = ledger.last_run()
    events = find_events(site_history(ledger, site))
    with ledger.alert_transaction() as recorded:
        messages = _messages(ledger, events, site, rules, since)
        for message in messages:
            send(message)
            reported = message.alert.as_reported
            event = json.dumps(event_to_dict(reported.event), ensure_ascii=False)
            recorded.append(
                RecordedAlert(reported.id, reported.event.pier, event, reported.active, run)
            )
    return len(messages)


def _messages(
    ledger: Ledger,
    events: Sequence[Event],
    site: Site,
    rules: Sequence[AlertRule],
    since: datetime | None,
) -> list[AlertMessage]:
    recorded = ledger.alerts()
    names = {pier.name for pier in site}
    reported = [_reported_alert(ledger, one) for one in recorded if one.pier in names]
    next_id = 1 + max((one.id for one in recorded), default=0)
    alerts = diff_events(reported, events, rules, since, next_id)
    arrivals = {pier: ledger.arrivals(pier) for pier in {alert.event.pier for alert in alerts}}
    runs = {one.id: one.run for one in recorded}
    return [
        AlertMessage(alert, _late_scenes(arrivals[alert.event.pier], runs.get(alert.id)))
        for alert in alerts
    ]


def _late_scenes(arrivals: Sequence[SceneArrival], run: int | None) -> tuple[str, ...]:
    """Return the scenes recorded after `run` that are older than the latest one known by then."""
    if run is None:
        return ()
    latest = max((one.acquired for one in arrivals if one.run <= run), default=None)
    late = [one for one in arrivals if latest and one.run > run and one.acquired < latest]
    return tuple(one.scene for one in late)


def _reported_alert(ledger: Ledger, recorded: RecordedAlert) -> ReportedAlert:
    try:
        event = event_from_dict(json.loads(recorded.event))
    except (KeyError, TypeError, ValueError) as error:
        found, limit = (
            f"alert {recorded.id} is not readable ({error})",
            "an intact ledger is needed",
        )
        raise LedgerError(ledger.path, found, limit, "Restore it from a backup.") from error
    return ReportedAlert(recorded.id, event, recorded.standing)
