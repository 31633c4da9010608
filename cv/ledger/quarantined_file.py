"""A file on which several workers died, and which no batch opens again."""

from __future__ import annotations

from dataclasses import dataclass


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
