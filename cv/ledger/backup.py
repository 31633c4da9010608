"""A copy of a ledger while it is in use."""

from __future__ import annotations

import errno
import math
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from cv.errors import LedgerError
from cv.io.atomic_files import atomic_path
from cv.ledger.error_messages import database_errors
from cv.ledger.sqlite_connection import open_file

_WAIT_S = 5.0
_PAGES = 1024
"""Pages that are copied at a time: writers get their turn between."""
_MAX_STARTS = 3
"""SQLite begins a copy anew after each write of another program. After so many starts the copy is
made in one step, for which writers wait."""
_FAULTS_OF_TARGET = (
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
)
"""Errors that only the disk of the copy can cause: the ledger is only read."""


def backup_ledger(path: str | Path, target: str | Path) -> None:
    """Copy the ledger at `path` into the new file `target`, whole or not at all.

    The ledger may be in use: the copy is of one moment, and writers wait for milliseconds, or as
    long as a copy takes where they write all the time. A ledger of an older version is copied as it
    is; the copy has the file mode of the ledger. Raises LedgerError, also where `target` exists.
    """
    path, target = Path(path), Path(target)
    with closing(open_file(path, "ro", _WAIT_S)) as source:
        try:
            with atomic_path(target, overwrite=False) as draft:
                copy_ledger(path, source, draft)
                _finish(path, draft)
            target.chmod(stat.S_IMODE(path.stat().st_mode))
        except OSError as error:
            raise _unwritable(target, error.strerror or str(error)) from error


def copy_ledger(path: Path, source: sqlite3.Connection, target: Path) -> None:
    """Copy what `source`, the ledger at `path`, holds at one moment into the new file `target`.

    Raises LedgerError, and OSError where `target` cannot be written.
    """
    with database_errors(path):
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as made:
                _fill(source, made)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname in _FAULTS_OF_TARGET or not target.exists():
                raise OSError(errno.EIO, str(error)) from error
            raise


def _finish(path: Path, draft: Path) -> None:
    """Make the copy `draft` of the ledger at `path` a file of its own."""
    with database_errors(path), closing(sqlite3.connect(draft, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = delete")
        if not made.execute("PRAGMA user_version").fetchone()[0]:
            raise LedgerError(path, "the copy is incomplete", "a whole one is needed", "Try again.")
    draft.chmod(
        stat.S_IMODE(path.stat().st_mode) | stat.S_IWUSR
    )  # it is still to be flushed to disk


class _Interrupted(Exception):
    """Other programs write too often."""


def _fill(source: sqlite3.Connection, made: sqlite3.Connection) -> None:
    pages_left, starts = math.inf, 1

    def count_starts(_: int, remaining: int, __: int) -> None:
        nonlocal pages_left, starts
        starts += remaining >= pages_left
        pages_left = remaining
        if starts > _MAX_STARTS:
            raise _Interrupted

    try:
        source.backup(made, pages=_PAGES, progress=count_starts)
    except _Interrupted:
        source.backup(made)


def _unwritable(target: Path, found: str) -> LedgerError:
    return LedgerError(
        target,
        found,
        "a copy is a new file in a folder that can be written, with space for it",
        "Name another file, or free some space.",
    )
