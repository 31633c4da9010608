"""Bytes that come from elsewhere, and what becomes of a connection that breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cv.errors import SceneError
from cv.fetch.address import Address

PATIENCE_S = 60.0
"""Without a byte for so long a connection is given up."""
_PART = 2**20


@dataclass(frozen=True)
class Stream:
    """One file on its way."""

    read: Callable[[int], bytes]
    """Up to so many bytes; empty at the end."""
    length: int | None
    """Bytes in all, where the server says so."""

    def parts(self) -> Iterator[bytes]:
        """All bytes, part by part."""
        while part := self.read(_PART):
            yield part


def broken(address: Address, error: object) -> SceneError:
    """What is said of a file that did not come."""
    return SceneError(
        str(address),
        f"it did not come ({' '.join(str(error).split())[:200]})",
        "the whole file is needed",
        "Check the address and the right to read it, and run the same command again.",
    )
