"""A ledger in PostgreSQL (extra `postgres`), for several computers.

The tables lie in the first schema of the search path. Writers take turns by an advisory lock of
that schema, as they do by the lock on a SQLite file: any number of coordinators may write into one
ledger.
"""

from __future__ import annotations

from typing import Any

from cv.errors import LedgerError
from cv.io.hosts import is_loopback
from cv.ledger.connection import LedgerConnection, check_is_current, connect_with, needs_upgrade
from cv.ledger.error_messages import database_errors
from cv.ledger.migrations import revision_of, upgrade
from cv.ledger.postgres_address import without_password

_READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('pierwatch ' || current_schema()))"


def open_postgres_ledger(address: str, readonly: bool, timeout_s: float) -> LedgerConnection:
    """Connect to the ledger at `address`; make its tables if they are missing, bring older ones up
    to date, unless `readonly`.

    Off this computer TLS is needed. No message holds the password. Raises LedgerError.
    """
    place = without_password(address)
    psycopg = _driver(place)
    with database_errors(place):
        sql = connect_with("postgresql+psycopg", lambda: _connect(psycopg, address))
    wait = f"SET LOCAL lock_timeout = {max(1, round(1000 * timeout_s))}"
    only = ("SET TRANSACTION READ ONLY",) if readonly else ()
    connection = LedgerConnection(place, sql, (_READ,), (*only, wait, _LOCK))
    try:
        _prepare(connection, readonly)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: LedgerConnection, readonly: bool) -> None:
    place = connection.place
    with connection.reading() as sql:
        is_empty = revision_of(sql) is None
        if readonly and is_empty:
            raise LedgerError(
                place,
                "no ledger in it",
                "an existing ledger is needed for reading",
                "Check the address, or fill a ledger with `monitor` first.",
            )
        if readonly:
            check_is_current(place, sql)
        is_older = needs_upgrade(place, sql)
    if is_empty or is_older:
        with connection.writing() as sql:
            if revision_of(sql) is None or needs_upgrade(place, sql):  # unless another was faster
                upgrade(sql)


def _connect(psycopg: Any, address: str) -> Any:
    raw = psycopg.connect(address, connect_timeout=10, **_tls(psycopg, address))
    raw.execute("SET TIME ZONE 'UTC'")
    raw.commit()
    return raw


def _driver(place: str) -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise LedgerError(
            place,
            "psycopg is not installed",
            "a ledger in PostgreSQL needs it",
            'Install it: pip install "pierwatch[postgres]".',
        ) from error
    return psycopg


def _tls(psycopg: Any, address: str) -> dict[str, str]:
    """Return the option for TLS where the server is another computer, unless the address asks for
    more."""
    try:
        known = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.Error:
        return {}  # `connect` reports what is wrong with it
    hosts = str(known.get("hostaddr") or known.get("host") or "").split(",")
    strict = str(known.get("sslmode", "")) in ("require", "verify-ca", "verify-full")
    return {} if strict or all(map(_is_local, hosts)) else {"sslmode": "require"}


def _is_local(host: str) -> bool:
    return not host or host.startswith("/") or is_loopback(host)
