"""Findings and alerts of the piers in a ledger: `cv.findings`, `cv.pending_alerts` ..."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cv.alerts import alert_delivery
from cv.alerts.alert_delivery import AlertMessage
from cv.alerts.alert_rule import read_alert_rules
from cv.events.event import Event
from cv.events.site_events import find_events
from cv.ledger import Ledger
from cv.site import Site
from cv.timeseries.history import pier_history, site_history


def findings(ledger: Ledger, site: Site | None = None) -> tuple[Event, ...]:
    """Return the events at the piers of a site: ship calls, stockpiles, halts ..., by time.

    They follow from all counts in the ledger; the same counts give the same events.

    >>> with Ledger.open("port.db", readonly=True) as ledger:
    ...     events = findings(ledger, Site.read("port.geojson"))
    >>> events[0]
    Stockpile('stockpile', 'Export pier', began=2025-09-10, ended=None, confidence=0.99)

    Args:
        ledger: An open ledger.
        site: Its piers only; default: all piers of the ledger, as one site.

    Raises:
        InputError: The ledger has counts, but none of a pier of `site`.
        LedgerError: The ledger cannot be read.
    """
    if site is None:
        return find_events(pier_history(ledger, ledger.piers()))
    return find_events(site_history(ledger, site))


def pending_alerts(
    ledger: Ledger, site_path: str | Path, since: datetime | None = None
) -> list[AlertMessage]:
    """Return the alerts that `deliver_alerts` would deliver, without marking them as delivered.

    An alert reports that an event is new, has ended, has changed or is withdrawn.

    >>> with Ledger.open("port.db", readonly=True) as ledger:
    ...     messages = pending_alerts(ledger, "port.geojson")
    >>> [message.alert.change.value for message in messages]
    ['new']

    Args:
        ledger: An open ledger.
        site_path: GeoJSON file with the piers and the alert rules.
        since: Leave out new events that had ended by then.

    Raises:
        SiteError: The site file or its alert rules are invalid.
        LedgerError: The ledger cannot be read.
    """
    site = Site.read(site_path)
    return alert_delivery.pending_messages(ledger, site, read_alert_rules(site_path, site), since)


def deliver_alerts(
    ledger: Ledger,
    site_path: str | Path,
    receive: Callable[[AlertMessage], None],
    since: datetime | None = None,
) -> int:
    """Call `receive` with each pending alert, mark them as delivered, return their number.

    They are marked in the ledger in one transaction after the last call: if `receive` raises, all
    of them are delivered again the next time.

    >>> received = []
    >>> with Ledger.open("port.db") as ledger:
    ...     first = deliver_alerts(ledger, "port.geojson", received.append)
    ...     again = deliver_alerts(ledger, "port.geojson", received.append)
    >>> first, again, len(received)
    (1, 0, 1)

    Args:
        ledger: An open ledger.
        site_path: GeoJSON file with the piers and the alert rules.
        receive: Called with each alert; `Message.to_json` gives it as a line of text.
        since: Leave out new events that had ended by then.

    Raises:
        SiteError: The site file or its alert rules are invalid.
        LedgerError: The ledger cannot be read or written.
    """
    site = Site.read(site_path)
    rules = read_alert_rules(site_path, site)
    return alert_delivery.deliver_alerts(ledger, site, rules, since, receive)
