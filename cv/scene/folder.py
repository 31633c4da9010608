"""A folder of scenes: which of its files is an image to be counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cv.errors import SceneError
from cv.scene import files
from cv.scene.catalogue import is_catalogue, items_of
from cv.scene.planet_names import parse

_IMAGES = (".tif", ".tiff")
_PICTURES = (".png", ".jpg", ".jpeg")
_KINDS = ("visual", "pansharpened", "analytic", "panchromatic")
_MAX_ITEM_BYTES = 2**20


def scenes_at(place: Path) -> tuple[Path, ...]:
    """Paths of the scenes in the folder `place`, that the STAC catalogue `place` lists, or itself.

    Raises SceneError where there is none.
    """
    if not place.is_file():
        return scenes_in(place)
    return items_of(place) if is_catalogue(files.local(place)) else (place,)


def scenes_in(folder: str | Path) -> tuple[Path, ...]:
    """Paths of the scenes in `folder` and its subfolders, sorted: an image or a STAC Item each.

    Masks are no scenes; images that a STAC Item names are that item's; of the assets of one Planet
    item the first of visual, pansharpened, analytic, panchromatic counts. Hidden files and folders
    are left out. Raises SceneError where `folder` is none, or holds no scene.
    """
    root = Path(folder)
    if not root.is_dir():
        raise SceneError(root, "not a folder", "a folder of scenes is needed", "Check the path.")
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and _shown(path, root)]
    items = {path: set(_assets(path)) for path in files if path.suffix.lower() == ".json"}
    items = {path: images for path, images in items.items() if images}
    claimed = set().union(*items.values())
    images = [
        path for path in files if path.suffix.lower() in _IMAGES and path.resolve() not in claimed
    ]
    found = tuple(sorted([*items, *_one_per_planet_item(images)]))
    if not found:
        raise SceneError(
            root,
            f"no scene in it ({len(pictures_in(root))} PNG or JPEG, which lie nowhere)",
            "GeoTIFFs or STAC Items are needed",
            "Check the path; names end in .tif, .tiff or .json.",
        )
    return found


def pictures_in(folder: str | Path) -> tuple[Path, ...]:
    """PNG and JPEG files in `folder` and its subfolders, sorted: they lie nowhere, so that no pier
    can be found in them."""
    root = Path(folder)
    return tuple(
        path
        for path in (sorted(root.rglob("*")) if root.is_dir() else ())
        if path.suffix.lower() in _PICTURES and path.is_file() and _shown(path, root)
    )


def _shown(path: Path, root: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def _assets(path: Path) -> Iterator[Path]:
    """Local images of the STAC Item in `path`; nothing where it is none."""
    if path.stat().st_size > _MAX_ITEM_BYTES:
        return
    try:
        document = json.loads(path.read_bytes())
        if document["type"] != "Feature" or "stac_version" not in document:
            return
        hrefs = [asset["href"] for asset in document["assets"].values()]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return
    for href in hrefs:
        if isinstance(href, str) and href.lower().endswith(_IMAGES) and "://" not in href:
            yield (path.parent / href).resolve()


def _one_per_planet_item(images: list[Path]) -> Iterator[Path]:
    """`images` without masks and without further assets of an item that is there already."""
    best: dict[tuple[Path, str], tuple[int, Path]] = {}
    for path in images:
        asset = parse(path.name)
        if asset is None:
            yield path
        elif asset.values != "mask":
            rank = (_KINDS.index(asset.kind), path)
            key = (path.parent, asset.item)
            best[key] = min(best.get(key, rank), rank)
    for _, path in best.values():
        yield path
