"""Bytes that come from elsewhere, and what becomes of a connection that breaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cv.errors import SceneError
from cv.io.terminal_text import printable_line
from cv.scene.remote.address import RemoteAddress

TIMEOUT_S = 60.0
"""Without a byte for so long a connection is given up."""
MIN_BYTES_PER_S = 1000
"""Bytes a second: one that brings fewer, once so long has gone, is given up too."""
_PART = 2**20


@dataclass(frozen=True)
class ByteStream:
    """One file on its way."""

    address: RemoteAddress
    read: Callable[[int], bytes]
    """Up to so many bytes, those that are there; empty at the end."""
    length: int | None
    """Bytes in all, where the server says so."""
    failures: tuple[type[Exception], ...]
    """What `read` raises where the connection breaks."""

    def parts(self) -> Iterator[bytes]:
        """All bytes, part by part; raises SceneError where the connection breaks, or drips."""
        began, done = time.monotonic(), 0
        while part := self._part():
            yield part
            done += len(part)
            lasted = time.monotonic() - began
            if lasted > TIMEOUT_S and done < MIN_BYTES_PER_S * lasted:
                raise download_error(
                    self.address, f"fewer than {MIN_BYTES_PER_S} bytes a second came"
                )

    def _part(self) -> bytes:
        with network_errors(self.address, self.failures):
            return self.read(_PART)


@contextmanager
def network_errors(address: RemoteAddress, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turns `failures`, of the network, into a SceneError that says that the file did not come."""
    try:
        yield
    except failures as error:
        raise download_error(address, error) from error


def download_error(address: RemoteAddress, error: object) -> SceneError:
    """What is said of a file that did not come."""
    return SceneError(
        str(address),
        f"it did not come ({_plain(str(error))[:200]})",
        "the whole file is needed",
        "Check the address and the right to read it, and run the same command again.",
    )


def _plain(text: str) -> str:
    """`text` on one line, whatever a server says."""
    return printable_line(" ".join(text.split()))
