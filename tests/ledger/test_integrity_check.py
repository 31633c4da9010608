"""A ledger that is sound is called so, one that is not says why; a copy is whole."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from cv.cli import main
from cv.counting.scene_counts import SceneCounts
from cv.errors import LedgerError
from cv.ledger import Ledger
from cv.ledger.backup import backup_ledger
from cv.ledger.integrity_check import find_problems
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting
from tests.ledger.conftest import fill

DATA = Path(__file__).parent / "data"


def day(number: int) -> SceneCounts:
    """A scene with two piers."""
    name = f"scene-{number}"
    piers = [a_count(name, pier, days=number) for pier in ("East", "West")]
    return a_scene(piers, [a_sighting()])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "port.db"
    with Ledger.open(file) as ledger:
        for i in range(30):
            ledger.record(day(i))
    return file


def spoil(path: Path, *statements: str) -> None:
    """Changes that no program of ours makes."""
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        raw.execute(statement)
    raw.commit()
    raw.close()


def test_a_ledger_that_was_written_by_us_is_sound(path: Path) -> None:
    assert find_problems(path) == ()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM piers WHERE id = 1", "refers to a row of piers"),
        ("DELETE FROM scenes WHERE id = 3", "refers to a row of scenes"),
        ("UPDATE runs SET scene_id = 9 WHERE id = 1", "of different scenes"),
        ("UPDATE scenes SET acquired = 'yesterday' WHERE id = 2", "not ISO 8601 in UTC"),
        ("UPDATE counts SET containers = -5 WHERE id = 4", "CHECK constraint failed in counts"),
        ("UPDATE counts SET hulls_high = NULL WHERE id = 4", "CHECK constraint"),
        ("UPDATE counts SET containers_low = 40, containers_high = 50 WHERE id = 4", "interval"),
        ("UPDATE counts SET containers_low = -7 WHERE id = 4", "invalid number or interval"),
        ("UPDATE counts SET interval_level = 7 WHERE id = 4", "CHECK constraint"),
        ("UPDATE counts SET visibility = 'foo' WHERE id = 4", "rests on nothing known"),
        ("UPDATE stacks SET containers = -3 WHERE count_id = 4", "invalid stack"),
        ("UPDATE hulls SET beam_m = -1 WHERE count_id = 4", "invalid hull"),
        ("UPDATE detections SET score = -4 WHERE id = 1", "invalid detection"),
        ("UPDATE detections SET length_m = 9e999 WHERE id = 1", "invalid detection"),
        ("UPDATE detections SET outline = 5 WHERE id = 1", "invalid detection"),
        ("UPDATE piers SET name = CAST(x'5069FF' AS TEXT) WHERE id = 1", "invalid text"),
        ("UPDATE counts SET status = 'not_visible' WHERE id = 4", "CHECK constraint"),
        ("UPDATE counts SET visible_fraction = 1.5 WHERE id = 4", "CHECK constraint"),
        ("UPDATE counts SET status = 'seen' WHERE id = 4", "CHECK constraint"),
        ("UPDATE counts SET role = 'barn' WHERE id = 4", "unknown role"),
        ("UPDATE counts SET containers = 'many', containers_high = 'z' WHERE id = 4", "interval"),
        ("UPDATE counts SET containers = 9e999, containers_high = 9e999 WHERE id = 4", "interval"),
        ("UPDATE scenes SET acquired = '2026-02-31T10:30:00+00:00' WHERE id = 2", "not ISO 8601"),
        ("UPDATE scenes SET digest = 'abc' WHERE id = 2", "invalid digest"),
        (
            "UPDATE scenes SET digest = (SELECT digest FROM scenes WHERE id = 1), acquired = "
            "(SELECT acquired FROM scenes WHERE id = 1) WHERE id = 2",
            "by another name (row 2)",
        ),
        ("UPDATE detections SET outline = x'0102' WHERE id = 1", "invalid outline"),
        ("DROP TABLE quarantine", "table quarantine is not as in"),
        ("DROP INDEX scenes_by_digest", "index scenes_by_digest is not as in"),
        (
            "CREATE TRIGGER t AFTER INSERT ON counts BEGIN DELETE FROM counts; END",
            "trigger t is not as in a ledger",
        ),
        ("ALTER TABLE runs ADD COLUMN mood TEXT", "table runs is not as in a ledger"),
        (
            "INSERT INTO alerts (pier_id, event, standing, run_id) VALUES (1, '{', 1, 1)",
            "alert that is not JSON",
        ),
    ],
)
def test_what_is_wrong_is_told(path: Path, statement: str, said: str) -> None:
    spoil(path, statement)
    assert any(said in line for line in find_problems(path)), find_problems(path)


def test_damaged_pages_are_told(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[3 * 4096 : 3 * 4096 + 2048] = b"\xff" * 2048
    path.write_bytes(data)
    assert any(line.startswith("SQLite: ") for line in find_problems(path))


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("hello")
    with pytest.raises(LedgerError, match="not a SQLite file"):
        find_problems(tmp_path / "x.db")
    with pytest.raises(LedgerError, match="no such file"):
        backup_ledger(tmp_path / "none.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_copy_is_the_same_and_never_replaces_a_file(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup_ledger(path, copy)
    assert find_problems(copy) == ()
    with Ledger.open(path, readonly=True) as one, Ledger.open(copy, readonly=True) as other:
        assert one.counts() == other.counts()
        assert one.detections() == other.detections()
    with pytest.raises(LedgerError, match=r"copy\.db"):
        backup_ledger(path, copy)


def test_an_older_ledger_is_checked_and_copied_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    fill(path, (DATA / "ledger_0_1_0.sqlite.sql").read_text())
    before = path.read_bytes()
    assert find_problems(path) == ()
    backup_ledger(path, tmp_path / "copy.db")
    assert find_problems(tmp_path / "copy.db") == ()
    assert path.read_bytes() == before
    spoil(path, "UPDATE scenes SET digest = 'abc' WHERE id = 2")
    assert find_problems(path) == ("an invalid digest (row 2)",)


def test_a_pier_without_a_berth_is_sound_where_only_hulls_are_looked_for(path: Path) -> None:
    unknown = ", ".join(
        f"{name}{end} = NULL"
        for name in ("containers", "teu", "hulls", "aboard")
        for end in ("", "_low", "_high")
    )
    spoil(path, f"UPDATE counts SET status = 'counted', {unknown} WHERE id = 4")
    assert find_problems(path) == ()


def test_a_copy_is_as_private_as_its_ledger(path: Path, tmp_path: Path) -> None:
    path.chmod(0o600)
    backup_ledger(path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_copy_onto_a_full_disk_names_the_copy(path: Path, tmp_path: Path, monkeypatch) -> None:
    class FullDisk(sqlite3.Connection):
        def backup(self, *_: object, **__: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    usual = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: usual(*a, **k, factory=FullDisk))
    with pytest.raises(LedgerError, match=r"copy\.db: database or disk is full"):
        backup_ledger(path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_copies_made_while_another_program_writes_are_whole(path: Path, tmp_path: Path) -> None:
    def write() -> None:
        with Ledger.open(path) as ledger:
            for i in range(30, 120):
                ledger.record(day(i))

    writer = threading.Thread(target=write)
    writer.start()
    sizes = []
    for i in range(8):
        backup_ledger(path, tmp_path / f"copy{i}.db")
        assert find_problems(tmp_path / f"copy{i}.db") == ()
        with Ledger.open(tmp_path / f"copy{i}.db", readonly=True) as copy:
            by_pier = [len(copy.counts(pier)) for pier in ("East", "West")]
        assert by_pier[0] == by_pier[1]  # whole scenes alone
        sizes.append(by_pier[0])
    writer.join()
    assert sizes == sorted(sizes)
    with Ledger.open(path, readonly=True) as ledger:
        assert len(ledger.counts("East")) == 120


def test_the_command_says_by_its_code_whether_a_ledger_is_sound(path: Path, capsys: object) -> None:
    assert main(["ledger", "verify", str(path)]) == 0
    spoil(path, "UPDATE scenes SET acquired = 'yesterday' WHERE id = 2")
    assert main(["ledger", "verify", str(path)]) == 2


def test_a_ledger_that_an_older_copy_replaces_in_mid_batch_is_not_written(path, tmp_path) -> None:
    shutil.copy(path, tmp_path / "old.db")
    with Ledger.open(path) as ledger:
        ledger.record(day(40))
        shutil.copy(tmp_path / "old.db", path)  # the same file, by its number
        with pytest.raises(LedgerError, match="moved, removed or replaced"):
            ledger.record(day(41))
    assert find_problems(path) == ()


def test_a_ledger_that_was_replaced_while_it_was_open_is_not_written(path: Path) -> None:
    with Ledger.open(path) as ledger:
        path.rename(path.with_name("old.db"))
        with pytest.raises(LedgerError, match="moved, removed or replaced"):
            ledger.record(day(40))
        Ledger.open(path).close()
        with pytest.raises(LedgerError, match="moved, removed or replaced"):
            ledger.record(day(40))
