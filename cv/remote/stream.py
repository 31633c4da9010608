"""The bytes of a file while it is downloaded, and the errors of its connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cv.errors import SceneError
from cv.io.terminal_text import printable_line
from cv.remote.address import RemoteAddress

TIMEOUT_S = 60.0
"""A connection is given up if it is silent, or its answer has not begun, for this long."""
MIN_BYTES_PER_S = 1000
"""A download that is slower than this on average is given up, once TIMEOUT_S has passed."""


@dataclass(frozen=True)
class ByteStream:
    """One file while it is downloaded."""

    address: RemoteAddress
    chunks: Iterator[bytes]
    """The bytes as they arrive; no chunk is empty."""
    length: int | None
    """Size announced by the server, bytes; None if it announces none."""
    failures: tuple[type[Exception], ...]
    """The exceptions that `chunks` raises if the connection breaks."""

    def read(self) -> Iterator[bytes]:
        """Yield the chunks; raise SceneError if the connection breaks or is too slow."""
        start, received = time.monotonic(), 0
        while chunk := self._next_chunk():
            yield chunk
            received += len(chunk)
            elapsed = time.monotonic() - start
            if elapsed > TIMEOUT_S and received < MIN_BYTES_PER_S * elapsed:
                raise download_error(
                    self.address, f"fewer than {MIN_BYTES_PER_S} bytes a second were received"
                )

    def _next_chunk(self) -> bytes:
        with network_errors(self.address, self.failures):
            return next(self.chunks, b"")


@contextmanager
def network_errors(address: RemoteAddress, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn exceptions of the network into a SceneError about the file at `address`."""
    try:
        yield
    except failures as error:
        raise download_error(address, error) from error


def download_error(address: RemoteAddress, error: object) -> SceneError:
    """Return the error for a file that could not be downloaded; `error` is printed safely."""
    reason = printable_line(" ".join(str(error).split()))[:200]
    return SceneError(
        str(address),
        f"the download failed ({reason})",
        "the whole file is needed",
        "Check the address and your permission to read it, and run the same command again.",
    )
