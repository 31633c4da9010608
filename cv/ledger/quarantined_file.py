"""A culprit: a file that was the end of several workers, left alone from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from cv.io.hashing import files_digest
from cv.ledger.row_mapping import Row


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
        return cls(files_digest(files), _size(files), str(path), reason)

    @property
    def row(self) -> Row:
        """The columns in the order of the fields."""
        return astuple(self)

    def has_content(self, files: Sequence[Path]) -> bool:
        """Whether it is made of `files`; they are read only if their size is the same."""
        try:
            return _size(files) == self.size and files_digest(files) == self.digest
        except OSError:  # gone meanwhile
            return False


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
