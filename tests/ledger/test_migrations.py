"""A ledger of version 0.1.0 opens, is brought up to date, and gives the same series and events."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cv.cli import main
from cv.counting.pier_count import CountStatus
from cv.errors import LedgerError
from cv.ledger import Ledger
from cv.ledger.integrity_check import find_problems
from cv.ledger.migrations import LATEST
from cv.ledger.schema import METADATA
from tests.fixtures.sample_counts import a_count, a_scene
from tests.ledger.conftest import Place, content, fill

DATA = Path(__file__).parent / "data"


def rounded(line: str) -> Any:
    """Parse a line of JSON with eight digits of each number: processors differ in the last ones."""
    return json.loads(line, parse_float=lambda number: float(f"{float(number):.8g}"))


@pytest.fixture
def old_ledger(place: Place) -> Place:
    """A ledger as version 0.1.0 left it."""
    kind = "sqlite" if isinstance(place, Path) else "postgres"
    fill(place, (DATA / f"ledger_0_1_0.{kind}.sql").read_text())
    return place


def test_series_are_those_of_version_0_1_0_and_its_ledger_has_events(
    old_ledger: Place, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    Ledger(old_ledger).close()
    table = tmp_path_factory.mktemp("export") / "counts.csv"
    assert main(["export", "--ledger", str(old_ledger), str(table)]) == 0
    old = pd.read_csv(DATA / "counts_0_1_0.csv", dtype=str)
    pd.testing.assert_frame_equal(pd.read_csv(table, dtype=str)[old.columns], old)
    capsys.readouterr()
    assert main(["events", "--json", "--ledger", str(old_ledger)]) == 0
    events = [rounded(line) for line in capsys.readouterr().out.splitlines()]
    expected = (DATA / "events_0_1_0.jsonl").read_text().splitlines()
    assert events == [rounded(line) for line in expected]


def test_every_row_is_kept(old_ledger: Place) -> None:
    with Ledger(old_ledger) as ledger:
        assert len(ledger.counts()) == 52
        assert {count.status for count in ledger.counts(model="d4" * 32)} == {CountStatus.FAILED}
        assert sum(len(count.stacks) for count in ledger.counts()) == 94
        assert len(ledger.detections()) == 76
        (alert,) = ledger.alerts()
        assert (alert.pier, alert.standing, alert.run) == ("Export pier", True, 15)
        assert json.loads(alert.event)["kind"] == "stockpile_before_loading"
        (file,) = ledger.quarantined()
        assert (file.digest, file.size, file.path) == ("f" * 64, 1234, "scenes/deadly.tif")
        assert ledger.record(a_scene([a_count()])) == 1
    if isinstance(old_ledger, Path):
        assert find_problems(old_ledger) == ()


def test_a_reader_asks_for_a_writer_first(old_ledger: Place) -> None:
    before = content(old_ledger)
    with pytest.raises(LedgerError, match=r"schema version 0\.1\.0") as caught:
        Ledger(old_ledger, readonly=True)
    assert "monitor" in caught.value.remedy
    assert content(old_ledger) == before
    Ledger(old_ledger).close()
    Ledger(old_ledger, readonly=True).close()


def test_a_migration_that_breaks_off_changes_nothing(old_ledger: Place) -> None:
    if isinstance(old_ledger, Path):
        fill(
            old_ledger,
            "PRAGMA ignore_check_constraints = ON; UPDATE counts SET containers = -5 WHERE id = 9",
        )
    else:
        fill(old_ledger, "UPDATE scenes SET acquired = 'no time' WHERE id = 9")
    before = content(old_ledger)
    with pytest.raises(LedgerError):
        Ledger(old_ledger)
    assert content(old_ledger) == before


def test_migrated_and_new_ledgers_have_the_same_tables(
    old_ledger: Place, fresh_place: Callable[[], Place]
) -> None:
    layouts = []
    for place in (old_ledger, fresh_place()):
        with Ledger(place) as ledger, ledger._connection.reading() as sql:
            context = MigrationContext.configure(sql, opts={"compare_type": True})
            assert compare_metadata(context, METADATA) == []
            assert context.get_current_revision() == LATEST
            if isinstance(place, Path):
                query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
            else:
                query = (
                    "SELECT c.relname, o.conname, pg_get_constraintdef(o.oid) FROM pg_class c "
                    "LEFT JOIN pg_constraint o ON o.conrelid = c.oid "
                    "WHERE c.relnamespace = current_schema()::regnamespace "
                    "AND c.relname <> 'pg_toast' ORDER BY 1, 2"
                )
            layouts.append(sql.exec_driver_sql(query).all())
    assert layouts[0] == layouts[1]


@pytest.mark.parametrize("layout", range(1, 6))
def test_earlier_layouts_are_brought_up_to_date(tmp_path: Path, layout: int) -> None:
    path = tmp_path / "l"
    fill(path, (DATA / f"layout_{layout}.sqlite.sql").read_text())
    with Ledger(path) as ledger:
        east, west = ledger.counts()
        assert (east.scene, east.containers.value, east.hulls.value) == ("old", 7.0, 0.0)
        assert (east.visible_fraction, east.radiometry, east.place) == (1.0, "not recorded", "")
        assert east.interval_calibrated is False
        assert west.status is CountStatus.FAILED
        assert west.visible_fraction is None or layout > 2
        assert ledger.alerts() == ()
        assert ledger.quarantined() == ()
        assert ledger.record(a_scene([a_count()])) == 1


def test_version_0_1_0_refuses_a_ledger_of_this_version(tmp_path: Path) -> None:
    Ledger(tmp_path / "l").close()
    raw = sqlite3.connect(tmp_path / "l")
    assert raw.execute("PRAGMA user_version").fetchone()[0] > 6, "0.1.0 reads versions 1 to 6"
    raw.close()


def test_a_ledger_of_a_later_version_is_refused(place: Place) -> None:
    Ledger(place).close()
    fill(place, "UPDATE alembic_version SET version_num = '9999'")
    before = content(place)
    for readonly in (False, True):
        with pytest.raises(LedgerError, match="schema version 9999") as caught:
            Ledger(place, readonly=readonly)
        assert "Update" in caught.value.remedy
    assert content(place) == before
