"""Rasters that are no pictures: masks, rasters of classes, indices, elevations.

A raster is no picture where its name or a band's name says so and it has one band, or where the
values of its only band are few whole numbers, lie from -1 to 1 around 0, or are heights.
"""

from __future__ import annotations

import re
from contextlib import closing, suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cv.errors import SceneError
from cv.scene.raster_header import RasterHeader, read_header
from cv.scene.raster_reader import RasterReader
from cv.scene.sidecars.mask_names import is_usable_data_mask, looks_like_mask

MAX_CLASSES = 24
"""A single band with no more distinct values is a mask or a raster of classes."""
_MIN_SAMPLED = 4096
"""Pixels from which on distinct values are counted; fewer say nothing."""
_WINDOW_PX = 512
"""Side of the windows that are sampled."""
_WORDS = {
    "a mask": r"masks?|cloudmask|udm2?",
    "a raster of classes": r"scl|qa\d*|class(?:es|ification)?|classmap|landcover|landuse|lulc|lc"
    r"|segmentation|labels?|fmask|bqa",
    "an index": r"ndvi|ndwi|mndwi|ndbi|ndsi|evi2?|savi|ndmi|nbr",
    "an elevation model": r"dem|dsm|dtm|chm|elevation|height|hillshade|slope|aspect|srtm",
}
"""Words of names, and what a raster with one of them is."""


def picture_objection(header: RasterHeader) -> str:
    """Return what the raster with `header` is instead of a picture; empty if it may be one.

    Its values are sampled where it has one band. Raises SceneError where they cannot be read.
    """
    if is_usable_data_mask(header.path.name) and header.colour_bands in (1, 8):
        return "a mask by its name"
    if header.colour_bands != 1:
        return ""
    if header.has_classes:
        return "a raster of classes, which it names"
    if looks_like_mask(header.path.name):
        return "a mask by its name"
    for text, where in ((header.path.stem, "its name"), (header.band_names[0], "its band's name")):
        words = [word for word in re.split(r"[^a-z0-9]+", text.lower()) if word]
        for kind, pattern in _WORDS.items():
            if any(re.fullmatch(pattern, word) for word in words):
                return f"{kind} by {where}"
    return _objection_to_values(_sampled(header), header.dtype)


def not_a_picture(header: RasterHeader, objection: str) -> SceneError:
    """Return the error for a raster that is no picture, see `picture_objection`."""
    limit = "an optical image of brightness or colours is needed"
    remedy = "Give the image that it belongs to."
    return SceneError(header.path, f"not a picture but {objection}", limit, remedy)


def objection_to_file(path: Path) -> str:
    """Return the `picture_objection` to the file `path`; empty too where it cannot be read."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return _objection_to_file(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=65536)
def _objection_to_file(path: Path, _changed_ns: int, _size: int) -> str:
    with suppress(SceneError):
        return picture_objection(read_header(path))
    return ""  # opening it reports why


def _sampled(header: RasterHeader) -> NDArray[np.generic]:
    """Return valid values (n,) of the first band, from windows spread over the raster."""
    rows, columns = header.shape
    found = []
    whole = replace(header, mask_file=None)
    with closing(RasterReader(whole, (1,))) as reader:
        for y in (0.5, 0.15, 0.85):
            for x in (0.5, 0.15, 0.85):
                width, height = min(_WINDOW_PX, columns), min(_WINDOW_PX, rows)
                left, top = round((columns - width) * x), round((rows - height) * y)
                window = reader.read(left, top, width, height)
                found.append(window.values[0][window.valid])
            if rows <= _WINDOW_PX and columns <= _WINDOW_PX:
                break
    return np.concatenate(found)


def _objection_to_values(values: NDArray[np.generic], dtype: str) -> str:
    """Return what `values` (n,) of one band show; empty if they may be brightness."""
    if len(values) < _MIN_SAMPLED:
        return ""
    distinct = np.unique(values)
    inner = distinct[1:-1] if len(distinct) > 2 else distinct  # without black and white fill
    if 1 < len(distinct) <= MAX_CLASSES and len(inner) and _are_classes(values, distinct):
        return f"a mask or a raster of classes: {len(distinct)} distinct values"
    if dtype != "float32":
        return ""
    low, middle, high = np.percentile(values.astype(np.float64), (0.5, 50, 99.5))
    if -1.0001 <= distinct[0] and distinct[-1] <= 1.0001 and low < -0.05:
        return f"an index: values from {low:.2g} to {high:.2g}"
    if distinct[0] < -0.5 and high < 9000 and middle > -500 and not _are_whole(distinct):
        return f"an elevation model: values from {low:.3g} to {high:.3g}"
    return ""


def _are_whole(distinct: NDArray[np.generic]) -> bool:
    return bool(np.all(np.mod(distinct.astype(np.float64), 1) == 0))


def _are_classes(values: NDArray[np.generic], distinct: NDArray[np.generic]) -> bool:
    """Return whether few values are classes: whole numbers, which lie in areas, not in noise."""
    return _are_whole(distinct)
