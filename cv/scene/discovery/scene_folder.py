"""A folder or catalogue of scenes: which of its files is an image to be counted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cv.errors import SceneError
from cv.scene.acquisition_time import NamePattern
from cv.scene.discovery.same_moment import replaced_scenes
from cv.scene.discovery.sidecar_files import SceneFile
from cv.scene.discovery.stac_catalog import StacCatalog
from cv.scene.local_files import local_file
from cv.scene.picture_check import objection_to_file
from cv.scene.providers.item_collection import items_of
from cv.sidecars.world_file import has_georeference_beside

_GEOTIFFS = (".tif", ".tiff")
_PICTURES = (".png", ".jpg", ".jpeg")
_KIND_PREFERENCE = ("visual", "pansharpened", "analytic", "panchromatic")


def require_scenes(place: Path, time_pattern: NamePattern | None = None) -> tuple[Path, ...]:
    """Return the paths of the scenes at `place`: a folder, a STAC catalogue, or a scene itself.

    In a folder and its subfolders a scene is a STAC Item, or an image that no Item lists; of an
    ItemCollection each image is one. Rasters that are no pictures (masks, classes, elevations) are
    not scenes, nor is one that a fitter scene of its moment replaces, see `same_moment`; the moment
    may be in its name, as `time_pattern` states. Of the assets of one Planet item the first of
    visual, pansharpened, analytic and panchromatic is taken.
    Hidden files and folders are left out, links to folders are not followed.
    A subfolder that cannot be read is listed too: what it holds is not known. Raises SceneError
    where `place` cannot be read, or holds no scene.
    """
    found = tuple(scene.path for scene in scenes_at(place, time_pattern))
    if not found:
        pictures = len(images_without_georeference(place))
        excluded = f"no scene in it ({pictures} PNG or JPEG, which are not georeferenced)"
        remedy = "Check the path; names end in .tif, .tiff or .json."
        raise SceneError(place, excluded, "GeoTIFFs or STAC Items are needed", remedy)
    return found


@dataclass(frozen=True)
class LeftOut:
    """An image that is not counted although one might expect it."""

    path: Path
    reason: str


def scenes_at(place: Path, time_pattern: NamePattern | None = None) -> tuple[SceneFile, ...]:
    """Return the scenes of `require_scenes`, or none, with what was parsed to find them."""
    scenes = _candidates(place)
    without = {one.path for one in _left_out(scenes, time_pattern)}
    return tuple(scene for scene in scenes if scene.path not in without)


def left_out_at(place: Path, time_pattern: NamePattern | None = None) -> tuple[LeftOut, ...]:
    """Return the rasters at `place` that are no pictures, and scenes that a fitter one replaces."""
    return tuple(_left_out(_candidates(place), time_pattern))


def _left_out(
    candidates: tuple[SceneFile, ...], time_pattern: NamePattern | None
) -> Iterator[LeftOut]:
    if len(candidates) < 2:  # a single file is refused when it is opened
        return
    pictures = []
    for scene in candidates:
        is_named = scene.planet_asset or scene.path.suffix.lower() == ".json"
        objection = "" if is_named else objection_to_file(scene.path)
        if objection:
            yield LeftOut(scene.path, f"not a picture but {objection}")
        else:
            pictures.append(scene.path)
    for path, fitter in replaced_scenes(pictures, time_pattern).items():
        yield LeftOut(path, f"the same moment as {fitter}")


def _candidates(place: Path) -> tuple[SceneFile, ...]:
    """Return the scenes at `place`, pictures or not, of one moment or not."""
    try:
        if place.is_file():
            catalog = StacCatalog.read(local_file(place))
            collected = tuple(filter(None, (item.image_target for item in items_of(place))))
            paths = catalog.item_paths if catalog else collected or (place,)
            return tuple(map(SceneFile, paths))
        if place.is_dir():
            return _scenes_in(place)
        found = "not a file or folder" if place.exists() else "no such file or folder"
    except OSError as error:
        found = error.strerror or str(error)
    limit = "a folder of scenes, a STAC catalogue or a scene is needed"
    raise SceneError(place, found, limit, "Check the path.")


def images_without_georeference(root: Path) -> tuple[Path, ...]:
    """Return the PNG and JPEG files in the folder `root` and its subfolders, sorted.

    They are not georeferenced, so no pier can be found in them.
    """
    pictures = (path for path in _files_in(root, []) if path.suffix.lower() in _PICTURES)
    return tuple(sorted(path for path in pictures if not has_georeference_beside(path)))


def _scenes_in(root: Path) -> tuple[SceneFile, ...]:
    unreadable: list[OSError] = []
    files = [SceneFile(path) for path in sorted(_files_in(root, unreadable))]
    closed = [Path(error.filename) for error in unreadable]
    if root in closed:
        raise unreadable[0]
    item_images = {file: _images_of(file) for file in files if file.path.suffix.lower() == ".json"}
    items = [file for file, images in item_images.items() if images]
    listed = set().union(*item_images.values())
    for file in item_images:
        listed.update(*(item.other_targets for item in items_of(file.path)))
    images = [
        file for file in files if _is_georeferenced(file.path) and file.path.resolve() not in listed
    ]
    scenes = [*items, *_one_per_planet_item(images), *map(SceneFile, closed)]
    return tuple(sorted(scenes, key=lambda scene: scene.path))


def _is_georeferenced(path: Path) -> bool:
    """Return whether `path` may be georeferenced: a TIFF, or a picture with files that say so."""
    ending = path.suffix.lower()
    return ending in _GEOTIFFS or (ending in _PICTURES and has_georeference_beside(path))


def _files_in(root: Path, unreadable: list[OSError]) -> Iterator[Path]:
    """Yield all visible files; errors of folders are added to `unreadable`."""
    for folder, folders, names in os.walk(root, onerror=unreadable.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if path.is_file())


def _images_of(file: SceneFile) -> set[Path]:
    """Return the images that an Item lists; itself if it cannot be read, which opening reports."""
    try:
        return {path for path in file.asset_paths if path.suffix.lower() in _GEOTIFFS}
    except OSError:
        return {file.path}


def _one_per_planet_item(images: list[SceneFile]) -> Iterable[SceneFile]:
    """Return `images` without masks, and only the preferred asset of each Planet item."""
    chosen: dict[tuple[Path, str], SceneFile] = {}
    for image in sorted(images, key=_preference):
        asset = image.planet_asset
        if asset is None or asset.values != "mask":
            item = asset.item if asset else image.path.name
            chosen.setdefault((image.path.parent, item), image)
    return chosen.values()


def _preference(image: SceneFile) -> tuple[int, Path]:
    kind = image.planet_asset.kind if image.planet_asset else ""
    return _KIND_PREFERENCE.index(kind) if kind in _KIND_PREFERENCE else 0, image.path
