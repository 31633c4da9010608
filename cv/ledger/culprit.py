"""A culprit: a file that was the end of several workers, left alone from then on."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from cv.ledger.rows import Row


@dataclass(frozen=True)
class Culprit:
    """Known by what it holds: a file that is delivered again is tried again."""

    digest: str
    """sha256 of the file, hexadecimal."""
    size: int
    """Bytes."""
    path: str
    """Where it was."""
    reason: str
    """What its last worker died of."""

    @classmethod
    def of(cls, path: Path, reason: str) -> Self:
        """The file at `path`; raises OSError."""
        return cls(_digest(path), path.stat().st_size, str(path), reason)

    @property
    def row(self) -> Row:
        """The columns in the order of the fields."""
        return astuple(self)

    def is_at(self, path: Path) -> bool:
        """Whether the file at `path` is this one; it is read only if its size is the same."""
        try:
            return path.stat().st_size == self.size and _digest(path) == self.digest
        except OSError:
            return False


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
