"""Opening a ledger, and its transactions.

Only a ledger is ever touched, whatever the path or the address names. Each write transaction takes
the ledger for itself from its beginning; a read transaction sees one state.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, StaticPool, create_engine

from cv.errors import LedgerError
from cv.ledger.error_messages import database_errors
from cv.ledger.migrations import LATEST, OLDER, revision_of


@dataclass(frozen=True)
class LedgerConnection:
    """An open connection to a ledger."""

    place: Path | str
    """The file, or the address without its password."""
    sql: Connection
    begin_reading: tuple[str, ...]
    """SQL that begins a read transaction."""
    begin_writing: tuple[str, ...]
    """SQL that begins a write transaction, and waits for another writer."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run a block in a read transaction, or in the one that is open; raises LedgerError."""
        if self.sql.in_transaction():
            with database_errors(self.place):
                yield self.sql
        else:
            with self._transaction(self.begin_reading):
                yield self.sql

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run a block in a write transaction: all of it is kept, or nothing; raises LedgerError."""
        with self._transaction(self.begin_writing):
            yield self.sql

    def close(self) -> None:
        """Close the file, or leave the server."""
        self.sql.close()
        self.sql.engine.dispose()

    @contextmanager
    def _transaction(self, statements: tuple[str, ...]) -> Iterator[None]:
        with database_errors(self.place), self.sql.begin():
            for statement in statements:
                self.sql.exec_driver_sql(statement)
            yield


def connect_with(dialect: str, connect: Any) -> Connection:
    """Return a SQLAlchemy connection over the one driver connection that `connect` returns."""
    return create_engine(f"{dialect}://", creator=connect, poolclass=StaticPool).connect()


def needs_upgrade(place: Path | str, connection: Connection) -> bool:
    """Return whether the ledger is of an older version; raises LedgerError for a newer one."""
    revision = revision_of(connection)
    if revision not in (None, LATEST, *OLDER):
        raise LedgerError(
            place,
            f"schema version {revision}",
            f"this program knows {', '.join((*OLDER, LATEST))}",
            "Update Pierwatch.",
        )
    return revision in OLDER


def check_is_current(place: Path | str, connection: Connection) -> None:
    """Raise LedgerError for a ledger of another version, which cannot be read."""
    if needs_upgrade(place, connection):
        raise LedgerError(
            place,
            f"schema version {revision_of(connection)}",
            f"version {LATEST} is needed for reading",
            "Open it once for writing, for instance with `monitor`: that brings it up to date.",
        )
