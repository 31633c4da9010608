"""What a database reports, as errors that name the cause and the remedy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import exc

from cv.errors import LedgerError
from cv.ledger.postgres_address import without_password

_AGAIN = "then run the same command again."
_BUSY = (
    "in use by another program that writes",
    "a ledger has one writer at a time",
    f"Wait, {_AGAIN}",
)
_FULL = "the disk is full", "nothing of this scene was recorded", f"Free some space, {_AGAIN}"
_DAMAGED = (
    "damaged",
    "an intact ledger is needed",
    "Restore it from a backup, or record its scenes again into a new ledger.",
)
_CONTRADICTION = (
    "a count that contradicts itself",
    "numbers only where there was a view, low <= high, fractions within 0 to 1, one count per pier",
    "Nothing of this scene was recorded; please report it.",
)
_NOT_TEXT = "a name is not valid text", "names of scenes and piers are Unicode", "Rename the file."
NOT_WRITABLE = (
    "not writable",
    "the ledger and its folder must be writable",
    "Change its permissions, or open it for reading.",
)
NOT_A_LEDGER = "a ledger written by Pierwatch is needed"
_SQLITE = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY_ROLLBACK": (
        "left unfinished by a program that broke off",
        "it must be completed by a writer before it can be read",
        "Run `monitor` on it once, or open it for writing.",
    ),
    "SQLITE_READONLY": NOT_WRITABLE,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_IOERR": (
        "the disk reported an error",
        "nothing of this scene was recorded",
        f"Check the disk, {_AGAIN}",
    ),
    "SQLITE_CONSTRAINT": _CONTRADICTION,
    "SQLITE": ("SQLite failed", NOT_A_LEDGER, "Check the path, the file and its permissions."),
}
"""By the name of an error code or of its group, a prefix."""
_POSTGRES = {"55P03": _BUSY, "57014": _BUSY, "53100": _FULL, "23": _CONTRADICTION, "22": _NOT_TEXT}
"""By SQLSTATE or its class. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html."""
_SERVER_FAILED = (
    "PostgreSQL failed",
    "a server that can be reached, and the right to read and write there, are needed",
    "Check address, password (PGPASSWORD, ~/.pgpass) and rights.",
)


def _explain(error: BaseException) -> tuple[str, str, str]:
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "SQLITE")
        while name not in _SQLITE:
            name = name.rpartition("_")[0] or "SQLITE"
        return _SQLITE[name]
    if isinstance(error, UnicodeEncodeError) or type(error).__name__ == "DataError":
        return _NOT_TEXT
    state = getattr(error, "sqlstate", None) or ""
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2]) or _SERVER_FAILED


@contextmanager
def database_errors(place: Path | str) -> Iterator[None]:
    """Turn what a database reports of the ledger at `place` into LedgerError."""
    try:
        yield
    except (exc.DBAPIError, sqlite3.Error, UnicodeEncodeError) as error:
        cause = getattr(error, "orig", None) or error
        found, limit, remedy = _explain(cause)
        detail = without_password(" ".join(str(cause).split())[:200])
        raise LedgerError(place, f"{found} ({detail})", limit, remedy) from error
    except UnicodeDecodeError as error:  # SQLite names what is damaged, in its damaged bytes
        raise damaged_ledger(place, error) from error


def damaged_ledger(place: Path | str, error: Exception) -> LedgerError:
    """Return the LedgerError for rows that Pierwatch does not write."""
    found, limit, remedy = _DAMAGED
    return LedgerError(place, f"{found} ({error})", limit, remedy)
