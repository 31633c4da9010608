"""Download of one file over HTTPS with httpcore (extra `remote`).

httpcore follows no redirects and reads no proxy settings. A network backend of our own connects it
to the IP address that was checked, so that a name cannot lead elsewhere between check and
connection. See docs/decisions/0001-remote-downloads.md.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import httpcore

from cv.errors import SceneError
from cv.scene.remote.address import RemoteAddress
from cv.scene.remote.allow_list import AllowList
from cv.scene.remote.stream import TIMEOUT_S, ByteStream, download_error, network_errors

_FAILURES = (
    OSError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)
_REDIRECTS = range(300, 400)
_OK = 200


@contextmanager
def open_stream(address: RemoteAddress, allowed: AllowList) -> Iterator[ByteStream]:
    """Request the file at `address` and yield it as a stream.

    Raises SceneError if the host or one of its IP addresses is not allowed, if the server cannot be
    reached, or if it answers anything but the file.
    """
    allowed.check(address)
    backend = _CheckedBackend(_resolve(address, allowed))
    with httpcore.ConnectionPool(_tls_context(), network_backend=backend) as pool:
        with network_errors(address, _FAILURES):
            response = pool.handle_request(_request(address))
            backend.answered()
        headers = {name.lower(): value for name, value in response.headers}
        _check_response(address, response, headers)
        length = headers.get(b"content-length")
        yield ByteStream(
            address, _chunks(response), None if length is None else int(length), _FAILURES
        )


def _request(address: RemoteAddress) -> httpcore.Request:
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_S)
    return httpcore.Request(
        "GET",
        httpcore.URL(
            scheme="https", host=address.host, port=address.port, target=address.target.encode()
        ),
        headers={"Host": address.home, "Accept-Encoding": "identity", "Connection": "close"},
        extensions={"timeout": timeouts},
    )


def _chunks(response: httpcore.Response) -> Iterator[bytes]:
    return (chunk for chunk in response.iter_stream() if chunk)


def _check_response(
    address: RemoteAddress, response: httpcore.Response, headers: dict[bytes, bytes]
) -> None:
    if response.status in _REDIRECTS:
        raise SceneError(
            str(address),
            f"it leads elsewhere (HTTP {response.status})",
            "redirects are not followed",
            "Give the address of the file itself, and allow its host.",
        )
    if response.status != _OK:
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        raise download_error(address, f"HTTP {response.status} {reason[:80]}")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise download_error(address, "the server encoded it, although this was not requested")


def _resolve(address: RemoteAddress, allowed: AllowList) -> list[str]:
    """Return the IP addresses of the host; raise SceneError if any of them is not allowed."""
    with network_errors(address, (OSError, UnicodeError)):
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    ips = list(dict.fromkeys(str(endpoint[0]) for *_, endpoint in found))
    for ip in ips:
        allowed.check_resolved(address, ip)
    return ips


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to given IP addresses, whatever the host's name means by then."""

    def __init__(self, ips: list[str]) -> None:
        self._ips = ips
        self._answer_by: float | None = None
        """The time by which an answer must begin, seconds of the monotonic clock."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first IP address that answers."""
        for ip in self._ips[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._connect(ip, port)
        return self._connect(self._ips[-1], port)

    def _connect(self, ip: str, port: int) -> httpcore.NetworkStream:
        stream = httpcore.SyncBackend().connect_tcp(ip, port, TIMEOUT_S)
        self._answer_by = time.monotonic() + TIMEOUT_S
        return _DeadlineStream(stream, self.timeout_s)

    def answered(self) -> None:
        """Lift the deadline: from now on only silence counts."""
        self._answer_by = None

    def timeout_s(self) -> float:
        """Return how long to wait for the next bytes, seconds; raise ReadTimeout past the deadline.

        Without it, headers could go on for ever.
        """
        if self._answer_by is None:
            return TIMEOUT_S
        left = self._answer_by - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"no answer began within {TIMEOUT_S:g} s")
        return left


class _DeadlineStream(httpcore.NetworkStream):
    """A connection that waits for as long as `timeout_s` says each time."""

    def __init__(self, stream: httpcore.NetworkStream, timeout_s: Callable[[], float]) -> None:
        self._stream = stream
        self._timeout_s = timeout_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._timeout_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._timeout_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._timeout_s())
        return _DeadlineStream(secured, self._timeout_s)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _tls_context() -> ssl.SSLContext:
    """Return a context that reports a connection cut in mid-file as an error, not as the end."""
    context = ssl.create_default_context()
    context.wrap_socket = partial(  # type: ignore[method-assign]
        context.wrap_socket, suppress_ragged_eofs=False
    )
    return context
