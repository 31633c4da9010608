"""Whether a ledger is sound: what SQLite checks, and what Pierwatch never writes."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import shapely
from tqdm import tqdm

from cv.counting.scene_counts import QUANTITIES
from cv.ledger.backup import backup_ledger
from cv.ledger.schema import METADATA, estimate_columns
from cv.ledger.store import Ledger
from cv.ledger.writer import ROUNDING
from cv.site import PierRole

_MAX_NAMED = 20
"""Problems of one kind that are named."""
_ROWS = 10_000
"""Rows that are read at a time."""


def _invalid_estimate(quantity: str) -> str:
    value, low, high = estimate_columns(quantity)
    return f"NOT (0 <= {low} AND {low} <= {value} AND {value} <= {high} AND {high} < 9e999)"


_INVALID_ESTIMATE = " OR ".join(map(_invalid_estimate, QUANTITIES))
_ROLES = ", ".join(f"'{role}'" for role in PierRole)
_INVALID_SCORE = "score NOT BETWEEN 0 AND 1 OR NOT (0 < length_m AND length_m < 9e999)"
_RULES = {
    "an invalid number or interval": f"SELECT id FROM counts WHERE {_INVALID_ESTIMATE}",
    "an unknown role": f"SELECT id FROM counts WHERE role NOT IN ({_ROLES})",
    "a visibility that rests on nothing known": "SELECT id FROM counts "
    "WHERE status <> 'failed' AND visibility NOT IN ('mask', 'udm2', 'pixels', 'udm2+pixels')",
    "an invalid stack": "SELECT count_id FROM stacks "
    "WHERE containers < 2 OR NOT (0 < width_m AND length_m < 9e999)",
    "an invalid hull": f"SELECT count_id FROM hulls WHERE {_INVALID_SCORE} OR NOT 0 < beam_m",
    "an invalid detection": f"SELECT id FROM detections WHERE {_INVALID_SCORE} "
    "OR NOT 0 < width_m OR aboard NOT IN (0, 1) OR typeof(outline) NOT IN ('blob', 'null')",
    "a count and its recording are of different scenes": "SELECT c.id FROM counts c "
    "JOIN runs r ON r.id = c.run_id WHERE r.scene_id <> c.scene_id",
    "a detection and its count are of different scenes": "SELECT d.id FROM detections d "
    "JOIN runs r ON r.id = d.run_id JOIN counts c ON c.id = d.count_id "
    "WHERE r.scene_id <> c.scene_id",
    "a time that is not ISO 8601 in UTC": "SELECT id FROM scenes "
    "WHERE acquired NOT LIKE '%T%+00:00' OR strftime('%Y-%m-%dT%H:%M:%S', "
    "substr(acquired, 1, 19), '+0 days') IS NOT substr(acquired, 1, 19)",
    "an invalid digest": "SELECT id FROM scenes "
    "WHERE length(digest) <> 64 OR digest GLOB '*[^0-9a-f]*'",
    "an image that is there already by another name": "SELECT b.id FROM scenes a "
    "JOIN scenes b ON b.digest = a.digest AND b.id > a.id AND "
    f"abs(julianday(b.acquired) - julianday(a.acquired)) * 86400 <= {ROUNDING.total_seconds()}",
    "an alert that is not JSON": "SELECT id FROM alerts WHERE NOT json_valid(event)",
}
"""What is wrong, and a query that returns the rows where it is. Constraints are not repeated."""


def find_problems(path: str | Path) -> tuple[str, ...]:
    """Return what is wrong with the ledger at `path`, a line each; nothing where it is sound.

    It works on a copy in the folder for temporary files, of the current version, so that nothing is
    written. Raises LedgerError for a file that is not a ledger, or cannot be copied.
    """
    with tempfile.TemporaryDirectory(prefix="pierwatch-") as folder:
        copy, fresh = Path(folder) / Path(path).name, Path(folder) / "new" / "ledger.db"
        fresh.parent.mkdir()
        backup_ledger(path, copy)
        copy.chmod(0o600)
        with closing(sqlite3.connect(copy)) as ledger:
            damage = _damage(ledger)
        if damage:
            return damage  # queries over damaged pages prove nothing
        for file in (copy, fresh):
            Ledger(file).close()  # brings an older one up to date
        with closing(sqlite3.connect(copy)) as ledger:
            different = _different_tables(ledger, fresh)
            return different or tuple(_wrong_rows(ledger))  # queries over other tables may fail


def _damage(ledger: sqlite3.Connection) -> tuple[str, ...]:
    """Return what SQLite finds: damaged pages and indexes, and violated constraints."""
    try:
        lines = [text for (text,) in ledger.execute(f"PRAGMA integrity_check({_MAX_NAMED})")]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        lines = [str(error)]
    return tuple(f"SQLite: {text}" for text in lines if text != "ok")


def _different_tables(ledger: sqlite3.Connection, fresh: Path) -> tuple[str, ...]:
    """Return the tables, indexes, triggers and views that are not as in the new ledger `fresh`."""
    ledger.execute("ATTACH ? AS fresh", [str(fresh)])
    columns = "SELECT type, name, sql FROM {}.sqlite_master WHERE name NOT GLOB 'sqlite_*'"
    ours, theirs = (set(ledger.execute(columns.format(name))) for name in ("fresh", "main"))
    different = sorted({(kind, name) for kind, name, _ in ours ^ theirs})
    return tuple(f"{kind} {name} is not as in a ledger" for kind, name in different)


def _wrong_rows(ledger: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in ledger.execute("PRAGMA foreign_key_check").fetchmany(_MAX_NAMED):
        yield f"row {row} of {table} refers to a row of {parent} that is missing"
    for table in METADATA.sorted_tables:
        try:
            for _ in ledger.execute(f"SELECT * FROM main.{table.name}"):
                pass
        except sqlite3.OperationalError as error:  # texts that are not UTF-8
            yield f"{table.name}: invalid text ({error})"
    for wrong, query in tqdm(_RULES.items(), desc="checks", delay=2, disable=None, leave=False):
        for (row,) in ledger.execute(query).fetchmany(_MAX_NAMED):
            yield f"{wrong} (row {row})"
    yield from _invalid_outlines(ledger)


def _invalid_outlines(ledger: sqlite3.Connection) -> Iterator[str]:
    found = ledger.execute("SELECT id, outline FROM detections WHERE typeof(outline) = 'blob'")
    while rows := found.fetchmany(_ROWS):
        shapes = shapely.from_wkb([outline for _, outline in rows], on_invalid="ignore")
        for (row, _), shape in zip(rows, shapes, strict=True):
            if shape is None:
                yield f"an invalid outline (row {row} of detections)"
