"""What SQLite and the system report, as errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shapely

from cv.errors import LedgerError

_FAULTS: dict[str, tuple[str, str, str]] = {
    "SQLITE_BUSY": (
        "in use by another program that writes",
        "a ledger has one writer at a time",
        "Wait until the other one has ended, then run the same command again.",
    ),
    "SQLITE_FULL": (
        "the disk is full",
        "nothing of this scene was recorded",
        "Free some space, then run the same command again.",
    ),
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
    "SQLITE_CORRUPT": (
        "damaged",
        "an intact SQLite file is needed",
        "Restore it from a backup, or record its scenes again into a new ledger.",
    ),
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
    "SQLITE_CONSTRAINT": (
        "a count that contradicts itself",
        "numbers only where there was a view, low <= high, fractions within 0 to 1, "
        "one count per pier",
        "Nothing of this scene was recorded; please report it.",
    ),
}
NOT_TEXT = ("names of scenes and piers are Unicode", "Rename the file.")
"""What is needed of names, and what to do."""
_FAULTS["SQLITE_LOCKED"] = _FAULTS["SQLITE_PROTOCOL"] = _FAULTS["SQLITE_BUSY"]


def ledger_error(path: Path | str, error: sqlite3.Error) -> LedgerError:
    """The LedgerError that `error` on the ledger at `path` amounts to."""
    name = getattr(error, "sqlite_errorname", "")
    while name not in _FAULTS and "_" in name:
        name = name.rpartition("_")[0]
    found, limit, remedy = _FAULTS.get(
        name,
        ("SQLite failed", "a ledger written by Pierwatch is needed", "Check the file."),
    )
    return LedgerError(path, f"{found} ({error})", limit, remedy)


@contextmanager
def database_errors(path: Path | str) -> Iterator[None]:
    """Turns what SQLite reports about the ledger at `path` into LedgerError."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a mistake of the caller, such as a closed ledger
    except sqlite3.Error as error:
        raise ledger_error(path, error) from error
    except UnicodeDecodeError as error:  # SQLite names what is damaged, in its damaged bytes
        found, limit, remedy = _FAULTS["SQLITE_CORRUPT"]
        raise LedgerError(path, f"{found} ({error})", limit, remedy) from error
    except UnicodeEncodeError as error:
        raise LedgerError(
            path,
            f"the name {error.object!r} is not valid text",
            *NOT_TEXT,
        ) from error


@contextmanager
def malformed_rows(path: Path | str) -> Iterator[None]:
    """Turns rows that no program of ours wrote into LedgerError."""
    try:
        yield
    except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
        found, limit, remedy = _FAULTS["SQLITE_CORRUPT"]
        raise LedgerError(path, f"{found} ({error})", limit, remedy) from error
