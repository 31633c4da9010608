"""What the values of cloud masks mean: UDM2, UDM, and rasters of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.scene.raster_reader import WindowRead

ClearPixels = Callable[[WindowRead], NDArray[np.bool_]]
"""Returns (rows, columns) where stored values of a mask say that the ground is clear."""

UDM2_BANDS = (1, 2, 4, 3, 5, 6, 8)
"""Clear, snow, light haze; cloud shadow, heavy haze, cloud; unusable pixels (bit 0: blackfill)."""
SCL_HIDDEN = frozenset({0, 1, 3, 8, 9, 10})
"""Classes of Sentinel-2's scene classification that hide the ground: no data, saturated, cloud
shadow, cloud of medium and high probability, thin cirrus."""


def udm2_clear(window: WindowRead) -> NDArray[np.bool_]:
    """Return where `UDM2_BANDS` are clear, snow or light haze, and nothing else."""
    classes = window.values.astype(np.uint8)
    usable, hidden = classes[:3].any(axis=0), classes[3:6].any(axis=0) | (classes[6] & 1 > 0)
    clear: NDArray[np.bool_] = window.valid & usable & ~hidden
    return clear


def udm_clear(window: WindowRead) -> NDArray[np.bool_]:
    """Return where no bit of a UDM is set (blackfill, cloud, missing or suspect bands)."""
    clear: NDArray[np.bool_] = window.valid & (window.values[0] == 0)
    return clear


@dataclass(frozen=True)
class ClassCoding:
    """A raster of classes, some of which hide the ground."""

    hidden: frozenset[int]
    """Values of those."""

    def __call__(self, window: WindowRead) -> NDArray[np.bool_]:
        """Return where `window` shows none of them."""
        clear: NDArray[np.bool_] = window.valid & ~np.isin(window.values[0], list(self.hidden))
        return clear
