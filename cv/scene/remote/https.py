"""One file over HTTPS: from a host that is allowed, at an address that is, without any detour."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from cv.errors import SceneError
from cv.scene.remote.address import RemoteAddress
from cv.scene.remote.allow_list import AllowList
from cv.scene.remote.stream import TIMEOUT_S, ByteStream, download_error, network_errors

_FAILURES = (OSError, http.client.HTTPException)


class _Connection(http.client.HTTPSConnection):
    """To one of the addresses that were looked at before; the certificate is the host's."""

    def __init__(self, address: RemoteAddress, numbers: Sequence[str]) -> None:
        self._context_used = ssl.create_default_context()
        super().__init__(address.host, address.port, timeout=TIMEOUT_S)
        self._numbers = numbers

    def connect(self) -> None:
        """Connects to the first one that answers; no proxy, no other address."""
        self.sock = self._context_used.wrap_socket(
            self._plain(), server_hostname=self.host, suppress_ragged_eofs=False
        )

    def _plain(self) -> socket.socket:
        for number in self._numbers[:-1]:
            try:
                return socket.create_connection((number, self.port), self.timeout)
            except OSError:
                continue
        return socket.create_connection((self._numbers[-1], self.port), self.timeout)


@contextmanager
def open_stream(address: RemoteAddress, allowed: AllowList) -> Iterator[ByteStream]:
    """The file at `address`; raises SceneError, also for an answer that leads elsewhere."""
    allowed.check(address)
    with closing(_Connection(address, _numbers(address, allowed))) as connection:
        with network_errors(address, _FAILURES), _deadline(connection):
            connection.request("GET", address.target, headers={"Accept-Encoding": "identity"})
            answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise _refused(address, answer)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise download_error(address, "it comes in another encoding than it was asked for")
        yield ByteStream(address, answer.read1, _length(address, answer), _FAILURES)


def _length(address: RemoteAddress, answer: http.client.HTTPResponse) -> int | None:
    """Bytes that are promised, None: not told. Source: RFC 9110, 8.6."""
    told = set(answer.headers.get_all("Content-Length", ()))
    if len(told) > 1:
        raise download_error(address, "it is said to have several lengths")
    length = told.pop() if told else ""
    return int(length) if length.isdecimal() and len(length) < 19 else None


@contextmanager
def _deadline(connection: _Connection) -> Iterator[None]:
    """Breaks the connection where an answer does not begin: headers can go on for ever."""

    def cut() -> None:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(TIMEOUT_S, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _numbers(address: RemoteAddress, allowed: AllowList) -> list[str]:
    """The addresses that the host's name stands for; all of them have to be allowed."""
    with network_errors(address, (OSError, UnicodeError)):
        known = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(where[0]) for *_, where in known))
    for number in numbers:
        allowed.check_resolved(address, number)
    return numbers


def _refused(address: RemoteAddress, answer: http.client.HTTPResponse) -> SceneError:
    if 300 <= answer.status < 400:
        found = f"it leads elsewhere (HTTP {answer.status})"
        return SceneError(
            str(address),
            found,
            "addresses are not followed",
            "Give the address of the file itself, and allow its host.",
        )
    return download_error(address, f"HTTP {answer.status} {answer.reason[:80]}")
