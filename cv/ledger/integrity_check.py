"""Whether a ledger is sound: what SQLite can tell, and what no program of ours writes."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import shapely
from tqdm import tqdm

from cv.counting.counts import QUANTITIES
from cv.errors import LedgerError
from cv.ledger import schema
from cv.ledger.backup import copy_ledger
from cv.ledger.connection import connect_unmigrated
from cv.ledger.writer import ROUNDING
from cv.site import PierRole

_WAIT_S = 5.0
_MOST = 20
"""Problems of one kind that are named."""
_ROWS = 10_000
"""Rows that are read at a time."""
_OF_PLACE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")
"""What is the fault of the place where the copy lies."""
_NUMBERS = " OR ".join(
    f"NOT (0 <= {n}_low AND {n}_low <= {n} AND {n} <= {n}_high AND {n}_high < 9e999) "
    f"OR ({n} IS NULL) <> ({n}_low IS NULL) OR ({n} IS NULL) <> ({n}_high IS NULL)"
    for n in QUANTITIES
)
_ROLES = ", ".join(f"'{role}'" for role in PierRole)
_RULES = (
    # SQLite itself leaves out constraints where a file is opened for reading alone
    ("a number or an interval that is none", f"SELECT id FROM counts WHERE {_NUMBERS}"),
    (
        "a number where nothing was seen",
        "SELECT id FROM counts WHERE status NOT IN ('counted', 'partial') "
        "AND coalesce(containers, teu, hulls, aboard) IS NOT NULL",
    ),
    (
        "a share that is none",
        "SELECT id FROM counts WHERE visible_fraction NOT BETWEEN 0 AND 1 "
        "OR berth_visible_fraction NOT BETWEEN 0 AND 1 OR interval_level NOT BETWEEN 0 AND 1",
    ),
    (
        "a visibility that rests on nothing known",
        "SELECT id FROM counts WHERE status <> 'failed' AND visibility NOT IN ('mask', 'udm2')",
    ),
    (
        "a stack that is none",
        "SELECT count_id FROM stacks WHERE containers < 2 "
        "OR NOT (0 < width_m AND length_m < 9e999)",
    ),
    (
        "a hull that is none",
        "SELECT count_id FROM hulls WHERE score NOT BETWEEN 0 AND 1 "
        "OR NOT (0 < beam_m AND length_m < 9e999)",
    ),
    (
        "a sighting that is none",
        "SELECT id FROM sightings WHERE score NOT BETWEEN 0 AND 1 OR aboard NOT IN (0, 1) "
        "OR NOT (0 < width_m AND length_m < 9e999)",
    ),
    (
        "a status or a role that is none",
        f"SELECT id FROM counts WHERE status NOT IN ({schema.STATUSES}) OR role NOT IN ({_ROLES})",
    ),
    (
        "a count and its recording are of different scenes",
        "SELECT c.id FROM counts c JOIN runs r ON r.id = c.run_id WHERE r.scene_id <> c.scene_id",
    ),
    (
        "a sighting and its count come from different recordings",
        "SELECT s.id FROM sightings s JOIN counts c ON c.id = s.count_id "
        "JOIN runs a ON a.id = s.run_id JOIN runs b ON b.id = c.run_id "
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
        "a digest that is none",
        "SELECT id FROM scenes WHERE length(digest) <> 64 OR digest GLOB '*[^0-9a-f]*'",
    ),
    (
        "an image that is there already by another name",
        "SELECT b.id FROM scenes a JOIN scenes b ON b.digest = a.digest AND b.id > a.id "
        "AND abs(julianday(b.acquired) - julianday(a.acquired)) * 86400 "
        f"<= {ROUNDING.total_seconds()}",
    ),
    ("an alert that is no JSON", "SELECT id FROM alerts WHERE NOT json_valid(event)"),
)
"""What is wrong, and a query whose rows are where."""


def find_problems(path: str | Path) -> tuple[str, ...]:
    """What is wrong with the ledger at `path`, a line each; none where it is sound.

    Pages and indexes as SQLite checks them, references between tables, the tables themselves, and
    what no program of ours writes into them. It is done on a copy in the folder for temporary
    files, of the current schema version, so that nobody waits and nothing is written. Raises
    LedgerError for what is no ledger, or cannot be copied.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="pierwatch-") as folder:
            return _problems_of_copy(Path(path), Path(folder) / "copy.db")
    except OSError as error:
        raise _no_room(error.strerror or str(error)) from error


def _problems_of_copy(path: Path, copied: Path) -> tuple[str, ...]:
    with closing(connect_unmigrated(path, _WAIT_S)) as ledger:
        copy_ledger(path, ledger, copied)
    with closing(sqlite3.connect(copied, isolation_level=None)) as ledger:
        try:
            return tuple(_problems(ledger))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if getattr(error, "sqlite_errorname", "").startswith(_OF_PLACE):
                raise _no_room(str(error)) from error
            return (f"SQLite: {error}",)


def _no_room(found: str) -> LedgerError:
    return LedgerError(
        tempfile.gettempdir(),
        found,
        "a ledger is checked on a copy in the folder for temporary files",
        "Free some space there, or name another folder in TMPDIR.",
    )


def _problems(ledger: sqlite3.Connection) -> list[str]:
    damage = list(_damage(ledger))
    if damage:
        return damage  # queries over damaged pages say nothing
    if schema.version_of(ledger) < schema.VERSION:
        schema.migrate(ledger)
    different = list(_different_tables(ledger))
    if different:
        return different  # no question is sure to be understood
    checks: tuple[Callable[[sqlite3.Connection], Iterator[str]], ...]
    checks = (_missing_rows, _wrong_types, _wrong_texts, _broken_rules, _wrong_outlines)
    bar = tqdm(checks, desc="checks", delay=2, disable=None, leave=False)
    return [line for check in bar for line in islice(check(ledger), _MOST * len(_RULES))]


def _damage(ledger: sqlite3.Connection) -> Iterator[str]:
    ledger.execute("PRAGMA ignore_check_constraints = ON")  # `_RULES` tell more of them
    for (text,) in ledger.execute(f"PRAGMA integrity_check({_MOST})"):
        if text != "ok":
            yield f"SQLite: {text}"


def _different_tables(ledger: sqlite3.Connection) -> Iterator[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        schema.migrate(fresh)
        wanted, found = _layout(fresh), _layout(ledger)
    for kind, name in sorted(wanted.keys() | found.keys()):
        ours, theirs = wanted.get((kind, name)), found.get((kind, name))
        if theirs is None:
            yield f"{kind} {name} is missing"
        elif ours is None:
            yield f"{kind} {name} is none of ours"
        elif ours != theirs:
            yield f"{kind} {name} is another than ours"


def _layout(ledger: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """What each table, index, trigger and view is made by; SQLite's own are left out."""
    made = ledger.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'"
    )
    return {(kind, name): sql.replace('"', "") for kind, name, sql in made}


def _missing_rows(ledger: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in ledger.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
        yield f"row {row} of {table} refers to a row of {parent} that is missing"


def _columns(ledger: sqlite3.Connection) -> Iterator[tuple[str, dict[str, str]]]:
    """Each table, and the type of each of its columns."""
    for kind, table in _layout(ledger):
        if kind == "table":
            columns = ledger.execute(f"PRAGMA table_info({table})").fetchall()
            yield table, {name: declared for _, name, declared, *_ in columns}


def _wrong_types(ledger: sqlite3.Connection) -> Iterator[str]:
    """Values that are kept as something else than their column says, as text among numbers."""
    for table, columns in _columns(ledger):
        first = next(iter(columns))
        other = " OR ".join(
            f"typeof({name}) NOT IN ('{declared.lower()}', 'null')"
            for name, declared in columns.items()
        )
        for (row,) in ledger.execute(f"SELECT {first} FROM {table} WHERE {other}").fetchmany(_MOST):
            yield f"{table}: text for a number, or the like ({first} {row})"


def _wrong_texts(ledger: sqlite3.Connection) -> Iterator[str]:
    """Texts that are not UTF-8: whoever reads them gets an error."""
    for table, columns in _columns(ledger):
        first = next(iter(columns))
        texts = [f"CAST({name} AS BLOB)" for name in columns if columns[name] == "TEXT"]
        asked = ledger.execute(f"SELECT {', '.join((first, *texts))} FROM {table}")
        while rows := asked.fetchmany(_ROWS):
            for row, *values in rows:
                try:
                    b"\0".join(value or b"" for value in values).decode()
                except UnicodeDecodeError:
                    yield f"{table}: a text that is none ({first} {row!r})"


def _broken_rules(ledger: sqlite3.Connection) -> Iterator[str]:
    for wrong, query in _RULES:
        for (row,) in ledger.execute(query).fetchmany(_MOST):
            yield f"{wrong} (row {row})"


def _wrong_outlines(ledger: sqlite3.Connection) -> Iterator[str]:
    asked = ledger.execute("SELECT id, outline FROM sightings WHERE typeof(outline) = 'blob'")
    while rows := asked.fetchmany(_ROWS):
        shapes = shapely.from_wkb([outline for _, outline in rows], on_invalid="ignore")
        wrong = [row for (row, _), shape in zip(rows, shapes, strict=True) if shape is None]
        yield from (f"an outline that is none (row {row} of sightings)" for row in wrong[:_MOST])
