"""The bytes of a file while it is downloaded, and the errors of its connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cv.errors import SceneError
from cv.io.terminal_text import printable_line
from cv.remote.remote_address import RemoteAddress

TIMEOUT_S = 60.0
"""A connection is given up if it is silent for this long."""


ByteStream = tuple[int | None, Iterator[bytes]]
"""Size that the server announces, bytes, if any; and the bytes of a file as they arrive."""


def checked_chunks(
    address: RemoteAddress, chunks: Iterator[bytes], failures: tuple[type[Exception], ...]
) -> Iterator[bytes]:
    """Yield `chunks`; raise SceneError if the connection breaks by one of `failures`."""
    with network_errors(address, failures):
        yield from chunks


@contextmanager
def network_errors(address: RemoteAddress, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn exceptions of the network into a SceneError about the file at `address`."""
    try:
        yield
    except failures as error:
        raise download_error(address, error) from error


def download_error(address: RemoteAddress, error: object) -> SceneError:
    """Return the error for a file that could not be downloaded; `error` is printed safely."""
    found = f"the download failed ({printable_line(' '.join(str(error).split()))[:200]})"
    remedy = "Check the address and your permission to read it, and run the same command again."
    return SceneError(str(address), found, "the whole file is needed", remedy)
