"""A ledger in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from cv.errors import LedgerError
from cv.io.atomic_files import atomic_path
from cv.ledger.connection import LedgerConnection, check_is_current, connect_with, needs_upgrade
from cv.ledger.error_messages import NOT_A_LEDGER, NOT_WRITABLE, database_errors
from cv.ledger.migrations import upgrade

APPLICATION_ID = 0x50574C47
"""Marks a SQLite file as a ledger ("PWLG"), in its header."""
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_APPLICATION_ID_BYTES = slice(68, 72)
"""Where a SQLite file keeps its application id. Source: https://sqlite.org/fileformat.html."""


def open_sqlite_ledger(path: Path, readonly: bool, timeout_s: float) -> LedgerConnection:
    """Connect to the ledger at `path`.

    Creates the file where there is none, brings an older one up to date; with `readonly` does
    neither. Raises LedgerError and leaves a file that is not a ledger, or a newer one, as it is.
    """
    if not readonly and not path.exists():
        _create(path)
    raw = open_file(path, "ro" if readonly else "rw", timeout_s)
    sql = connect_with("sqlite", lambda: raw)
    ledger = LedgerConnection(path, sql, ("BEGIN",), ("BEGIN IMMEDIATE",))
    try:
        with database_errors(path):
            if readonly:
                with sql.begin():
                    check_is_current(path, sql)
                raw.execute("PRAGMA query_only = ON")
            else:
                _prepare_writing(path, sql, raw)
    except BaseException:
        ledger.close()
        raise
    return ledger


def open_file(path: Path, mode: str, timeout_s: float) -> sqlite3.Connection:
    """Open a file that is a ledger by its header, of whatever version; raises LedgerError.

    `mode` is "ro" to read, or "rw".
    """
    if not path.exists():
        raise LedgerError(
            path,
            "no such file",
            "an existing ledger is needed for reading",
            "Check the path, or fill a ledger with `monitor` first.",
        )
    if not path.is_file():
        raise LedgerError(path, "not a file", "a ledger is one", "Check the path.")
    _check_header(path, may_be_made=mode != "ro")
    with database_errors(path):
        return _raw(path, mode, timeout_s)


def _upgrade(connection: Connection) -> None:
    """Bring an open file, which may be empty, up to date; it must not enforce foreign keys yet."""
    with connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _raw(path: Path, mode: str, timeout_s: float) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout_s, isolation_level=None)


def _create(path: Path) -> None:
    """Make an empty ledger at `path`, whole; if another program is faster, its file stays."""
    try:
        with (
            atomic_path(path, overwrite=False) as draft,
            database_errors(path),
            closing(_raw(draft, "rwc", 0)) as raw,
            connect_with("sqlite", lambda: raw) as sql,
        ):
            _upgrade(sql)
    except FileExistsError:
        return
    except OSError as error:
        raise LedgerError(
            path,
            error.strerror or str(error),
            "its folder must exist, be writable and have space",
            "Create the folder, or choose another path.",
        ) from error


def _check_header(path: Path, *, may_be_made: bool) -> None:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        found = error.strerror or str(error)
    else:
        if not header:
            found = "0 bytes"
        elif not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
            found = "not a SQLite file"
        elif int.from_bytes(header[_APPLICATION_ID_BYTES]) != APPLICATION_ID:
            found = "a SQLite file of another program"
        else:
            return
    other = ", or name a file that does not exist yet" if may_be_made else ""
    remedy = f"Check the path and its permissions{other}."
    raise LedgerError(path, found, NOT_A_LEDGER, remedy)


def _prepare_writing(path: Path, sql: Connection, raw: sqlite3.Connection) -> None:
    with sql.begin():
        is_older = needs_upgrade(path, sql)
    if not os.access(path, os.W_OK):
        raise LedgerError(path, *NOT_WRITABLE)
    raw.execute("PRAGMA journal_mode = delete")  # 0.1.0 may have chosen WAL
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA cache_spill = OFF")  # a spill would lock readers out before the commit
    if is_older:
        _upgrade(sql)
    raw.execute("PRAGMA foreign_keys = ON")
