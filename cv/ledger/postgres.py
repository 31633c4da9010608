"""A ledger in PostgreSQL (extra `postgres`): the tables and questions are those of SQLite.

Both databases speak standard SQL here, so that there is one schema and one text of each question;
what differs (types, marks of parameters, how a writer waits for another) is translated below.
Writers take turns by an advisory lock of their schema, as they do by the lock on a SQLite file: any
number of coordinators may write into one ledger.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cv.errors import LedgerError
from cv.io.hosts import is_loopback
from cv.ledger import schema
from cv.ledger.error_messages import NOT_TEXT

SCHEMES = ("postgresql://", "postgres://")
"""How the address of such a ledger begins."""
_TYPES = (
    (r"\bINTEGER\b", "BIGINT"),
    (r"\bREAL\b", "DOUBLE PRECISION"),
    (r"\bBLOB\b", "BYTEA"),
    (r"\bTEXT\b", 'TEXT COLLATE "C"'),  # sorted by bytes, as in SQLite
    (r"\) WITHOUT ROWID", ")"),
)
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('pierwatch ' || current_schema()))"
_VERSION = "SELECT version FROM pierwatch_ledger"
_THERE = (
    "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'pierwatch_ledger'"
)
"""Not `to_regclass`: that may answer from what the connection knew before it waited."""
_LAYOUT = "CREATE TABLE pierwatch_ledger (version BIGINT NOT NULL) -- of the schema"


def is_postgres_address(text: object) -> bool:
    """Whether `text` is the address of a ledger in PostgreSQL."""
    return isinstance(text, str) and text.lower().startswith(SCHEMES)


def without_password(address: str) -> str:
    """`address` as it may be printed: without a password."""
    return re.sub(
        r"(?i)(://[^/@:]*):[^@]*@", r"\1:***@", re.sub(r"(?i)password=[^&]*", "", address)
    )


class PostgresConnection:
    """What the ledger needs of a connection, as `sqlite3.Connection` offers it."""

    def __init__(self, address: str, readonly: bool, timeout_s: float) -> None:
        """Connects; makes the tables if they are missing, unless `readonly`. Raises LedgerError."""
        self._name = without_password(address)
        self._psycopg = _driver(self._name)
        self._wait_ms = max(1, round(1000 * timeout_s))
        with self._faults():
            self._connection = self._psycopg.connect(
                address, autocommit=True, connect_timeout=10, **_secured(self._psycopg, address)
            )
        try:
            self._prepare(readonly)
        except BaseException:
            self._connection.close()
            raise

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        idle = self._psycopg.pq.TransactionStatus.IDLE
        return not self._connection.closed and self._connection.info.transaction_status != idle

    def close(self) -> None:
        """Lets go of the server."""
        self._connection.close()

    def execute(self, sql: str, given: Sequence[Any] = ()) -> Any:
        """The cursor of one statement; raises LedgerError."""
        if self._connection.closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        with self._faults():
            if sql == "BEGIN IMMEDIATE":
                return self._begin_writing()
            if sql == "BEGIN":
                return self._connection.execute(_READ)
            return self._connection.execute(_marked(sql), _plain(given))

    def _begin_writing(self) -> Any:
        self._connection.execute("BEGIN")
        try:
            self._connection.execute(f"SET LOCAL lock_timeout = {self._wait_ms}")
            return self._connection.execute(_LOCK)
        except self._psycopg.Error:
            self._connection.execute("ROLLBACK")
            raise

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for many rows; raises LedgerError."""
        with self._faults(), self._connection.cursor() as cursor:
            cursor.executemany(_marked(sql), [_plain(row) for row in rows])

    def _prepare(self, readonly: bool) -> None:
        version = self._version()
        if version is None and readonly:
            raise LedgerError(
                self._name,
                "no ledger in it",
                "an existing ledger is needed for reading",
                "Check the address, or fill a ledger with `monitor` first.",
            )
        if version is None:
            self._create()
        elif version < schema.VERSION and not readonly:
            self._migrate()
        version = self._version()
        if version != schema.VERSION:
            raise LedgerError(
                self._name,
                f"schema version {version}",
                f"version {schema.VERSION} is needed",
                "Older ones are brought up to date by `monitor`; for newer ones update Pierwatch.",
            )
        if readonly:
            self.execute("SET default_transaction_read_only = on")

    def _version(self) -> int | None:
        with self._faults():
            if self._connection.execute(_THERE).fetchone() is None:
                return None
            return int(self._connection.execute(_VERSION).fetchone()[0])

    def _create(self) -> None:
        self.execute("BEGIN IMMEDIATE")
        try:
            if self._version() is None:
                for statement in (*_statements(), _LAYOUT):
                    self.execute(statement)
                self.execute("INSERT INTO pierwatch_ledger VALUES (?)", (schema.VERSION,))
            self.execute("COMMIT")
        finally:
            if self.in_transaction:
                self.execute("ROLLBACK")

    def _migrate(self) -> None:
        self.execute("BEGIN IMMEDIATE")
        try:
            for step in schema.MIGRATIONS[self._version() :]:
                for statement in step:
                    self.execute(_translated(statement))
            self.execute("UPDATE pierwatch_ledger SET version = ?", (schema.VERSION,))
            self.execute("COMMIT")
        finally:
            if self.in_transaction:
                self.execute("ROLLBACK")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What the server or the driver reports, as LedgerError."""
        errors = self._psycopg.errors
        try:
            yield
        except (errors.LockNotAvailable, errors.QueryCanceled) as error:
            raise self._told(
                error,
                "in use by another program that writes",
                "a ledger has one writer at a time",
                "Wait until the other one has ended, then run the same command again.",
            ) from error
        except errors.IntegrityError as error:
            raise self._told(
                error,
                "a count that contradicts itself",
                "numbers only where there was a view, low <= high, fractions within 0 to 1, "
                "one count per pier",
                "Nothing of this scene was recorded; please report it.",
            ) from error
        except (errors.DataError, UnicodeEncodeError) as error:
            raise self._told(error, "a name is not valid text", *NOT_TEXT) from error
        except errors.DiskFull as error:
            raise self._told(
                error,
                "the server's disk is full",
                "nothing of this scene was recorded",
                "Free some space, then run the same command again.",
            ) from error
        except self._psycopg.Error as error:
            raise self._told(
                error,
                "PostgreSQL failed",
                "a server that can be reached, and the right to read and write there, are needed",
                "Check address, password (PGPASSWORD, ~/.pgpass) and rights.",
            ) from error

    def _told(self, error: Exception, found: str, limit: str, remedy: str) -> LedgerError:
        cause = " ".join(str(error).split())[:200]
        return LedgerError(self._name, f"{found} ({without_password(cause)})", limit, remedy)


def _driver(name: str) -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise LedgerError(
            name,
            "psycopg is not installed",
            "a ledger in PostgreSQL needs it",
            'Install it: pip install "pierwatch[postgres]".',
        ) from error
    return psycopg


def _secured(psycopg: Any, address: str) -> dict[str, str]:
    """TLS where the server is another computer, unless the address asks for more."""
    try:
        known = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.Error:
        return {}  # `connect` says what is wrong with it
    hosts = str(known.get("hostaddr") or known.get("host") or "").split(",")
    wanted = str(known.get("sslmode", ""))
    strict = wanted in ("require", "verify-ca", "verify-full")
    return {} if strict or all(map(_is_here, hosts)) else {"sslmode": "require"}


def _is_here(host: str) -> bool:
    return not host or host.startswith("/") or is_loopback(host)


def _statements() -> list[str]:
    """The tables and indexes of the current schema: what SQLite has after all migrations."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.migrate(memory)
        made = memory.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        return sorted((_translated(sql) for (sql,) in made), key=_order)
    finally:
        memory.close()


def _translated(sql: str) -> str:
    for pattern, word in _TYPES:
        sql = re.sub(pattern, word, sql)
    return sql


def _order(sql: str) -> tuple[int, int]:
    """Tables before those that refer to them, then indexes."""
    tables = ("scenes", "piers", "recipes", "runs", "counts")
    if not sql.startswith("CREATE TABLE"):
        return len(tables) + 1, 0
    name = sql.split()[2].strip('"')
    return (tables.index(name) if name in tables else len(tables)), 0


def _marked(sql: str) -> str:
    return sql.replace("?", "%s")


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """Values as SQLite takes them: truth as a number, no number as NULL, numpy's as Python's."""
    return tuple(map(_value, row))


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.item() if hasattr(value, "item") else value
