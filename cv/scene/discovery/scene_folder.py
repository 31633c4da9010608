"""A folder of scenes: which of its files is an image to be counted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from cv.errors import SceneError
from cv.scene import local_files
from cv.scene.discovery.stac_catalog import is_catalog, item_paths
from cv.scene.providers.asset_href import local_target
from cv.scene.providers.planet_filenames import parse_filename

_IMAGES = (".tif", ".tiff")
_PICTURES = (".png", ".jpg", ".jpeg")
_KINDS = ("visual", "pansharpened", "analytic", "panchromatic")


def require_scenes(place: Path) -> tuple[Path, ...]:
    """What `listed_at` finds; raises SceneError also where that is nothing."""
    found = find_scenes(place)
    if not found:
        raise SceneError(
            place,
            f"no scene in it ({len(images_without_georeference(place))} PNG or JPEG, which lie nowhere)",
            "GeoTIFFs or STAC Items are needed",
            "Check the path; names end in .tif, .tiff or .json.",
        )
    return found


def find_scenes(place: Path) -> tuple[Path, ...]:
    """Paths of the scenes in the folder `place`, that the STAC catalogue `place` lists, or itself.

    Raises SceneError where it cannot be read.
    """
    try:
        if place.is_file():
            return item_paths(place) if is_catalog(local_files.local_file(place)) else (place,)
        if place.is_dir():
            return _scenes_in(place)
        wrong = "not a file or folder" if place.exists() else "no such file or folder"
    except OSError as error:
        wrong = error.strerror or str(error)
    raise SceneError(
        place, wrong, "a folder of scenes, a STAC catalogue or a scene is needed", "Check the path."
    )


def _scenes_in(root: Path) -> tuple[Path, ...]:
    """Paths of the scenes in `root` and its subfolders, sorted: an image or a STAC Item each.

    Masks are no scenes; images that a STAC Item names are that item's; of the assets of one Planet
    item the first of visual, pansharpened, analytic, panchromatic counts. Hidden files and folders
    are left out, links to folders are not followed. A subfolder that cannot be read is listed too:
    what it holds is not known. Raises OSError where `root` cannot be.
    """
    closed: list[OSError] = []
    found = sorted(_files_in(root, closed))
    items = {path: _images_of(path) for path in found if path.suffix.lower() == ".json"}
    items = {path: images for path, images in items.items() if images}
    claimed = set().union(*items.values())
    images = [
        path for path in found if path.suffix.lower() in _IMAGES and path.resolve() not in claimed
    ]
    unread = [Path(error.filename) for error in closed if not isinstance(error, FileNotFoundError)]
    if root in unread:
        raise closed[0]
    return tuple(sorted([*items, *_one_per_planet_item(images), *unread]))


def _files_in(root: Path, closed: list[OSError]) -> Iterator[Path]:
    """All files that are shown; folders that cannot be read are added to `closed`."""
    for folder, folders, names in os.walk(root, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            path
            for path in (Path(folder, name) for name in names if not name.startswith("."))
            if path.is_file()
        )


def _images_of(path: Path) -> set[Path]:
    """What is of the Item `path`; one that cannot be read is told when it is opened."""
    try:
        assets = item_assets(path)
    except FileNotFoundError:  # it went away meanwhile
        return set()
    except OSError:
        return {path}
    return {asset for asset in assets if asset.suffix.lower() in _IMAGES}


def images_without_georeference(root: Path) -> tuple[Path, ...]:
    """PNG and JPEG files in the folder `root` and its subfolders, sorted: they lie nowhere, so that
    no pier can be found in them."""
    return tuple(sorted(path for path in _files_in(root, []) if path.suffix.lower() in _PICTURES))


def item_assets(path: Path) -> tuple[Path, ...]:
    """Local files that the STAC Item in `path` names; none where it is no Item; raises OSError."""
    if path.stat().st_size > local_files.METADATA.max_bytes:
        return ()
    try:
        document = json.loads(path.read_bytes())
        if document["type"] != "Feature" or "stac_version" not in document:
            return ()
        hrefs = [asset["href"] for asset in document["assets"].values()]
        targets = (local_target(path, href) for href in hrefs if isinstance(href, str))
        return tuple(target for target in targets if target)
    except (ValueError, RuntimeError, KeyError, TypeError, AttributeError):
        return ()


def _one_per_planet_item(images: list[Path]) -> Iterator[Path]:
    """`images` without masks and without further assets of an item that is there already."""
    best: dict[tuple[Path, str], tuple[int, Path]] = {}
    for path in images:
        asset = parse_filename(path.name)
        if asset is None:
            yield path
        elif asset.values != "mask":
            rank = (_KINDS.index(asset.kind), path)
            key = (path.parent, asset.item)
            best[key] = min(best.get(key, rank), rank)
    for _, path in best.values():
        yield path
