"""Only a ledger is opened; whatever else the path names stays as it is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from cv.errors import LedgerError
from cv.ledger import Ledger, sqlite_connection
from cv.ledger.integrity_check import find_problems
from cv.ledger.migrations import LATEST
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting


def filled(path: Path, scenes: int = 30) -> bytes:
    with Ledger(path) as ledger:
        for i in range(scenes):
            ledger.record(a_scene([a_count(f"scene-{i}", days=i)], [a_sighting()] * 20))
    return path.read_bytes()


def pragma(ledger: Ledger, name: str) -> object:
    with ledger._connection.reading() as sql:
        return sql.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def refused(path: Path, match: str, readonly: bool = False) -> LedgerError:
    """The error of opening `path`, which must leave the file as it was and nothing beside it."""
    before, beside = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(LedgerError, match=match) as caught:
        Ledger(path, readonly=readonly)
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == beside
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("readonly", [False, True])
def test_what_is_not_a_ledger_is_refused(tmp_path: Path, readonly: bool) -> None:
    path = tmp_path / "l"
    path.write_bytes(b"")
    refused(path, "0 bytes", readonly)
    with pytest.raises(LedgerError) as caught:
        Ledger(path, readonly=readonly)
    assert ("a file that does not exist yet" in caught.value.remedy) is not readonly
    path.write_bytes(b"<!DOCTYPE html><html></html>")
    refused(path, "not a SQLite file", readonly)
    path.write_bytes(b"SQLite format 3\0")
    refused(path, "not a SQLite file", readonly)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE counts (id INTEGER)")
    other.commit()
    other.close()
    refused(path, "another program", readonly)


def test_a_truncated_ledger_is_refused(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    path = tmp_path / "l"
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, "damaged")


def test_damaged_pages_are_told_when_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "l"
    whole = bytearray(filled(path))
    whole[4096:] = os.urandom(len(whole) - 4096)
    path.write_bytes(whole)
    with pytest.raises(LedgerError, match="damaged"), Ledger(path, readonly=True) as ledger:
        ledger.counts()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("readonly", [False, True])
def test_damage_that_sqlite_itself_cannot_spell_is_told(tmp_path: Path, readonly: bool) -> None:
    path = tmp_path / "l"
    whole = filled(path).replace(b"counts_by_pier", b"counts\xacby_pier")
    path.write_bytes(whole.replace(b"CREATE INDEX counts\xac", b"CREATE INDXX counts\xac"))
    with pytest.raises(LedgerError, match="damaged"), Ledger(path, readonly=readonly) as ledger:
        ledger.counts()
    assert [line for line in find_problems(path) if "SQLite" in line]


def test_rows_that_no_program_of_ours_wrote_are_told(tmp_path: Path) -> None:
    path = tmp_path / "l"
    filled(path, 1)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE scenes SET acquired = 'yesterday'")
    raw.commit()
    raw.close()
    with Ledger(path, readonly=True) as ledger:
        with pytest.raises(LedgerError, match="yesterday"):
            ledger.counts()
        with pytest.raises(LedgerError, match="yesterday"):
            ledger.detections()


def test_a_missing_file_or_folder(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no such file"):
        Ledger(tmp_path / "l", readonly=True)
    with pytest.raises(LedgerError, match="folder"):
        Ledger(tmp_path / "no" / "l")
    with pytest.raises(LedgerError, match="not a file"):
        Ledger(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_that_mean_something_in_an_address(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#c%20.ledger"
    filled(path, 1)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_reading_only(tmp_path: Path) -> None:
    path = tmp_path / "l"
    before = filled(path, 2)
    with Ledger(path, readonly=True) as ledger:
        assert len(ledger.counts()) == 2
        with pytest.raises(LedgerError, match="not writable"):
            ledger.record(a_scene([a_count("new")]))
    assert path.read_bytes() == before


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "l"
    filled(path, 1)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA application_id").fetchone() == (sqlite_connection.APPLICATION_ID,)
    assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (LATEST,)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()
    with Ledger(path) as ledger:
        assert pragma(ledger, "synchronous") == 2
        assert pragma(ledger, "foreign_keys") == 1
        assert pragma(ledger, "busy_timeout") == 5000


def test_a_ledger_in_wal_mode_is_brought_back(tmp_path: Path) -> None:
    path = tmp_path / "l"
    filled(path, 1)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA journal_mode = wal").fetchone() == ("wal",)
    raw.close()
    with Ledger(path, readonly=True) as ledger:
        assert len(ledger.counts()) == 1
    with Ledger(path) as ledger:
        assert pragma(ledger, "journal_mode") == "delete"
        assert len(ledger.counts()) == 1
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
