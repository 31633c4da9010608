"""Digests of contents and files, in lower-case hexadecimal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def sha256(*parts: bytes | str) -> str:
    """Return the SHA-256 of `parts` one after the other, texts as UTF-8."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
    return digest.hexdigest()


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the digest of the file `path` by an algorithm of hashlib; raises OSError."""
    return files_digest((path,), algorithm)


def files_digest(paths: Iterable[Path], algorithm: str = "sha256") -> str:
    """Return one digest of the contents of `paths` one after the other; raises OSError."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for path in paths:
        with path.open("rb") as stream:
            hashlib.file_digest(stream, lambda: digest)
    return digest.hexdigest()
