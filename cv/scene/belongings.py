"""The files of a scene: itself, masks, metadata and checksums beside it, what its Item names."""

from __future__ import annotations

from bisect import bisect_left
from itertools import takewhile
from pathlib import Path

from cv.scene.folder import assets_of
from cv.scene.planet_names import parse

_PARTS = (
    *(".tif", ".tiff", ".json", ".xml"),
    *(".sha512", ".sha256", ".sha1", ".md5"),
)
"""How files of a scene end: images, masks, metadata, checksums."""


def belongings(path: Path, names: list[str]) -> tuple[Path, ...]:
    """The files of the scene `path`, among `names`, sorted, of its folder; each once.

    Files that an Item names may be missing. Raises OSError where the Item went away.
    """
    asset = parse(path.name)
    start = asset.item if asset else path.stem
    first = bisect_left(names, start)
    alike = takewhile(lambda name: name.startswith(start), names[first:])
    own = [path.parent / name for name in alike if name == path.name or _belongs(name, start)]
    named = assets_of(path) if own and path.suffix.lower() == ".json" else ()
    return tuple(dict.fromkeys((*own, *named)))


def _belongs(name: str, start: str) -> bool:
    """Whether file `name` is of the scene whose names begin with `start`, and end there a word."""
    after = name[len(start) : len(start) + 1]
    return not after.isalnum() and name.lower().endswith(_PARTS)
