"""The files of a scene: itself, masks, metadata and checksums beside it, what its Item names."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from cv.scene.discovery.scene_folder import item_assets
from cv.scene.providers.planet_filenames import parse_filename

_PARTS = (
    *(".tif", ".tiff", ".json", ".xml"),
    *(".sha512", ".sha256", ".sha1", ".md5"),
)
"""How files of a scene end: images, masks, metadata, checksums."""


def file_names(folder: Path) -> list[str]:
    """Of all files in `folder`, sorted, as `belongings` wants them; none where it is unreadable."""
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except (OSError, ValueError):
        return []


def scene_files(path: Path, names: list[str]) -> tuple[Path, ...]:
    """The files of the scene `path`, among `names`, sorted, of its folder; each once.

    Those that an Item names, and what belongs to them, lie where they lie, and may be missing.
    Raises OSError where the Item went away.
    """
    own = _beside(path, names)
    if not own or path.suffix.lower() != ".json":
        return own
    return tuple(dict.fromkeys((*own, *_of_item(path, names))))


def _of_item(path: Path, names: list[str]) -> Iterator[Path]:
    home = path.parent.resolve()
    for asset in item_assets(path):
        yield asset
        if (
            parse_filename(asset.name) is not None
        ):  # Planet's masks and metadata are found by their names
            yield from _beside(asset, names if asset.parent == home else file_names(asset.parent))


def _beside(path: Path, names: list[str]) -> tuple[Path, ...]:
    asset = parse_filename(path.name)
    start, ends = (asset.item, ("_", ".")) if asset else (path.stem, (".",))
    first = bisect_left(names, start)
    alike = takewhile(lambda name: name.startswith(start), names[first:])
    return tuple(
        path.parent / name
        for name in alike
        if name == path.name
        or (name[len(start) :].startswith(ends) and name.lower().endswith(_PARTS))
    )
