"""Rasters that are no pictures: masks, rasters of classes, indices, elevations.

A raster is no picture where its name or a band's name says so and it has one band, or where the
values of its only band are few whole numbers, lie from -1 to 1 around 0, or are heights.
"""

from __future__ import annotations

import re
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cv.errors import SceneError
from cv.scene.raster_header import RasterHeader, read_header
from cv.scene.raster_reader import RasterReader
from cv.sidecars.mask_names import is_named_like_mask, is_usable_data_mask

MAX_CLASSES = 24
"""A single band with no more distinct values is a mask or a raster of classes."""
_MIN_SAMPLED = 4096
"""Pixels from which on distinct values are counted; fewer say nothing."""
MIN_EQUAL_SHARE = 0.7
"""Share of equal neighbours above which few values are classes, and not a faint picture."""
_SAMPLED_AT = (0.5, 0.15, 0.85)
"""Places of the windows that are sampled, shares of height and width."""
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
    if is_named_like_mask(header.path.name):
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


@dataclass(frozen=True)
class _Sample:
    """Valid values of the first band, from windows spread over a raster."""

    values: NDArray[np.generic]
    """(n,) values."""
    equal_share: float
    """Share of neighbours along a row that are equal."""


def _sampled(header: RasterHeader) -> _Sample:
    rows, columns = header.shape
    width, height = min(_WINDOW_PX, columns), min(_WINDOW_PX, rows)
    places = [
        (round((columns - width) * x), round((rows - height) * y))
        for y in _SAMPLED_AT
        for x in _SAMPLED_AT
    ]
    values, equal = [], []
    with closing(RasterReader(header, (1,))) as reader:
        for left, top in dict.fromkeys(places):
            window = reader.read(left, top, width, height)
            band, both = window.values[0], window.valid[:, 1:] & window.valid[:, :-1]
            values.append(band[window.valid])
            equal.append((band[:, 1:] == band[:, :-1])[both])
    shares = np.concatenate(equal)
    return _Sample(np.concatenate(values), float(shares.mean()) if len(shares) else 0.0)


def _objection_to_values(sample: _Sample, dtype: str) -> str:
    """Return what sampled values of one band show; empty if they may be brightness."""
    if len(sample.values) < _MIN_SAMPLED:
        return ""
    distinct = np.unique(sample.values).astype(np.float64)
    are_whole = bool(np.all(np.mod(distinct, 1) == 0))
    if 1 < len(distinct) <= MAX_CLASSES and are_whole and sample.equal_share > MIN_EQUAL_SHARE:
        return f"a mask or a raster of classes: {len(distinct)} distinct values"
    if dtype != "float32" or are_whole:
        return ""
    low, high = np.percentile(sample.values.astype(np.float64), (0.5, 99.5))
    if distinct[0] >= -1.0001 and distinct[-1] <= 1.0001 and low < -0.05:
        return f"an index: values from {low:.2g} to {high:.2g}"
    if distinct[0] < -1 and high < 9000 and sample.equal_share < MIN_EQUAL_SHARE:
        return f"an elevation model: values from {low:.3g} to {high:.3g}"
    return ""
