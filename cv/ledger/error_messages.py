"""What a database reports, as errors that name the cause and the remedy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shapely
from sqlalchemy import exc

from cv.errors import LedgerError
from cv.ledger.address import without_password

_BUSY = (
    "in use by another program that writes",
    "a ledger has one writer at a time",
    "Wait until the other one has ended, then run the same command again.",
)
_FULL = (
    "the disk is full",
    "nothing of this scene was recorded",
    "Free some space, then run the same command again.",
)
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
_NOT_TEXT = (
    "a name is not valid text",
    "names of scenes and piers are Unicode",
    "Rename the file.",
)
_SQLITE = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_PROTOCOL": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY_ROLLBACK": (
        "left unfinished by a program that broke off",
        "it must be completed by a writer before it can be read",
        "Run `monitor` on it once, or open it for writing.",
    ),
    "SQLITE_READONLY": (
        "not writable",
        "the ledger and its folder must be writable",
        "Change its permissions, or open it for reading.",
    ),
    "SQLITE_CANTOPEN": (
        "cannot be opened",
        "a readable file in a folder that can be written is needed",
        "Check the path and its permissions.",
    ),
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": (
        "not a SQLite file",
        "a ledger written by Pierwatch is needed",
        "Check the path, or name a file that does not exist yet.",
    ),
    "SQLITE_IOERR": (
        "the disk reported an error",
        "nothing of this scene was recorded",
        "Check the disk, then run the same command again.",
    ),
    "SQLITE_CONSTRAINT": _CONTRADICTION,
    "SQLITE": ("SQLite failed", "a ledger written by Pierwatch is needed", "Check the file."),
}
"""By the name of an error code or of its group, a prefix."""
_POSTGRES = {"55P03": _BUSY, "57014": _BUSY, "53100": _FULL, "23": _CONTRADICTION, "22": _NOT_TEXT}
"""By SQLSTATE or its class. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html."""
_SERVER_FAILED = (
    "PostgreSQL failed",
    "a server that can be reached, and the right to read and write there, are needed",
    "Check address, password (PGPASSWORD, ~/.pgpass) and rights.",
)


def ledger_error(place: Path | str, error: BaseException) -> LedgerError:
    """Return the LedgerError for what a database driver reported of the ledger at `place`."""
    found, limit, remedy = _explain(error)
    cause = " ".join(str(error).split())[:200]
    return LedgerError(place, f"{found} ({without_password(cause)})", limit, remedy)


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
    except (exc.DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
        raise ledger_error(place, cause) from error
    except UnicodeEncodeError as error:
        raise ledger_error(place, error) from error
    except UnicodeDecodeError as error:  # SQLite names what is damaged, in its damaged bytes
        raise _damaged(place, error) from error


@contextmanager
def malformed_rows(place: Path | str) -> Iterator[None]:
    """Turn rows that Pierwatch does not write into LedgerError."""
    try:
        yield
    except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
        raise _damaged(place, error) from error


def _damaged(place: Path | str, error: Exception) -> LedgerError:
    found, limit, remedy = _DAMAGED
    return LedgerError(place, f"{found} ({error})", limit, remedy)
