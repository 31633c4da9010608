"""A ledger in PostgreSQL: many coordinators, and what is told when something is wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cv.errors import LedgerError
from cv.ledger import Ledger, postgres_connection
from cv.ledger.postgres_address import without_password
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting
from tests.ledger.conftest import SERVER, needs_server
from tests.ledger.test_concurrency import WRITER

SCENES = 12


@needs_server
def test_four_coordinators_double_nothing(
    server_schemas: Callable[[], str], tmp_path: Path
) -> None:
    """All of them record the same scenes at the same time."""
    address = server_schemas()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, address, str(SCENES)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for one in running:
        one.communicate(timeout=120)
        assert one.returncode == 0
    alone = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / "l"), str(SCENES)],
                           cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)  # fmt: skip
    assert alone.returncode == 0
    with Ledger(address, readonly=True) as shared, Ledger(tmp_path / "l", readonly=True) as other:
        assert shared.counts() == other.counts()
        assert len(shared.counts()) == 5 * SCENES
        assert len(shared.detections()) == len(other.detections()) == 30 * SCENES


@needs_server
def test_a_writer_that_waits_too_long_is_told(server_schemas: Callable[[], str]) -> None:
    address = server_schemas()
    with Ledger(address) as first, Ledger(address, timeout_s=0.2) as second:
        with first.alert_transaction():
            begun = time.monotonic()
            with pytest.raises(LedgerError, match="another program that writes"):
                second.record(a_scene([a_count()]))
            assert 0.15 < time.monotonic() - begun < 5
        assert second.record(a_scene([a_count()])) == 1


@needs_server
def test_reading_does_not_make_or_write(server_schemas: Callable[[], str]) -> None:
    address = server_schemas()
    with pytest.raises(LedgerError, match="no ledger in it"):
        Ledger(address, readonly=True)
    Ledger(address).close()
    with Ledger(address, readonly=True) as ledger, pytest.raises(LedgerError, match="read-only"):
        ledger.record(a_scene([a_count()]))


@needs_server
def test_a_reader_sees_one_moment(server_schemas: Callable[[], str]) -> None:
    address = server_schemas()
    with Ledger(address) as writer, Ledger(address, readonly=True) as reader:
        writer.record(a_scene([a_count()]))
        with reader._reading():
            assert len(reader.counts()) == 1
            writer.record(a_scene([a_count("scene-1", days=1.0)]))
            assert len(reader.counts()) == 1
        assert len(reader.counts()) == 2


@needs_server
def test_a_name_that_the_server_cannot_keep(server_schemas: Callable[[], str]) -> None:
    with Ledger(server_schemas()) as ledger:
        with pytest.raises(LedgerError, match="not valid text"):
            ledger.record(a_scene([a_count(scene="nul\0")]))
        assert ledger.record(a_scene([a_count()], [a_sighting()])) == 1


@needs_server
def test_the_command_line_takes_an_address(
    server_schemas: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    from cv.cli import main

    address = server_schemas()
    with Ledger(address) as ledger:
        ledger.record(a_scene([a_count("scene-0", "East")]))
    assert main(["series", "--ledger", address, "--pier", "East"]) == 0
    assert capsys.readouterr().out.startswith(
        "East (export): containers known in 1 of 1 observation"
    )
    assert main(["ledger", "verify", address]) == 2
    assert "pg_dump" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(LedgerError, match="PostgreSQL failed") as caught:
        Ledger("postgresql://somebody:hunter2@127.0.0.1:1/test")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(LedgerError) as caught:
        Ledger("postgresql://127.0.0.1:1/test?password=hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "secured"),
    [
        ("postgresql://u@db.example.org/d", {"sslmode": "require"}),
        ("postgresql://u@db.example.org/d?sslmode=disable", {"sslmode": "require"}),
        ("postgresql://u@db.example.org/d?sslmode=verify-full", {}),
        ("postgresql://u@192.0.2.7/d", {"sslmode": "require"}),
        ("postgresql://u@127.0.0.1,db.example.org/d", {"sslmode": "require"}),
        ("postgresql://u@127.0.0.1/d", {}),
        ("postgresql://u@localhost/d", {}),
        ("postgresql://u@[::1]/d", {}),
        ("postgresql:///d", {}),
        ("postgresql:///d?host=/var/run/postgresql", {}),
    ],
)
def test_other_computers_need_tls(address: str, secured: dict[str, str]) -> None:
    assert postgres_connection._tls(postgres_connection._driver(""), address) == secured


@pytest.mark.skipif(bool(SERVER), reason="a server is named: its tests run")
def test_tests_without_a_server_say_so() -> None:
    assert "PIERWATCH_TEST_POSTGRES" in needs_server.kwargs["reason"]


@given(
    user=st.text(st.sampled_from("abcXYZ019._-%"), min_size=1),
    password=st.text(st.sampled_from("abcXYZ019!$*()+,;=~._-%?"), min_size=1).map("pw{}wp".format),
    query=st.booleans(),
)
def test_no_address_shows_its_password(user: str, password: str, query: bool) -> None:
    address = f"postgresql://{user}@db.example.org/d?password={password}&sslmode=require"
    if not query:
        address = f"postgresql://{user}:{password}@db.example.org/d?sslmode=require"
    shown = without_password(f"connection to {address} failed")
    assert "pw" not in shown.replace(user, "")
    assert "db.example.org/d" in shown
    assert "sslmode=require" in shown
