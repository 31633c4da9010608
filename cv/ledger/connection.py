"""Opening a ledger: only a ledger is ever touched, whatever the path names."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from cv.errors import LedgerError
from cv.io.atomic_files import atomic_path
from cv.ledger import schema
from cv.ledger.error_messages import database_errors

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = slice(68, 72)
"""Where a SQLite file keeps its application id. Source: https://sqlite.org/fileformat.html."""


def connect(path: Path, readonly: bool, timeout_s: float) -> sqlite3.Connection:
    """A connection in autocommit mode to the ledger at `path`, at the current schema version.

    Creates the file where there is none, migrates an older one; with `readonly` does neither.
    Raises LedgerError and leaves a file that is not a ledger, or a newer one, as it is.
    """
    if not readonly:
        if not path.exists():
            _create(path)
        return _opened(path, "rw", timeout_s, _prepare_writing)
    return _opened(path, "ro", timeout_s, _prepare_reading)


def connect_unmigrated(path: Path, timeout_s: float) -> sqlite3.Connection:
    """A connection that reads the ledger at `path`, of whatever schema version up to the current.

    Raises LedgerError.
    """
    return _opened(path, "ro", timeout_s, _check_version)


def file_identity(path: Path | str) -> tuple[int, int] | None:
    """What tells the file at `path` from another one that takes its place; None where there is
    none."""
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return None
    return stat.st_dev, stat.st_ino


def _opened(
    path: Path,
    mode: str,
    timeout_s: float,
    prepare: Callable[[Path, sqlite3.Connection], object],
) -> sqlite3.Connection:
    if not path.exists():
        raise LedgerError(
            path,
            "no such file",
            "an existing ledger is needed for reading",
            "Check the path, or fill a ledger with `monitor` first.",
        )
    if not path.is_file():
        raise LedgerError(path, "not a file", "a ledger is one", "Check the path.")
    _check_header(path)
    with database_errors(path):
        connection = _raw(path, mode, timeout_s)
        try:
            prepare(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _raw(path: Path, mode: str, timeout_s: float) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout_s, isolation_level=None)


def _create(path: Path) -> None:
    """An empty ledger at `path`, whole; if another program is faster, its file stays."""
    try:
        with atomic_path(path, overwrite=False) as draft, database_errors(path):
            connection = _raw(draft, "rwc", 0)
            try:
                schema.migrate(connection)
            finally:
                connection.close()
    except FileExistsError:
        return
    except OSError as error:
        raise LedgerError(
            path,
            error.strerror or str(error),
            "its folder must exist, be writable and have space",
            "Create the folder, or choose another path.",
        ) from error


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise LedgerError(
            path,
            error.strerror or str(error),
            "a readable file is needed",
            "Check the path and its permissions.",
        ) from error
    if not header:
        found = "0 bytes"
    elif not header.startswith(_MAGIC) or len(header) < 100:
        found = "not a SQLite file"
    elif int.from_bytes(header[_APPLICATION_ID]) != schema.APPLICATION_ID:
        found = "a SQLite file of another program"
    else:
        return
    raise LedgerError(
        path,
        found,
        "a ledger written by Pierwatch is needed",
        "Check the path, or name a file that does not exist yet.",
    )


def _check_version(path: Path, connection: sqlite3.Connection) -> int:
    """The schema version, if this program knows it."""
    version = schema.version_of(connection)
    if version > schema.VERSION:
        raise LedgerError(
            path,
            f"schema version {version}",
            f"this program knows versions 1 to {schema.VERSION}",
            "Update Pierwatch.",
        )
    return version


def _prepare_reading(path: Path, connection: sqlite3.Connection) -> None:
    version = _check_version(path, connection)
    if version < schema.VERSION:
        raise LedgerError(
            path,
            f"schema version {version}",
            f"version {schema.VERSION} is needed for reading",
            "Open it once for writing, for instance with `monitor`: that brings it up to date.",
        )
    connection.execute("PRAGMA query_only = ON")


def _prepare_writing(path: Path, connection: sqlite3.Connection) -> None:
    version = _check_version(path, connection)
    if not os.access(path, os.W_OK):
        raise LedgerError(
            path,
            "not writable",
            "the ledger and its folder must be writable",
            "Change its permissions, or open it for reading.",
        )
    _set_journal(path, connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_spill = OFF")  # a spill would lock readers out before commit
    if version < schema.VERSION:
        schema.migrate(connection)
    connection.execute("PRAGMA foreign_keys = ON")


def _set_journal(path: Path, connection: sqlite3.Connection) -> None:
    wanted = schema.journal_mode()
    try:
        mode = str(connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0])
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_BUSY":
            raise
        mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    if mode == "wal" and not schema.wal_is_safe():
        raise LedgerError(
            path,
            f"in WAL mode, while SQLite is {sqlite3.sqlite_version}",
            "this SQLite can damage a ledger that several programs hold open in that mode",
            "Close the other programs once, or update SQLite to 3.51.3.",
        )
