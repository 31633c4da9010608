"""Where ledgers are kept: in a file, and in PostgreSQL where a server is at hand.

PIERWATCH_TEST_POSTGRES names the server, such as "postgresql://postgres@127.0.0.1/test"; each test
has a schema of its own there, which is dropped afterwards.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

SERVER = os.environ.get("PIERWATCH_TEST_POSTGRES", "")
NUMBERS = count()
Place = Path | str
"""A file, or an address."""

needs_server = pytest.mark.skipif(
    not SERVER, reason="PIERWATCH_TEST_POSTGRES names no PostgreSQL server"
)


def schema_address(name: str) -> str:
    """The address of a schema of its own on the server."""
    return f"{SERVER}{'&' if '?' in SERVER else '?'}options=-csearch_path%3D{name}"


@pytest.fixture
def server_schemas() -> Iterator[Callable[[], str]]:
    """Makes addresses of empty schemas, and drops them in the end."""
    import psycopg

    made: list[str] = []

    def make() -> str:
        made.append(f"pierwatch_test_{os.getpid()}_{next(NUMBERS)}")
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {made[-1]}")
        return schema_address(made[-1])

    yield make
    with psycopg.connect(SERVER, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_server)])
def fresh_place(request: pytest.FixtureRequest) -> Callable[[], Place]:
    """Makes places for ledgers."""
    if request.param == "postgres":
        make: Callable[[], Place] = request.getfixturevalue("server_schemas")
        return make
    folder: Path = request.getfixturevalue("tmp_path")
    return lambda: folder / f"l{next(NUMBERS)}"


@pytest.fixture
def place(fresh_place: Callable[[], Place]) -> Place:
    """A place for a ledger that does not exist yet."""
    return fresh_place()


def fill(place: Place, sql: str) -> None:
    """Run a script of SQL, whatever Pierwatch would say to it."""
    if isinstance(place, Path):
        raw = sqlite3.connect(place)
        raw.executescript(sql)
        raw.close()
        return
    import psycopg

    with psycopg.connect(place) as connection:
        connection.execute(sql)


def content(place: Place) -> object:
    """Everything that is kept: the bytes of a file, or all rows of all tables."""
    if isinstance(place, Path):
        assert [path.name for path in place.parent.iterdir()] == [place.name]
        return place.read_bytes()
    import psycopg

    with psycopg.connect(place) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
        ).fetchall()
        return [
            connection.execute(f"SELECT t::text FROM {t} t ORDER BY 1").fetchall()
            for (t,) in tables
        ]
