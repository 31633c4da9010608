"""Blanks: areas of black or white that nobody declared, as borders of turned or mosaicked images.

A camera leaves no large area at exactly the darkest or the brightest value in every band: what
has it was filled in, or was too dark or too bright to be recorded. Either way nothing was seen.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import sieve

MIN_COLLAR_M2 = 100.0
"""Smaller areas are deep shadows or bright roofs, square metres."""

MIN_COLLAR_WIDTH_M = 4.0
"""Where no square of so many metres (of a lattice over the image) is empty, there is no blank."""


def collar_mask(values: NDArray[np.generic], pixel_m2: float) -> NDArray[np.bool_]:
    """(rows, columns) True where `values` (bands, rows, columns), as stored, are a blank's.

    A blank is connected over the sides of its pixels, which cover `pixel_m2` each; holes in it that
    are smaller than a blank belong to it.
    """
    least = math.ceil(MIN_COLLAR_M2 / pixel_m2)
    empty = np.zeros(values.shape[1:], bool)
    for extreme in _extremes(values.dtype):
        same = values[0] == extreme
        for band in values[1:]:
            if np.count_nonzero(same) < least:
                break
            same &= band == extreme
        else:
            empty |= same
    if not _has_square(empty, max(1, round(MIN_COLLAR_WIDTH_M / math.sqrt(pixel_m2)))):
        return np.zeros_like(empty)
    if empty.all() or least < 2:
        return empty
    return np.asarray(sieve(empty.astype(np.uint8), size=least, connectivity=4)).astype(bool)


def _has_square(empty: NDArray[np.bool_], side: int) -> bool:
    """Whether a square of the lattice of `side` pixels is all True."""
    rows, columns = (length // side for length in empty.shape)
    lattice = empty[: rows * side, : columns * side].reshape(rows, side, columns * side)
    upright = lattice.all(axis=1).reshape(rows, columns, side)
    return bool(upright.all(axis=2).any())


def _extremes(dtype: np.dtype[Any]) -> set[float]:
    """Black and white of a data type; floating-point numbers have no white."""
    if dtype.kind == "f":
        return {0.0}
    return {0, int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)}
