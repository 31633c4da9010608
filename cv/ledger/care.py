"""Care of a ledger: whether it is sound, and a copy of it while it is in use."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cv.counting.counts import QUANTITIES
from cv.errors import LedgerError
from cv.files import whole_file
from cv.ledger import schema
from cv.ledger.faults import faults
from cv.ledger.opening import connect

_WAIT_S = 5.0
_PAGES = 1024
"""Pages that a copy takes at a time: writers get their turn between."""
_MOST = 20
"""Problems of one kind that are named."""
_NUMBERS = " OR ".join(
    f"{n} < 0 OR {n}_low > {n}_high OR ({n} IS NULL) <> ({n}_low IS NULL) "
    f"OR ({n} IS NULL) <> ({n}_high IS NULL)"
    for n in QUANTITIES
)
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
        "OR berth_visible_fraction NOT BETWEEN 0 AND 1",
    ),
    (
        "a count and its recording are of different scenes",
        "SELECT c.id FROM counts c JOIN runs r ON r.id = c.run_id WHERE r.scene_id <> c.scene_id",
    ),
    (
        "a count without a number on a pier that was seen whole",
        "SELECT id FROM counts WHERE status = 'counted' AND containers IS NULL AND hulls IS NULL",
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
        "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*+00:00'",
    ),
)
"""What is wrong, and a query whose rows are where."""


def problems(path: str | Path) -> tuple[str, ...]:
    """What is wrong with the ledger at `path`, a line each; none where it is sound.

    Pages and indexes as SQLite checks them, references between tables, and what no program of ours
    writes. Reads alone. Raises LedgerError for what is no ledger.
    """
    path = Path(path)
    connection = connect(path, True, _WAIT_S)
    try:
        return tuple(_problems(connection))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return (f"SQLite: {error}",)
    finally:
        connection.close()


def _problems(connection: sqlite3.Connection) -> list[str]:
    told = connection.execute(f"PRAGMA integrity_check({_MOST})").fetchall()
    found = [f"SQLite: {text}" for (text,) in told if text != "ok"]
    if found:
        return found  # queries over damaged pages say nothing
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
        found.append(f"row {row} of {table} refers to a row of {parent} that is missing")
    for wrong, query in _RULES:
        rows = connection.execute(query).fetchmany(_MOST)
        found += [f"{wrong} (row {row})" for (row,) in rows]
    return found


def backup(path: str | Path, target: str | Path) -> None:
    """A copy of the ledger at `path` as the new file `target`, whole or not at all.

    The ledger may be in use: the copy is of one moment, and writers wait but for milliseconds.
    Raises LedgerError, also where `target` exists.
    """
    path, target = Path(path), Path(target)
    source = connect(path, True, _WAIT_S)
    try:
        with whole_file(target, overwrite=False) as draft, faults(path):
            copy = sqlite3.connect(draft, isolation_level=None)
            try:
                source.backup(copy, pages=_PAGES)
                copy.execute("PRAGMA journal_mode = delete")
                if schema.version_of(copy) != schema.VERSION:
                    raise LedgerError(
                        path, "the copy is incomplete", "a whole one is needed", "Try again."
                    )
            finally:
                copy.close()
    except OSError as error:
        raise LedgerError(
            target,
            error.strerror or str(error),
            "a backup is a new file in a folder that can be written",
            "Name another file, or free some space.",
        ) from error
    finally:
        source.close()
