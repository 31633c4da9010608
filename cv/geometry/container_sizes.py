"""Sizes of ISO freight containers (ISO 668, series 1), to the centimetre, and their TEU."""

from __future__ import annotations

import numpy as np

from cv.geometry.arrays import Float64Array

WIDTH_M = 2.44
"""Width of every container, metres."""
LENGTH_20FT_M = 6.06
"""Length of a 20 ft container, metres."""
LENGTH_40FT_M = 12.19
"""Length of a 40 ft container, metres."""
LENGTH_45FT_M = 13.72
"""Length of a 45 ft container, metres."""
FOOTPRINT_20FT_M2 = LENGTH_20FT_M * WIDTH_M
"""Area that a 20 ft container covers, square metres."""
LONG_CONTAINER_M = 9.1
"""Boxes longer than this are 40 or 45 ft containers: midway between 20 and 40 ft, metres."""


def teu_of_lengths(lengths_m: Float64Array) -> Float64Array:
    """Return the twenty-foot equivalent units (n,) of containers `lengths_m` (n,) long: 1 or 2."""
    return np.where(lengths_m > LONG_CONTAINER_M, 2.0, 1.0)


def standard_teu_of_lengths(lengths_m: Float64Array) -> Float64Array:
    """Return the twenty-foot equivalent units (n,) of exact lengths: 1, 2, or 2.25 for 45 ft."""
    middle = (LENGTH_40FT_M + LENGTH_45FT_M) / 2
    return np.where(lengths_m > middle, 2.25, teu_of_lengths(lengths_m))
