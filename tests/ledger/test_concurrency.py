"""One writer, many readers, and whole scenes only, whatever happens."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from cv.errors import LedgerError
from cv.ledger import Ledger
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting, identity_of

PIERS = tuple(f"pier-{i}" for i in range(5))

WRITER = """
import sys
from cv.ledger import Ledger
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting

with Ledger(sys.argv[1], timeout_s=60) as ledger:
    for i in range(int(sys.argv[2])):
        piers = [a_count(f"scene-{i}", f"pier-{j}", days=i) for j in range(5)]
        ledger.record(a_scene(piers, [a_sighting("pier-1")] * 30))
        print(i, flush=True)
"""


def writer(path: Path, scenes: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(scenes)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def whole_scenes(ledger: Ledger) -> int:
    """How many scenes there are; each must have all of its piers and sightings."""
    counts, sightings = ledger.counts(), ledger.detections(latest=True)
    scenes = {count.scene for count in counts}
    assert len(counts) == len(scenes) * len(PIERS)
    assert len(sightings) >= len(scenes) * 30
    return len(scenes)


def test_readable_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "l"
    Ledger(path).close()
    seen = [0]
    with Ledger(path, readonly=True) as ledger, writer(path, 60) as process:
        assert process.stdout is not None
        for line in process.stdout:
            seen.append(whole_scenes(ledger))
            assert seen[-1] > int(line), "a scene that was committed is not seen"
    assert process.returncode == 0
    assert seen == sorted(seen)
    assert seen[-1] == 60


def test_kill_leaves_whole_scenes(tmp_path: Path) -> None:
    path = tmp_path / "l"
    for after in (1, 7, 23):
        process = writer(path, 10_000)
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with Ledger(path) as ledger:
            assert whole_scenes(ledger) >= after
        raw = sqlite3.connect(path)
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as first:
        done = threading.Event()

        def second() -> None:
            with Ledger(path, timeout_s=20) as ledger:
                ledger.record(a_scene([a_count()]))
            done.set()

        thread = threading.Thread(target=second)
        with first.alert_transaction():
            thread.start()
            assert not done.wait(0.3)
        assert done.wait(20)
        thread.join()
        assert len(first.counts()) == 1


def test_a_second_writer_gives_up_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as first, Ledger(path, timeout_s=0.2) as second:
        with first.alert_transaction():
            begun = time.monotonic()
            with pytest.raises(LedgerError, match="in use") as caught:
                second.record(a_scene([a_count()]))
            assert 0.15 < time.monotonic() - begun < 5
            assert "again" in caught.value.remedy
        assert second.record(a_scene([a_count()])) == 1


def test_a_full_disk_leaves_the_scenes_before(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as ledger:
        ledger.record(a_scene([a_count()]))
        with ledger._connection.reading() as sql:
            pages = sql.exec_driver_sql("PRAGMA page_count").scalar_one()
            sql.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        before = path.read_bytes()
        with pytest.raises(LedgerError, match="the disk is full"):
            ledger.record(a_scene([a_count("big", days=1.0)], [a_sighting()] * 500))
        assert path.read_bytes() == before
        assert ledger.record(a_scene([a_count("small", days=2.0)])) == 1
        assert [count.scene for count in ledger.counts()] == ["scene-0", "small"]


def test_an_interrupt_leaves_no_part_of_a_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> list[object]:
        raise KeyboardInterrupt

    path = tmp_path / "l"
    with Ledger(path) as ledger:
        before = path.read_bytes()
        monkeypatch.setattr("cv.ledger.row_mapping.detection_values", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ledger.record(a_scene([a_count()]))
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert ledger.record(a_scene([a_count()])) == 1


def test_two_processes_may_create_the_same_ledger(tmp_path: Path) -> None:
    path = tmp_path / "l"
    processes = [writer(path, 3) for _ in range(3)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    with Ledger(path, readonly=True) as ledger:
        assert whole_scenes(ledger) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["l"]


def test_a_pier_is_found_by_index(tmp_path: Path) -> None:
    """A million rows are not read for one pier: SQLite itself reports how it would search."""
    with Ledger(tmp_path / "l") as ledger:
        queries: list[tuple[str, Any]] = []
        engine = ledger._connection.sql.engine

        @event.listens_for(engine, "before_cursor_execute")
        def keep(_: object, __: object, sql: str, parameters: Any, *___: object) -> None:
            if sql.startswith("SELECT"):
                queries.append((sql, parameters))

        ledger.counts(pier="East")
        ledger.counts(pier="East", latest=True)
        ledger.detections(scene="scene-0")
        ledger.recorded_as(identity_of(a_scene([a_count()])))
        event.remove(engine, "before_cursor_execute", keep)
        assert len(queries) == 8
        for query, parameters in queries:
            with ledger._connection.reading() as sql:
                plan = sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters).all()
            steps = " / ".join(str(step[3]) for step in plan)
            for table in ("counts", "stacks", "hulls", "detections", "scenes"):
                by_index = f"SCAN {table} USING INDEX" in steps
                assert by_index or f"SCAN {table}" not in steps, (query, steps)
