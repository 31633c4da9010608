"""A copy of a ledger while it is in use."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from cv.errors import LedgerError
from cv.files import whole_file
from cv.ledger import schema
from cv.ledger.faults import faults
from cv.ledger.opening import connect_as_it_is

_WAIT_S = 5.0
_PAGES = 1024
"""Pages that a copy takes at a time: writers get their turn between."""


def backup(path: str | Path, target: str | Path) -> None:
    """A copy of the ledger at `path` as the new file `target`, whole or not at all.

    The ledger may be in use: the copy is of one moment, and writers wait but for milliseconds. One
    of an older schema version stays so. Raises LedgerError, also where `target` exists.
    """
    path, target = Path(path), Path(target)
    source = connect_as_it_is(path, _WAIT_S)
    try:
        with whole_file(target, overwrite=False) as draft, faults(path):
            _copy(path, source, draft)
    except OSError as error:
        raise LedgerError(
            target,
            error.strerror or str(error),
            "a backup is a new file in a folder that can be written",
            "Name another file, or free some space.",
        ) from error
    finally:
        source.close()


def _copy(path: Path, source: sqlite3.Connection, draft: Path) -> None:
    """Raises LedgerError and sqlite3.Error, and OSError where it is the copy's disk that is full"""
    copy = sqlite3.connect(draft, isolation_level=None)
    try:
        source.backup(copy, pages=_PAGES)
        copy.execute("PRAGMA journal_mode = delete")
        if schema.version_of(copy) != schema.version_of(source):
            raise LedgerError(path, "the copy is incomplete", "a whole one is needed", "Try again.")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
    finally:
        copy.close()
