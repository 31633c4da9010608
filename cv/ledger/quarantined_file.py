"""A file on which several workers died, and which no batch opens again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cv.io.hashing import files_digest


@dataclass(frozen=True)
class QuarantinedFile:
    """A scene in quarantine, with its sidecar files and those that a STAC Item names.

    It is known by its content: a scene that is delivered again, with other bytes, is tried again.
    """

    digest: str
    """sha256 of the scene and its sidecar files, hexadecimal."""
    size: int
    """Bytes of all of them."""
    path: str
    """Where it was."""
    reason: str
    """How the last worker died."""

    @classmethod
    def of(cls, path: Path, files: Sequence[Path], reason: str) -> Self:
        """Return the scene at `path`, made of `files`; raises OSError."""
        return cls(files_digest(files), _size(files), str(path), reason)

    def has_content(self, files: Sequence[Path]) -> bool:
        """Return whether it is made of `files`; they are read only if their size is the same."""
        try:
            return _size(files) == self.size and files_digest(files) == self.digest
        except OSError:  # gone meanwhile
            return False


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
