"""How much light there is, from where, and how it is exposed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from robustness_bench.image_filters import shifted, soft_step
from robustness_bench.pier_view import Floats, PierView, Rng, brightness
from robustness_bench.random_fields import above_share, distance_field, field_over

_WARM = np.array([1.1, 0.9, 0.65], np.float32)
"""Colour of a low sun and of sodium lamps."""
_BLUE = np.array([0.8, 1.0, 1.25], np.float32)
"""Colour of the sky."""
_HAZIER = np.array([1.015, 0.985, 0.95], np.float32)
"""Colour of one exposure of a mosaic relative to the other."""
_CONTAINER_M = 2.6
"""Height of a container, metres."""


def darkness(view: PierView, exposure: float, rng: Rng) -> PierView:
    """Expose with the share `exposure` of the light; the camera's noise stays."""
    return view.with_light(view.light * np.float32(exposure), rng)


def night(view: PierView, lamps: float, rng: Rng) -> PierView:
    """Light the ground by lamps of strength `lamps` some 60 m apart, 1 being the sun."""
    x, y = view.metres
    pools = np.zeros(view.shape, np.float32)
    number = max(1, round(float(x.max() * y.max()) / 60**2))
    for _ in range(number):
        spot, reach = rng.uniform((0, 0), (x.max(), y.max())), rng.uniform(8, 15)
        pools += np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * reach**2))
    lit = 0.002 + np.float32(lamps) * np.minimum(pools, 1.5)[..., None] * _WARM
    return view.with_light(_tinted(view.light, lit), rng)


def low_sun(view: PierView, elevation_deg: float, rng: Rng) -> PierView:
    """Light the ground by a sun at `elevation_deg`, with long shadows of the containers."""
    rise = np.sin(np.radians(elevation_deg))
    direct = float(rise * np.exp(-0.25 / (rise + 0.05)))  # a longer way through the air
    azimuth = rng.uniform(0, 2 * np.pi)
    reach = _CONTAINER_M / np.tan(np.radians(elevation_deg))
    way = np.array([np.cos(azimuth), np.sin(azimuth)]) * min(reach, 40.0) / view.gsd_m
    shade = np.zeros(view.shape, np.uint8)
    for corners in view.containers_px:
        outline = np.concatenate([corners, corners + way]).astype(np.float32)
        cv2.fillConvexPoly(shade, np.rint(cv2.convexHull(outline)).astype(np.int32), 255)
    roofs = [np.rint(corners).astype(np.int32) for corners in view.containers_px]
    if roofs:
        cv2.fillPoly(shade, roofs, 0)  # each roof by its own: even overlaps stay lit
    sunlit = 1 - cv2.GaussianBlur(shade, (0, 0), 1.0).astype(np.float32)[..., None] / 255
    light = 0.12 * _BLUE + direct * _WARM * sunlit
    gain = 0.5 / np.sqrt(0.12 + direct)  # the product is stretched, but not fully
    return view.with_light(_tinted(view.light, gain * light), rng)


def over_exposure(view: PierView, gain: float, rng: Rng) -> PierView:
    """Expose with `gain` times the light."""
    return view.with_light(view.light * np.float32(gain), rng)


def saturation(view: PierView, share: float, rng: Rng) -> PierView:
    """Saturate `share` of the pier; the excess runs along the columns of the detector."""
    light = view.light
    full = max(float(np.quantile(brightness(light)[view.pier_mask], 1 - share)), 1e-3)
    light = light / np.float32(full)
    excess = np.maximum(light - 1, 0)
    length = max(3, round(3.0 / view.gsd_m[1]))
    kernel = np.exp(-(np.arange(-length, length + 1).astype(np.float32) ** 2) / length)
    spilled = cv2.filter2D(excess, -1, (0.5 * kernel / kernel.sum())[:, None])
    return view.with_light(light + spilled.reshape(light.shape), rng)


def clipped_colours(view: PierView, share: float, rng: Rng) -> PierView:
    """Stretch every band so that `share` of the pier's values is black and as much white."""
    levels = view.image.astype(np.float32)
    low, high = np.quantile(levels[view.pier_mask], [share, 1 - share], axis=0)
    return view.with_levels(255 * (levels - low) / np.maximum(high - low, 1))


def glint(view: PierView, strength: float, rng: Rng) -> PierView:
    """Mirror the sun in the darkest third of the image (water, wet ground), with sparkle."""
    light = view.light
    dim = brightness(light)
    limit = float(np.quantile(dim, 0.33))
    wet = soft_step((limit - dim) / max(0.15 * limit, 1e-3))
    waves = np.exp(0.8 * field_over(view, rng, 1.5, 1.3))[..., None]
    wide = np.exp(0.5 * field_over(view, rng, 100.0))[..., None]
    return view.with_light(light + np.float32(0.5 * strength) * wet * waves * wide, rng)


def mosaic_seam(view: PierView, ratio: float, rng: Rng) -> PierView:
    """Join two exposures, `ratio` brighter on one half of the pier and a metre off."""
    light = view.light
    far = above_share(view, distance_field(view, rng), 0.5) > 0
    other = _tinted(shifted(view, light, 1.0, 0.0), ratio * _HAZIER)
    return view.with_light(np.where(far[..., None], other, light), rng)


def _tinted(light: Floats, factor: NDArray[np.floating]) -> Floats:
    """Return `light` (rows, columns, bands) times `factor` (..., 3)."""
    return np.asarray(light * factor.astype(np.float32), np.float32)
