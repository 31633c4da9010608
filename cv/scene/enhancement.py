"""Enhancement of hazy and noisy scenes: what was measured to raise the detector's recall."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from cv.geometry.arrays import Float64Array
from cv.geometry.image_patch import Patch, PatchSource

MAX_RANGE = 130.0
"""Levels from the 1st to the 99th percentile of the brightness below which a stretch helps."""
MIN_RANGE = 4.0
"""Levels below which a stretch magnifies nothing but rounding."""
MIN_NOISE = 6.0
"""Standard deviation of the noise above which smoothing helps, levels."""
SMOOTHING_M = 0.35
"""Standard deviation of the Gaussian that smooths, metres on the ground: 1.4 pixels of 0.25 m."""
_PERCENTILES = (0.01, 0.99)
_NOISE_GAIN = 4.05
"""Median absolute response of the difference filter of Immerkaer (1996) to noise with a standard
deviation of 1: a normal with a deviation of 6."""


@dataclass(frozen=True)
class Enhancement:
    """A stretch of each band and a smoothing; either may be missing."""

    limits: tuple[tuple[float, float], ...] = ()
    """8-bit levels of red, green and blue that become 0 and 255; empty: no stretch."""
    smoothing_m: float = 0.0
    """Standard deviation of the Gaussian, metres; 0: none."""

    @classmethod
    def measured(cls, patches: Iterable[Patch], oversampling: int = 1) -> Enhancement | None:
        """Return what helps an image, given in `patches` at the detector's GSD; None: nothing.

        `oversampling` is the number of pixels of the patches in one of the image, along a side.
        """
        bands, brightness, noise = (np.zeros(shape) for shape in ((3, 256), (256,), (2048,)))
        for patch in patches:
            values = patch.rgb[patch.valid_mask]
            grey = patch.rgb.astype(np.int16).sum(axis=2) // 3
            brightness += np.bincount(grey[patch.valid_mask], minlength=256)
            bands += [np.bincount(values[:, band], minlength=256) for band in range(3)]
            noise += _noise_histogram(grey, patch.valid_mask, oversampling, len(noise))
        if not brightness.any():
            return None
        low, high = _quantiles(brightness, _PERCENTILES)
        limits = (
            [_quantiles(band, _PERCENTILES) for band in bands] if high - low < MAX_RANGE else []
        )
        noisy = noise.any() and _quantiles(noise, (0.5, 0.5))[0] / _NOISE_GAIN > MIN_NOISE
        if not limits and not noisy:
            return None
        return cls(
            tuple((black, max(white, black + MIN_RANGE)) for black, white in limits),
            SMOOTHING_M if noisy else 0.0,
        )

    @property
    def summary(self) -> str:
        """All parameters on one line, for records."""
        stretch = " ".join(f"{low:g}-{high:g}" for low, high in self.limits)
        smoothing = f"smoothed {self.smoothing_m:g} m" if self.smoothing_m else ""
        return " ".join(filter(None, [stretch and f"stretched {stretch}", smoothing]))

    def apply(self, patch: Patch, pixel_m: float) -> Patch:
        """Return an enhanced `patch` whose pixels are `pixel_m` metres wide."""
        rgb = patch.rgb
        if self.smoothing_m:
            blur = ImageFilter.GaussianBlur(self.smoothing_m / pixel_m)
            rgb = np.asarray(Image.fromarray(rgb).filter(blur))
        if self.limits:
            lit = patch.rgb.any(
                axis=2, keepdims=True
            )  # black alone means that nothing was measured
            rgb = np.maximum(_stretched(rgb, np.array(self.limits, np.float32)), lit)
        return replace(patch, rgb=rgb * patch.valid_mask[..., None])


@dataclass(frozen=True)
class EnhancedImage:
    """An image that is enhanced as it is read."""

    image: PatchSource
    enhancement: Enhancement
    gsd_m: float
    """Width of a pixel of the image, metres."""

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        """Return the enhanced patch, see PatchSource."""
        pixel_m = self.gsd_m * abs(float(to_pixel.determinant)) ** 0.5
        return self.enhancement.apply(self.image.read(to_pixel, shape), pixel_m)


def _stretched(rgb: NDArray[np.uint8], limits: NDArray[np.float32]) -> NDArray[np.uint8]:
    scaled = (rgb - limits[:, 0]) * (255.0 / (limits[:, 1] - limits[:, 0]))
    return np.clip(scaled + 0.5, 0, 255).astype(np.uint8)


def _noise_histogram(
    grey: NDArray[np.int16], valid: NDArray[np.bool_], step: int, size: int
) -> NDArray[np.int64]:
    """Return the numbers of absolute second differences over `step`, along rows and columns."""
    across = grey[:, : -2 * step] - 2 * grey[:, step:-step] + grey[:, 2 * step :]
    both = np.abs(across[: -2 * step] - 2 * across[step:-step] + across[2 * step :])
    known = valid[:, : -2 * step] & valid[:, step:-step] & valid[:, 2 * step :]
    known = known[: -2 * step] & known[step:-step] & known[2 * step :]
    return np.bincount(np.minimum(both[known], size - 1), minlength=size)


def _quantiles(counts: Float64Array, shares: tuple[float, float]) -> tuple[float, float]:
    """Return two quantiles of values 0, 1, 2 ... that occur `counts` times."""
    total = np.cumsum(counts)
    low, high = np.searchsorted(total, np.multiply(shares, total[-1]))
    return float(low), float(high)
