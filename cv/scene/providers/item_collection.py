"""STAC Items that describe an image beside them: in files of their own, or in ItemCollections."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from cv.errors import SceneError
from cv.scene.local_files import file_names
from cv.scene.providers.stac_item import StacItem, stac_type
from cv.sidecars.metadata_loader import METADATA

_MAX_LEVELS = 2
"""Folders above an image in which its collection is sought."""
_IMAGE_NAME = re.compile(r'([^/"\\]+[.](?:tiff?|png|jpe?g))"', re.IGNORECASE)
"""The name of an image at the end of an address in JSON."""


def collected_item(image: Path) -> StacItem | None:
    """Return the Item of an ItemCollection whose image is `image`; None without one.

    The collection lies in the folder of the image, or in the one above it.
    """
    wanted = image.resolve()
    for folder in list(image.parents)[:_MAX_LEVELS]:
        with suppress(SceneError):
            for name in file_names(folder):
                if name.lower().endswith(".json") and not name.endswith("_metadata.json"):
                    for item in items_of(folder / name):
                        if item.image_target == wanted:
                            return item
    return None


def item_beside(image: Path) -> StacItem | None:
    """Return the Item in the folder of `image` that describes it; None without one."""
    with suppress(SceneError):
        for name in file_names(image.parent):
            path = image.parent / name
            if path.suffix.lower() != ".json" or name.endswith("_metadata.json"):
                continue
            with suppress(SceneError, OSError):  # an image without a valid Item is read by itself
                state = path.stat()
                if image.name in _named_images(path, state.st_mtime_ns, state.st_size):
                    item = StacItem.read(path)
                    if item.image_target == image.resolve():
                        return item
    return None


@lru_cache(maxsize=65536)
def _named_images(path: Path, _changed_ns: int, _size: int) -> frozenset[str]:
    """Return the names of the images that the STAC document `path` may list; raises OSError."""
    with path.open("rb") as stream:
        content = stream.read(METADATA.max_bytes).decode(errors="replace")
    names = _IMAGE_NAME.findall(content) if '"stac_version"' in content else ()
    return frozenset(form for name in names for form in (name, unquote(name)))


def items_of(path: Path) -> tuple[StacItem, ...]:
    """Return the Items of the ItemCollection in the file `path`; none if it is not one."""
    try:
        state = path.stat()
    except OSError:
        return ()
    return _items(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _items(path: Path, _changed_ns: int, _size: int) -> tuple[StacItem, ...]:
    try:
        with path.open("rb") as stream:
            content = stream.read(METADATA.max_bytes)
        if b'"FeatureCollection"' not in content or b'"stac_version"' not in content:
            return ()
        features = METADATA.read_json_object(path).get("features")
    except (OSError, SceneError):
        return ()
    items: list[StacItem] = []
    for feature in features if isinstance(features, list) else ():
        if isinstance(feature, dict) and stac_type(feature) == "Feature":
            with suppress(SceneError):  # an image without a valid Item is read by itself
                items.append(StacItem.of(path, feature))
    return tuple(items)
