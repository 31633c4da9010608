"""Whether a ledger is sound: what SQLite checks, and what Pierwatch never writes."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import shapely
from sqlalchemy import Boolean, Double, LargeBinary
from sqlalchemy.types import TypeEngine
from tqdm import tqdm

from cv.counting.counts import QUANTITIES
from cv.errors import LedgerError
from cv.ledger.backup import copy_ledger
from cv.ledger.connection import needs_upgrade
from cv.ledger.error_messages import database_errors
from cv.ledger.schema import METADATA, STATUSES, JsonText, UtcDateTime, detections, estimate_columns
from cv.ledger.sqlite_connection import open_file, sqlalchemy_connection, upgrade_sqlite
from cv.ledger.writer import ROUNDING
from cv.site import PierRole

_WAIT_S = 5.0
_MAX_NAMED = 20
"""Problems of one kind that are named."""
_ROWS = 10_000
"""Rows that are read at a time."""
_FAULTS_OF_COPY = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")
"""Errors that only the folder of the copy can cause."""


def _invalid_estimate(quantity: str) -> str:
    value, low, high = estimate_columns(quantity)
    return (
        f"NOT (0 <= {low} AND {low} <= {value} AND {value} <= {high} AND {high} < 9e999) "
        f"OR ({value} IS NULL) <> ({low} IS NULL) OR ({value} IS NULL) <> ({high} IS NULL)"
    )


_ROLES = ", ".join(f"'{role}'" for role in PierRole)
_RULES = (
    # SQLite itself leaves out constraints where a file is opened for reading alone
    (
        "an invalid number or interval",
        f"SELECT id FROM counts WHERE {' OR '.join(map(_invalid_estimate, QUANTITIES))}",
    ),
    (
        "a number where nothing was seen",
        "SELECT id FROM counts WHERE status NOT IN ('counted', 'partial') "
        f"AND coalesce({', '.join(QUANTITIES)}) IS NOT NULL",
    ),
    (
        "a fraction that is not within 0 to 1",
        "SELECT id FROM counts WHERE visible_fraction NOT BETWEEN 0 AND 1 "
        "OR berth_visible_fraction NOT BETWEEN 0 AND 1 OR interval_level NOT BETWEEN 0 AND 1",
    ),
    (
        "a visibility that rests on nothing known",
        "SELECT id FROM counts WHERE status <> 'failed' AND visibility NOT IN ('mask', 'udm2')",
    ),
    (
        "an invalid stack",
        "SELECT count_id FROM stacks WHERE containers < 2 "
        "OR NOT (0 < width_m AND length_m < 9e999)",
    ),
    (
        "an invalid hull",
        "SELECT count_id FROM hulls WHERE score NOT BETWEEN 0 AND 1 "
        "OR NOT (0 < beam_m AND length_m < 9e999)",
    ),
    (
        "an invalid detection",
        "SELECT id FROM detections WHERE score NOT BETWEEN 0 AND 1 OR aboard NOT IN (0, 1) "
        "OR NOT (0 < width_m AND length_m < 9e999)",
    ),
    (
        "an unknown status or role",
        f"SELECT id FROM counts WHERE status NOT IN ({STATUSES}) OR role NOT IN ({_ROLES})",
    ),
    (
        "a count and its recording are of different scenes",
        "SELECT c.id FROM counts c JOIN runs r ON r.id = c.run_id WHERE r.scene_id <> c.scene_id",
    ),
    (
        "a detection and its count come from different recordings",
        "SELECT d.id FROM detections d JOIN counts c ON c.id = d.count_id "
        "JOIN runs a ON a.id = d.run_id JOIN runs b ON b.id = c.run_id "
        "WHERE a.scene_id <> b.scene_id",
    ),
    (
        "a time that is not ISO 8601 in UTC",
        "SELECT id FROM scenes WHERE acquired NOT GLOB "
        "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*+00:00' "
        "OR julianday(acquired) IS NULL OR strftime('%Y-%m-%dT%H:%M:%S', "
        "substr(acquired, 1, 19), '+0 days') IS NOT substr(acquired, 1, 19)",
    ),
    (
        "an invalid digest",
        "SELECT id FROM scenes WHERE length(digest) <> 64 OR digest GLOB '*[^0-9a-f]*'",
    ),
    (
        "an image that is there already by another name",
        "SELECT b.id FROM scenes a JOIN scenes b ON b.digest = a.digest AND b.id > a.id "
        "AND abs(julianday(b.acquired) - julianday(a.acquired)) * 86400 "
        f"<= {ROUNDING.total_seconds()}",
    ),
    ("an alert that is not JSON", "SELECT id FROM alerts WHERE NOT json_valid(event)"),
)
"""What is wrong, and a query that returns the rows where it is."""


def find_problems(path: str | Path) -> tuple[str, ...]:
    """Return what is wrong with the ledger at `path`, a line each; nothing where it is sound.

    Checks pages and indexes as SQLite does, references between tables, the tables themselves, and
    values that Pierwatch never writes. It works on a copy in the folder for temporary files, of the
    current version, so that no writer waits and nothing is written. Raises LedgerError for a file
    that is not a ledger, or cannot be copied.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="pierwatch-") as folder:
            return _problems_of_copy(Path(path), Path(folder) / "copy.db")
    except OSError as error:
        raise _no_room(error.strerror or str(error)) from error


def _problems_of_copy(path: Path, copied: Path) -> tuple[str, ...]:
    with closing(open_file(path, "ro", _WAIT_S)) as ledger:
        copy_ledger(path, ledger, copied)
    with closing(sqlite3.connect(copied, isolation_level=None)) as ledger:
        try:
            return tuple(_problems(path, ledger))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if getattr(error, "sqlite_errorname", "").startswith(_FAULTS_OF_COPY):
                raise _no_room(str(error)) from error
            return (f"SQLite: {error}",)


def _no_room(found: str) -> LedgerError:
    return LedgerError(
        tempfile.gettempdir(),
        found,
        "a ledger is checked on a copy in the folder for temporary files",
        "Free some space there, or name another folder in TMPDIR.",
    )


def _problems(path: Path, ledger: sqlite3.Connection) -> list[str]:
    damage = list(_damage(ledger))
    if damage:
        return damage  # queries over damaged pages prove nothing
    _upgrade(path, ledger)
    different = list(_different_tables(ledger))
    if different:
        return different  # queries over other tables may fail
    checks: tuple[Callable[[sqlite3.Connection], Iterator[str]], ...]
    checks = (_missing_rows, _wrong_types, _wrong_texts, _broken_rules, _wrong_outlines)
    bar = tqdm(checks, desc="checks", delay=2, disable=None, leave=False)
    return [line for check in bar for line in islice(check(ledger), _MAX_NAMED * len(_RULES))]


def _damage(ledger: sqlite3.Connection) -> Iterator[str]:
    ledger.execute("PRAGMA ignore_check_constraints = ON")  # `_RULES` report more of them
    for (text,) in ledger.execute(f"PRAGMA integrity_check({_MAX_NAMED})"):
        if text != "ok":
            yield f"SQLite: {text}"


def _upgrade(path: Path, ledger: sqlite3.Connection) -> None:
    with database_errors(path), sqlalchemy_connection(ledger) as connection:
        needs_upgrade(path, connection)  # or it is of a later version
        connection.rollback()
        upgrade_sqlite(connection)


def _different_tables(ledger: sqlite3.Connection) -> Iterator[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        _upgrade(Path(":memory:"), fresh)
        wanted, found = _layout(fresh), _layout(ledger)
    for kind, name in sorted(wanted.keys() | found.keys()):
        ours, theirs = wanted.get((kind, name)), found.get((kind, name))
        if theirs is None:
            yield f"{kind} {name} is missing"
        elif ours is None:
            yield f"{kind} {name} is not one of a ledger"
        elif ours != theirs:
            yield f"{kind} {name} is not defined as in a ledger"


def _layout(ledger: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return the SQL of each table, index, trigger and view, without those of SQLite itself."""
    made = ledger.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'"
    )
    return {(kind, name): sql for kind, name, sql in made}


def _missing_rows(ledger: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in ledger.execute("PRAGMA foreign_key_check").fetchmany(_MAX_NAMED):
        yield f"row {row} of {table} refers to a row of {parent} that is missing"


def _storage_class(kind: TypeEngine[object]) -> str:
    """Return how SQLite stores a column of this type. Source: https://sqlite.org/datatype3.html."""
    if isinstance(kind, Double):
        return "real"
    if isinstance(kind, LargeBinary):
        return "blob"
    is_text = isinstance(kind, UtcDateTime | JsonText) or kind.python_type is str
    return "text" if is_text and not isinstance(kind, Boolean) else "integer"


def _columns() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each table, its first column, and the storage class of each of its columns."""
    for table in METADATA.sorted_tables:
        classes = {column.name: _storage_class(column.type) for column in table.columns}
        yield table.name, next(iter(classes)), classes


def _wrong_types(ledger: sqlite3.Connection) -> Iterator[str]:
    """Find values that are stored as another type than that of their column."""
    for table, first, classes in _columns():
        other = " OR ".join(f"typeof({name}) NOT IN ('{k}', 'null')" for name, k in classes.items())
        rows = ledger.execute(f"SELECT {first} FROM {table} WHERE {other}").fetchmany(_MAX_NAMED)
        for (row,) in rows:
            yield f"{table}: text for a number, or the like ({first} {row})"


def _wrong_texts(ledger: sqlite3.Connection) -> Iterator[str]:
    """Find texts that are not UTF-8, which cannot be read."""
    for table, first, classes in _columns():
        texts = [f"CAST({name} AS BLOB)" for name, kind in classes.items() if kind == "text"]
        found = ledger.execute(f"SELECT {', '.join((first, *texts))} FROM {table}")
        while rows := found.fetchmany(_ROWS):
            for row, *values in rows:
                try:
                    b"\0".join(value or b"" for value in values).decode()
                except UnicodeDecodeError:
                    yield f"{table}: invalid text ({first} {row!r})"


def _broken_rules(ledger: sqlite3.Connection) -> Iterator[str]:
    for wrong, query in _RULES:
        for (row,) in ledger.execute(query).fetchmany(_MAX_NAMED):
            yield f"{wrong} (row {row})"


def _wrong_outlines(ledger: sqlite3.Connection) -> Iterator[str]:
    table = detections.name
    found = ledger.execute(f"SELECT id, outline FROM {table} WHERE typeof(outline) = 'blob'")
    while rows := found.fetchmany(_ROWS):
        shapes = shapely.from_wkb([outline for _, outline in rows], on_invalid="ignore")
        wrong = [row for (row, _), shape in zip(rows, shapes, strict=True) if shape is None]
        yield from (f"an invalid outline (row {row} of {table})" for row in wrong[:_MAX_NAMED])
