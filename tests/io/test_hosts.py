"""Hosts that are this computer."""

from __future__ import annotations

import pytest

from cv.io.hosts import is_loopback


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]"]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example.org", "10.0.0.1", "0.0.0.0", "localhost.a.org"])
def test_other_hosts(host: str) -> None:
    assert not is_loopback(host)
