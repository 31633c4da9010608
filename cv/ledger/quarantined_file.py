"""A culprit: a file that was the end of several workers, left alone from then on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from cv.ledger.row_mapping import Row

_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class QuarantinedFile:
    """Known by what it holds: a scene that is delivered again is tried again.

    A scene and what belongs to it, as a mask or the files that a STAC Item names, are one.
    """

    digest: str
    """sha256 of the file and what belongs to it, hexadecimal."""
    size: int
    """Bytes."""
    path: str
    """Where it was."""
    reason: str
    """What its last worker died of."""

    @classmethod
    def of(cls, path: Path, files: Sequence[Path], reason: str) -> Self:
        """The scene at `path`, all of whose `files` are there; raises OSError."""
        return cls(_digest(files), _size(files), str(path), reason)

    @property
    def row(self) -> Row:
        """The columns in the order of the fields."""
        return astuple(self)

    def has_content(self, files: Sequence[Path]) -> bool:
        """Whether it is made of `files`; they are read only if their size is the same."""
        try:
            return _size(files) == self.size and _digest(files) == self.digest
        except OSError:  # gone meanwhile
            return False


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _digest(files: Sequence[Path]) -> str:
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                found.update(chunk)
    return found.hexdigest()
