"""Only a ledger is opened; whatever else the path names stays as it is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from cv.errors import LedgerError
from cv.ledger import Ledger, schema
from cv.ledger.integrity_check import find_problems
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting


def filled(path: Path, scenes: int = 30) -> bytes:
    with Ledger(path) as ledger:
        for i in range(scenes):
            ledger.record(a_scene([a_count(f"scene-{i}", days=i)], [a_sighting()] * 20))
    return path.read_bytes()


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
    assert raw.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert raw.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert raw.execute("PRAGMA journal_mode").fetchone() == (schema.journal_mode(),)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()
    with Ledger(path) as ledger:
        read = ledger._connection.execute
        assert read("PRAGMA synchronous").fetchone() == (2,)
        assert read("PRAGMA foreign_keys").fetchone() == (1,)
        assert read("PRAGMA busy_timeout").fetchone() == (5000,)


def version_1(path: Path) -> None:
    """A ledger as the first version wrote it, with one scene."""
    raw = sqlite3.connect(path)
    for statement in schema.MIGRATIONS[0]:
        raw.execute(statement)
    raw.executescript(
        f"""
        INSERT INTO scenes VALUES (1, 'old', 'dig', '2025-12-31T23:59:59.000000+00:00');
        INSERT INTO piers VALUES (1, 'East');
        INSERT INTO recipes VALUES (1, 'm', 's');
        INSERT INTO runs VALUES (1, 1, 'm');
        INSERT INTO counts VALUES (1, 1, 1, 1, 1, 'rail', 'counted', '', 1, 1, 'mask', 0.3, 0.3,
            'resolved', 0.9, 7, 6, 8, 9, 8, 10, 0, 0, 0, NULL, NULL, NULL);
        PRAGMA application_id = {schema.APPLICATION_ID};
        PRAGMA user_version = 1;
        """
    )
    raw.close()


def test_an_older_ledger_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "l"
    version_1(path)
    refused(path, "schema version 1", readonly=True)
    with Ledger(path) as ledger:
        (count,) = ledger.counts()
        assert (count.scene, count.containers.value, count.aboard.value) == ("old", 7.0, None)
        assert count.interval_calibrated is False
        assert ledger.record(a_scene([a_count()])) == 1
    with Ledger(path, readonly=True) as ledger:
        assert [count.scene for count in ledger.counts()] == ["old", "scene-0"]


def test_migrated_and_new_ledgers_have_the_same_tables(tmp_path: Path) -> None:
    version_1(tmp_path / "old")
    found = []
    for name in ("old", "new"):
        Ledger(tmp_path / name).close()
        raw = sqlite3.connect(tmp_path / name)
        found.append(raw.execute("SELECT type, name, sql FROM sqlite_master").fetchall())
        raw.close()
    assert found[0] == found[1]


def test_a_migration_that_breaks_off_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l"
    version_1(path)
    steps = (*schema.MIGRATIONS, ("CREATE TABLE extra (id INTEGER)", "CREATE TABLE piers (id)"))
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    monkeypatch.setattr(schema, "VERSION", 3)
    refused(path, "already exists")


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l"
    filled(path, 1)
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    raw.close()
    error = refused(path, f"schema version {schema.VERSION + 1}")
    assert "Update" in error.remedy


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 44, 9), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_wal_only_where_it_is_mended(version: tuple[int, ...], safe: bool) -> None:
    assert schema.wal_is_safe(version) is safe


def test_journal_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l"
    monkeypatch.setattr(schema, "wal_is_safe", lambda: True)
    with Ledger(path) as ledger:
        ledger.record(a_scene([a_count()]))
        with Ledger(path, readonly=True) as reader:
            assert len(reader.counts()) == 1
        monkeypatch.setattr(schema, "wal_is_safe", lambda: False)
        with pytest.raises(LedgerError, match="in WAL mode"):
            Ledger(path, timeout_s=0)
    with Ledger(path) as ledger:
        assert ledger._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert len(ledger.counts()) == 1
