"""Checksums that a provider delivers: what tells damage where a format itself does not.

Read from files beside an image (scene.tif.sha256, as `sha256sum scene.tif` writes it; also .sha512,
.sha1, .md5), and from STAC assets (`file:checksum` and `checksum:multihash`, multihashes in
hexadecimal, https://multiformats.io/multihash).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cv.errors import SceneError
from cv.io.hashing import hexadecimal_digits
from cv.scene.local_files import scene_digest, unreadable_file

_CODES = (
    ("11", "14", "sha1"),
    ("12", "20", "sha256"),
    ("13", "40", "sha512"),
    ("d501", "10", "md5"),
)
"""Prefix and length (hexadecimal) of a multihash, and its algorithm."""
_BESIDE = ("sha512", "sha256", "sha1", "md5")
_LONGEST_LINE = 4096


@dataclass(frozen=True)
class Checksum:
    """What a file must hash to."""

    algorithm: str
    """Of hashlib."""
    digest: str
    """Hexadecimal, lower case."""

    @classmethod
    def of_multihash(cls, subject: Path, text: object) -> Self:
        """That of a STAC asset of the Item `subject`; raises SceneError for another kind."""
        given = text.lower() if isinstance(text, str) else ""
        for code, length, algorithm in _CODES:
            digest = given.removeprefix(code + length)
            if digest != given and re.fullmatch(f"[0-9a-f]{{{2 * int(length, 16)}}}", digest):
                return cls(algorithm, digest)
        raise SceneError(
            subject,
            f"the checksum {str(text)[:80]!r}",
            "a multihash of sha1, sha256, sha512 or md5 is known",
            "Take it out of the Item if the file is known to be whole.",
        )

    @classmethod
    def beside(cls, path: Path) -> tuple[Self, ...]:
        """Those in files beside `path` that have its name and an algorithm's; raises SceneError."""
        found = ((name, path.with_name(f"{path.name}.{name}")) for name in _BESIDE)
        return tuple(cls._read(name, file) for name, file in found if file.is_file())

    @classmethod
    def _read(cls, algorithm: str, file: Path) -> Self:
        try:
            with file.open("rb") as stream:
                words = stream.read(_LONGEST_LINE).split()
        except OSError as error:
            raise unreadable_file(file, error) from error
        digest = words[0].decode("ascii", "replace").lower() if words else ""
        length = hexadecimal_digits(algorithm)
        if not re.fullmatch(f"[0-9a-f]{{{length}}}", digest):
            raise SceneError(
                file,
                f"it begins with {digest[:80]!r}",
                f"a digest of {length} hexadecimal digits is needed",
                f"Write it with {algorithm}sum, or remove it.",
            )
        return cls(algorithm, digest)

    def check(self, path: Path) -> None:
        """Raises SceneError where the file `path` hashes to something else."""
        found = scene_digest(path, self.algorithm)
        if found != self.digest:
            raise SceneError(
                path,
                f"its {self.algorithm} is {found}",
                f"its provider says {self.digest}",
                "It is damaged or another one: copy or download it again.",
            )
