"""Checksums that providers deliver: they reveal damage that a format itself does not.

They are in files beside an image (scene.tif.sha256, as `sha256sum scene.tif` writes it; also
.sha512, .sha1, .md5), and in STAC assets (`file:checksum` and `checksum:multihash`, multihashes in
hexadecimal, https://multiformats.io/multihash).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cv.errors import SceneError
from cv.scene.local_files import scene_digest, system_errors

ALGORITHMS = {"sha512": 128, "sha256": 64, "sha1": 40, "md5": 32}
"""Names in hashlib, which are also the endings of checksum files, and hexadecimal digits."""
_MULTIHASH_PREFIXES = {"1114": "sha1", "1220": "sha256", "1340": "sha512", "d50110": "md5"}
"""Code and length of a multihash, hexadecimal, and its algorithm."""


@dataclass(frozen=True)
class Checksum:
    """The digest that a file must have."""

    algorithm: str
    """Name of the algorithm in hashlib."""
    digest: str
    """Hexadecimal, lower case."""

    @classmethod
    def of_multihash(cls, subject: Path, text: object) -> Self:
        """Return the checksum of an asset of the STAC Item `subject`; raises SceneError."""
        given = text.lower() if isinstance(text, str) else ""
        for prefix, algorithm in _MULTIHASH_PREFIXES.items():
            digest = given.removeprefix(prefix)
            if digest != given and re.fullmatch(f"[0-9a-f]{{{ALGORITHMS[algorithm]}}}", digest):
                return cls(algorithm, digest)
        limit = "a multihash of sha1, sha256, sha512 or md5 is known"
        remedy = "Take it out of the Item if the file is known to be whole."
        raise SceneError(subject, f"the checksum {str(text)[:80]!r}", limit, remedy)

    @classmethod
    def beside(cls, path: Path) -> Iterator[Self]:
        """Yield the checksums in files beside `path`, such as scene.tif.md5; raises SceneError."""
        for algorithm, digits in ALGORITHMS.items():
            file = path.with_name(f"{path.name}.{algorithm}")
            if file.is_file():
                with system_errors(file), file.open("rb") as stream:
                    words = stream.read(4096).split()
                digest = words[0].decode("ascii", "replace").lower() if words else ""
                if not re.fullmatch(f"[0-9a-f]{{{digits}}}", digest):
                    found = f"it begins with {digest[:80]!r}"
                    limit = f"a digest of {digits} hexadecimal digits is needed"
                    remedy = f"Write it with {algorithm}sum, or remove it."
                    raise SceneError(file, found, limit, remedy)
                yield cls(algorithm, digest)

    def check(self, path: Path) -> None:
        """Raise SceneError where the file `path` has another digest."""
        found = scene_digest(path, self.algorithm)
        if found != self.digest:
            limit = f"its provider says {self.digest}"
            remedy = "It is damaged or another one: copy or download it again."
            raise SceneError(path, f"its {self.algorithm} is {found}", limit, remedy)
