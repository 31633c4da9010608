"""The views for people who read a ledger with SQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cv.counting.pier_count import CountStatus
from cv.ledger import Ledger
from cv.ledger.alert_log import RecordedAlert
from tests.fixtures.sample_counts import OTHER_MODEL, OTHER_SETTINGS, a_count, a_scene, by
from tests.ledger.conftest import Place

EVENT = {
    "kind": "call",
    "pier": "East",
    "began": {"after": "2026-01-04T10:30:00+00:00", "by": "2026-01-05T10:30:00+00:00"},
    "ended": {"after": "2026-01-06T10:30:00+00:00", "by": None},
    "size": {"value": 125.0, "low": 117.5, "high": 133.0, "unit": "m"},
    "confidence": 0.95,
}


def rows(ledger: Ledger, view: str) -> list[dict[str, Any]]:
    with ledger._connection.reading() as sql:
        return [dict(row) for row in sql.exec_driver_sql(f"SELECT * FROM {view}").mappings()]


def time(value: object) -> datetime:
    """A time of either database."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def test_latest_counts_has_one_row_per_scene_and_pier(place: Place) -> None:
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count(), a_count(pier="West", status=CountStatus.FAILED)]))
        ledger.record(a_scene([by(a_count(containers=15.0), OTHER_MODEL)]))
        failed = by(a_count(status=CountStatus.FAILED), settings=OTHER_SETTINGS)
        ledger.record(a_scene([failed]))
        found = {row["pier"]: row for row in rows(ledger, "latest_counts")}
        (east, west) = ledger.counts(latest=True)
    assert set(found) == {"East", "West"}
    assert (found["East"]["model"], found["East"]["containers"]) == (OTHER_MODEL, 15.0)
    assert found["East"]["containers_low"] == east.containers.low
    assert time(found["East"]["acquired"]) == east.acquired
    assert (found["West"]["status"], found["West"]["visible_fraction"]) == ("failed", None)
    assert west.status is CountStatus.FAILED


def test_events_has_one_row_per_alert(place: Place) -> None:
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count()]))
        with ledger.alert_transaction() as reported:
            reported.append(RecordedAlert(1, "East", json.dumps(EVENT), True, 1))
            unsized = json.dumps(EVENT | {"size": None})
            reported.append(RecordedAlert(2, "East", unsized, False, 1))
        call, withdrawn = sorted(rows(ledger, "events"), key=lambda row: row["alert"])
    assert (call["kind"], call["pier"], call["size_unit"]) == ("call", "East", "m")
    assert (call["size"], call["size_low"], call["size_high"]) == (125.0, 117.5, 133.0)
    assert time(call["began_after"]) == datetime(2026, 1, 4, 10, 30, tzinfo=UTC)
    assert call["ended_by"] is None
    assert (call["confidence"], bool(call["standing"])) == (0.95, True)
    assert (withdrawn["size"], bool(withdrawn["standing"])) == (None, False)


def test_times_sort_as_they_read_in_sqlite(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        for days in (40.0, 0.5, 3.25):
            ledger.record(a_scene([a_count(f"scene {days}", days=days)]))
        texts = [row["acquired"] for row in rows(ledger, "latest_counts")]
    assert sorted(texts) == sorted(texts, key=datetime.fromisoformat)
    assert texts[0] == "2026-02-14T10:30:00.000000+00:00"
