"""A patch: pixels ready for a network, and which of them were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from affine import Affine
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Patch:
    """A resampled window of a raster."""

    rgb: NDArray[np.uint8]
    """(rows, columns, 3) red, green, blue; 0 where there is no value; clouds as they are."""
    valid_mask: NDArray[np.bool_]
    """(rows, columns) False for nodata, masked, not finite, hidden by cloud or its shadow, or
    outside of the raster."""


class Raster(Protocol):
    """Anything that patches can be cut from."""

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        """The patch of `shape` (rows, columns) whose pixels (x, y) `to_pixel` maps to the raster's.

        Downsampling averages (no aliasing), upsampling interpolates.
        """
        ...
