"""Download of one file over HTTPS with httpcore (extra `remote`).

httpcore follows no redirects and reads no proxy settings. It is made to connect to the IP addresses
that were checked, so that a name cannot lead elsewhere between check and connection. See
docs/decisions/0001-remote-downloads.md.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore

from cv.errors import SceneError
from cv.remote.allow_list import AllowList
from cv.remote.download_stream import (
    TIMEOUT_S,
    ByteStream,
    checked_chunks,
    download_error,
    network_errors,
)
from cv.remote.remote_address import RemoteAddress

_FAILURES = (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


@contextmanager
def open_stream(address: RemoteAddress, allowed: AllowList) -> Iterator[ByteStream]:
    """Request the file at `address` and yield it as a stream.

    Raises SceneError if one of the host's IP addresses is not allowed, if the server cannot be
    reached, or if it answers anything but the file.
    """
    backend = _PinnedBackend(_resolve(address, allowed))
    with httpcore.ConnectionPool(ssl.create_default_context(), network_backend=backend) as pool:
        url = httpcore.URL(
            scheme="https", host=address.host, port=address.port, target=address.target
        )
        headers = [("Host", address.home), ("Accept-Encoding", "identity")]
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_S)
        with network_errors(address, _FAILURES):
            response = pool.handle_request(
                httpcore.Request("GET", url, headers=headers, extensions={"timeout": timeouts})
            )
        length = _content_length(address, response)
        yield length, checked_chunks(address, response.iter_stream(), _FAILURES)


def _content_length(address: RemoteAddress, response: httpcore.Response) -> int | None:
    """Return the size of the file in `response`, None if it is chunked; raise SceneError.

    A file that ends with its connection is refused: TLS does not show where it was cut.
    """
    if 300 <= response.status < 400:
        found = f"it leads elsewhere (HTTP {response.status})"
        remedy = "Give the address of the file itself, and allow its host."
        raise SceneError(str(address), found, "redirects are not followed", remedy)
    if response.status != 200:
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        raise download_error(address, f"HTTP {response.status} {reason[:80]}")
    headers = {name.lower(): value.lower() for name, value in response.headers}
    if b"content-length" in headers:
        return int(headers[b"content-length"])
    if headers.get(b"transfer-encoding") != b"chunked":
        raise download_error(address, "the server does not announce where the file ends")
    return None


def _resolve(address: RemoteAddress, allowed: AllowList) -> list[str]:
    """Return the IP addresses of the host; raise SceneError if any of them is not allowed."""
    with network_errors(address, (OSError, UnicodeError)):
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    ips = list(dict.fromkeys(str(endpoint[0]) for *_, endpoint in found))
    for ip in ips:
        allowed.check_resolved(address, ip)
    return ips


class _PinnedBackend(httpcore.SyncBackend):
    """Connects to the first of given IP addresses that answers, whatever the host's name is."""

    def __init__(self, ips: list[str]) -> None:
        self._ips = ips

    def connect_tcp(self, host: str, *args: Any, **options: Any) -> httpcore.NetworkStream:
        for ip in self._ips[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return super().connect_tcp(ip, *args, **options)
        return super().connect_tcp(self._ips[-1], *args, **options)
