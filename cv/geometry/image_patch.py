"""A patch: resampled pixels ready for a network, and which of them are valid."""

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
    """(rows, columns, 3) red, green, blue; 0 where there is no value. Clouds are not blanked."""
    valid_mask: NDArray[np.bool_]
    """(rows, columns) False: nodata, masked, not finite, cloud, cloud shadow, or outside the
    raster."""


class PatchSource(Protocol):
    """An image from which patches can be read."""

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        """Return a patch of `shape` (rows, columns).

        `to_pixel` maps pixels (x, y) of the patch to those of the raster. Downsampling averages
        (no aliasing), upsampling interpolates.
        """
        ...
