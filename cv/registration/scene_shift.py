"""The shift of a scene against the reference of its site, by phase correlation.

Phase correlation (Kuglin and Hines 1975) of gradient magnitudes: edges of quays, buildings and
roads stay where they are whatever the sun and the season, and what moves or changes spreads over
the whole correlation surface. The surfaces of the windows are added before their peak is found, as
the georeference of a scene is wrong by the same shift everywhere in a port.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import (
    binary_erosion,
    gaussian_filter,
    gaussian_gradient_magnitude,
    uniform_filter,
)

from cv.geometry.arrays import Float32Array
from cv.geometry.grid import Grid
from cv.geometry.image_patch import PatchSource
from cv.registration.ground_reference import SiteReference

MAX_SHIFT_M = 40
"""Largest shift that is found, metres along east and north."""
MIN_PEAK_RATIO = 2.0
"""Of a sure shift, the peak is this many times as high as the highest value elsewhere."""
_ENOUGH_PEAK_RATIO = 4.0
"""Other windows need not be read when those read before have so clear a peak."""
MIN_SHIFT_M = 1.5
"""A smaller shift, metres, is not applied: roofs in views from other angles differ as much."""
_PEAK_RADIUS_M = 5.0
"""What lies closer to the peak belongs to it, metres."""
_MIN_SEEN = 0.25
"""A window of which less is seen in the scene, or in the reference, takes no part."""
_BLUR_M = 1.0
"""Standard deviation of the smoothing of images and of surfaces, metres."""
_FADE_M = 21
"""Side of the squares of local means, and of the fading towards what is not seen, metres."""
_EROSION = 4
"""Pixels beside unseen ones that take no part, because gradients reach so far."""


@dataclass(frozen=True)
class Shift:
    """How far what a scene shows lies from where the reference shows it."""

    east_m: float
    north_m: float
    peak_ratio: float
    """How many times as high the peak is as the highest value elsewhere; 0: nothing to compare."""

    @property
    def sure(self) -> bool:
        """Whether the shift is certain enough to move outlines by it."""
        return self.peak_ratio >= MIN_PEAK_RATIO


def estimate_shift(reference: SiteReference, image: PatchSource, grid: Grid) -> Shift:
    """Return the shift of an `image` on `grid` against `reference`.

    Raises:
        SceneError: Pixels cannot be read.
    """
    surfaces: list[Float32Array] = []
    shift = Shift(0.0, 0.0, 0.0)
    for one in reference.windows:
        seen = one.window.wider(MAX_SHIFT_M).read(image, grid)
        if min((seen > 0).mean(), (one.grey > 0).mean()) >= _MIN_SEEN:
            surfaces.append(np.sqrt(one.grey.size) * correlation_surface(one.grey, seen))
            shift = _peak(surfaces)
        if shift.peak_ratio >= _ENOUGH_PEAK_RATIO:
            break
    return shift


def correlation_surface(reference: NDArray[np.uint8], seen: NDArray[np.uint8]) -> Float32Array:
    """Return how well two grey images match by the shift of the second, in standard deviations.

    Args:
        reference: (rows, columns), 0 where nothing was seen.
        seen: The same with `MAX_SHIFT_M` more pixels on every side.

    Returns:
        (2 * MAX_SHIFT_M + 1, the same): shifts by -MAX_SHIFT_M to MAX_SHIFT_M pixels down, right.
    """
    rows, columns = (next_fast_len(size, real=True) for size in seen.shape)
    first, second = (rfft2(_edges(grey), (rows, columns)) for grey in (reference, seen))
    product = np.conj(first) * second
    product /= np.abs(product) + 1e-12
    surface = irfft2(product, (rows, columns))
    size = 2 * MAX_SHIFT_M + 1
    surface = gaussian_filter(surface, _BLUR_M, mode="wrap")[:size, :size]
    return np.asarray(surface / (surface.std() + 1e-12), np.float32)


def _edges(grey: NDArray[np.uint8]) -> Float32Array:
    """Return the gradient magnitudes of an image, less their local mean; 0 where it is not seen.

    Strong edges are compressed, so that no single roof outweighs the rest. Values fade out towards
    what is not seen, so that a mask, or the end of the image, has no edge of its own.
    """
    magnitude = gaussian_gradient_magnitude(grey.astype(np.float32), _BLUR_M)
    seen: Float32Array = binary_erosion(grey > 0, iterations=_EROSION, border_value=0).astype(
        np.float32
    )
    if not seen.any():
        return seen
    typical = float(np.median(magnitude[seen > 0])) + 1e-6
    edges = magnitude / (magnitude + 2 * typical)
    share = uniform_filter(seen, _FADE_M, mode="constant")
    mean = uniform_filter(edges * seen, _FADE_M, mode="constant") / (share + 1e-6)
    faded: Float32Array = (edges - mean) * seen * np.clip(2 * share - 1, 0, 1)
    return faded


def _peak(surfaces: Sequence[Float32Array]) -> Shift:
    """Return the shift at the highest value of the sum of `surfaces`."""
    total = np.sum(surfaces, axis=0)
    row, column = np.unravel_index(int(total.argmax()), total.shape)
    y, x = np.indices(total.shape)
    elsewhere = float(total[np.hypot(y - row, x - column) > _PEAK_RADIUS_M].max())
    down = int(row) + _vertex(total[:, column], int(row)) - MAX_SHIFT_M
    right = int(column) + _vertex(total[row], int(column)) - MAX_SHIFT_M
    return Shift(right, -down, float(total.max()) / max(elsewhere, 1e-6))


def _vertex(values: Float32Array, peak: int) -> float:
    """Return where, from -0.5 to 0.5, the parabola through a peak and its neighbours is highest."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[peak - 1 : peak + 2])
    curvature = before - 2 * here + after
    return 0.5 * (before - after) / curvature if curvature < 0 else 0.0
