"""A culprit: a file that was the end of several workers, left alone from then on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from cv.ledger.rows import Row
from cv.scene.folder import assets_of

_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Culprit:
    """Known by what it holds: a file that is delivered again is tried again.

    A STAC Item and the files that it names are one.
    """

    digest: str
    """sha256 of the file, of an Item with what it names, hexadecimal."""
    size: int
    """Bytes."""
    path: str
    """Where it was."""
    reason: str
    """What its last worker died of."""

    @classmethod
    def of(cls, path: Path, reason: str) -> Self:
        """The file at `path`; raises OSError."""
        files = _files_of(path)
        return cls(_digest(files), _size(files), str(path), reason)

    @property
    def row(self) -> Row:
        """The columns in the order of the fields."""
        return astuple(self)

    def is_at(self, path: Path) -> bool:
        """Whether the file at `path` is this one; it is read only if its size is the same."""
        try:
            files = _files_of(path)
            return _size(files) == self.size and _digest(files) == self.digest
        except (OSError, ValueError):  # gone, or no path at all
            return False


def _files_of(path: Path) -> tuple[Path, ...]:
    if path.suffix.lower() != ".json":
        return (path,)
    return path, *(asset for asset in assets_of(path) if asset.is_file())


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _digest(files: Sequence[Path]) -> str:
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                found.update(chunk)
    return found.hexdigest()
