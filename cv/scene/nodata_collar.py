"""Collars: undeclared areas of one extreme value, such as the borders of rotated images.

A camera leaves no large area at exactly the darkest or the brightest value in every band: such an
area was filled in, or was too dark or too bright to be recorded. Either way it shows nothing. The
same holds of values that programs write where nothing was measured.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from rasterio.features import sieve

MIN_COLLAR_M2 = 100.0
"""Smallest collar, square metres; smaller areas are deep shadows or bright roofs."""
MIN_COLLAR_WIDTH_M = 4.0
"""Side of the smallest square in a collar, on a lattice over the image, metres."""
_WRITTEN_FILLS = (-9999.0, -99999.0, -32767.0, -32768.0)
"""Values that programs write where nothing was measured."""
_WHITES = {255.0, 65535.0}
"""White of the types that an image may have been converted from."""


def collar_mask(values: NDArray[np.generic], pixel_m2: float) -> NDArray[np.bool_]:
    """Return (rows, columns) True where stored `values` (bands, rows, columns) are a collar.

    A pixel covers `pixel_m2` square metres. A collar is connected over the sides of its pixels;
    holes smaller than a collar belong to it.
    """
    min_pixels = math.ceil(MIN_COLLAR_M2 / pixel_m2)
    empty = np.zeros(values.shape[1:], bool)
    for extreme in fill_values(values):
        same = values[0] == extreme
        for band in values[1:]:
            if np.count_nonzero(same) < min_pixels:
                break
            same &= band == extreme
        else:
            empty |= same
    if not _has_square(empty, max(1, round(MIN_COLLAR_WIDTH_M / math.sqrt(pixel_m2)))):
        return np.zeros_like(empty)
    if empty.all() or min_pixels < 2:
        return empty
    return np.asarray(sieve(empty.astype(np.uint8), size=min_pixels, connectivity=4)).astype(bool)


def _has_square(empty: NDArray[np.bool_], side: int) -> bool:
    """Return whether a square of the lattice of `side` pixels is all True."""
    rows, columns = (length // side for length in empty.shape)
    lattice = empty[: rows * side, : columns * side].reshape(rows, side, columns * side)
    upright = lattice.all(axis=1).reshape(rows, columns, side)
    return bool(upright.all(axis=2).any())


def fill_values(values: NDArray[np.generic]) -> set[float]:
    """Return the values that may be fill among stored `values`: 0, white, what programs write.

    White is the largest value of a type, and 255 or 65535 where nothing is brighter.
    """
    if values.dtype == np.uint8:
        return {0.0, 255.0}
    if values.dtype.kind == "f":
        limit = float(np.finfo(np.float32).max)
        fills = {0.0, -limit, limit, *_WRITTEN_FILLS}
    else:
        limits = np.iinfo(str(values.dtype))
        written = {fill for fill in _WRITTEN_FILLS if limits.min <= fill <= limits.max}
        fills = {0.0, float(limits.min), float(limits.max), *written}
    numbers = values[values < np.inf]  # type: ignore[operator]
    return fills | ({float(numbers.max())} & _WHITES if numbers.size else set())
