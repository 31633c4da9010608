"""Collars: undeclared black or white areas, such as the borders of rotated or mosaicked images.

A camera leaves no large area at exactly the darkest or the brightest value in every band: such an
area was filled in, or was too dark or too bright to be recorded. Either way it shows nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import sieve

MIN_COLLAR_M2 = 100.0
"""Smallest collar, square metres; smaller areas are deep shadows or bright roofs."""
MIN_COLLAR_WIDTH_M = 4.0
"""Side of the smallest square in a collar, on a lattice over the image, metres."""


def collar_mask(values: NDArray[np.generic], pixel_m2: float) -> NDArray[np.bool_]:
    """Return (rows, columns) True where stored `values` (bands, rows, columns) are a collar.

    A pixel covers `pixel_m2` square metres. A collar is connected over the sides of its pixels;
    holes smaller than a collar belong to it.
    """
    min_pixels = math.ceil(MIN_COLLAR_M2 / pixel_m2)
    empty = np.zeros(values.shape[1:], bool)
    for extreme in _extremes(values.dtype):
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


def _extremes(dtype: np.dtype[Any]) -> set[float]:
    """Return black and white of a data type; floating-point numbers have no white."""
    if dtype.kind == "f":
        return {0.0}
    return {0, int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)}
