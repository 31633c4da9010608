"""Sampling of a fine raster by coarser pixels at any phase, through a Gaussian point spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtr

from cv.geometry.arrays import Float32Array, Float64Array


@dataclass(frozen=True)
class PixelAxis:
    """Coarse pixels along one axis of a fine raster; lengths are fine pixels."""

    number: int
    """Coarse pixels."""
    step: float
    """Size of a coarse pixel."""
    start: float
    """Outer edge of the first one; the fine raster begins at 0."""


class PixelSampler:
    """Coarse pixels at `rows` and `columns` of fine rasters of one `shape` (rows, columns).

    `sigma` is the deviation of the optics' point spread, fine pixels; the coarse pixel's square
    comes on top of it.
    """

    def __init__(
        self, rows: PixelAxis, columns: PixelAxis, shape: tuple[int, int], sigma: float = 0.0
    ) -> None:
        self._down = sampling_weights(rows, shape[0], sigma)
        self._across = sampling_weights(columns, shape[1], sigma)
        self._area = np.float32(rows.step * columns.step)
        self._inside = np.maximum(
            np.outer(self._down.sum(1), self._across.sum(1)), 1e-6, dtype=np.float32
        )

    def sums(self, band: NDArray[np.generic]) -> Float32Array:
        """Return the sums (rows, columns) over coarse pixels; what lies outside is left out."""
        return np.asarray(self._weighted(band) * self._area, np.float32)

    def means(self, band: NDArray[np.generic]) -> Float32Array:
        """Return the means (rows, columns) of coarse pixels, over their part inside."""
        return np.asarray(self._weighted(band) / self._inside, np.float32)

    def _weighted(self, band: NDArray[np.generic]) -> Float32Array:
        columns = self._down @ np.asarray(band, np.float32)
        return np.ascontiguousarray((self._across @ columns.T).T, np.float32)


def sampling_weights(axis: PixelAxis, size: int, sigma: float = 0.0) -> csr_array:
    """Return the weights (pixels, size) of `size` fine pixels in the means of coarse ones.

    Rows sum to 1 where the point spread lies inside the fine raster.
    """
    reach = 5 * sigma + 1
    low = axis.start + axis.step * np.arange(axis.number)
    first = np.floor(low - reach).astype(int)
    pixels = first[:, None] + np.arange(math.ceil(axis.step + 2 * reach) + 2)[None, :]
    near, far = pixels - low[:, None], pixels + 1 - low[:, None]
    total = _ramp(far, sigma) - _ramp(near, sigma)
    total -= _ramp(far - axis.step, sigma) - _ramp(near - axis.step, sigma)
    inside = (pixels >= 0) & (pixels < size) & (total > 0)
    rows = np.broadcast_to(np.arange(axis.number)[:, None], pixels.shape)[inside]
    weights = (total[inside] / axis.step).astype(np.float32)
    return csr_array((weights, (rows, pixels[inside])), shape=(axis.number, size))


def _ramp(distance: NDArray[np.floating], sigma: float) -> Float64Array:
    """Return the integral of the normal distribution function up to `distance`."""
    if sigma <= 0:
        return np.asarray(np.maximum(distance, 0.0), np.float64)
    ratio = distance / sigma
    density = np.exp(-0.5 * ratio**2) / math.sqrt(2 * math.pi)
    return np.asarray(distance * ndtr(ratio) + sigma * density, np.float64)
