"""A pier in an image with a known number of containers; the input of every perturbation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from cv.geometry.oriented_boxes import map_points

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Points = NDArray[np.float64]
Rng = np.random.Generator

_GAMMA = 2.2
"""Exponent between the brightness of a display and light."""
_TO_LIGHT = (np.arange(256) / 255.0).astype(np.float32) ** np.float32(_GAMMA)
_READ_NOISE = 0.002
"""Standard deviation of a camera's noise, part of its full scale."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PierView:
    """One image, the pier in it, and what stands there.

    Ground metres are those that the file declares: x to the east, y to the south, origin at the
    image's top left corner.
    """

    name: str
    source: str
    """"real" or "rendered"."""
    image: Bytes
    """(rows, columns, 1 or 3 bands), RGB."""
    to_ground: Affine
    """Pixels (x, y) to ground metres."""
    outline: BaseGeometry
    """Outline of the pier, ground metres."""
    containers: Points
    """(n, 4, 2) corners of all known containers, ground metres, on the pier or not."""
    truth: int
    """Containers on the pier: those with their centre in the original outline."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.image.shape[0], self.image.shape[1]

    @cached_property
    def gsd_m(self) -> tuple[float, float]:
        """Metres per pixel along x and y of the image."""
        to_ground = self.to_ground
        return float(np.hypot(to_ground.a, to_ground.d)), float(np.hypot(to_ground.b, to_ground.e))

    @cached_property
    def outline_px(self) -> BaseGeometry:
        """Outline of the pier, pixels."""
        a, b, c, d, e, f, *_ = ~self.to_ground
        return affine_transform(self.outline, (a, b, d, e, c, f))

    @cached_property
    def containers_px(self) -> Points:
        """(n, 4, 2) corners of the containers, pixels."""
        return map_points(~self.to_ground, self.containers)

    @cached_property
    def pier_mask(self) -> Bools:
        """(rows, columns) True for pixels of the pier."""
        mask = geometry_mask([self.outline_px], self.shape, Affine.identity(), invert=True)
        inside: Bools = mask if mask.any() else np.ones(self.shape, bool)
        return inside

    @property
    def light(self) -> Floats:
        """(rows, columns, bands) linear light, 0 to 1."""
        return np.asarray(_TO_LIGHT[self.image], np.float32)

    def with_image(self, image: Bytes) -> PierView:
        """Return the view with another image of the same grid."""
        return replace(self, image=image)

    def with_levels(self, levels: NDArray[np.floating]) -> PierView:
        """Return the view with the display levels (rows, columns, bands), 0 to 255."""
        return self.with_image(np.asarray(np.clip(levels + 0.5, 0, 255), np.uint8))

    def with_light(self, light: Floats, rng: Rng, noise: float = _READ_NOISE) -> PierView:
        """Return the view as a camera records `light`: with noise, clipped, in 8 bits."""
        recorded = light + np.float32(noise) * rng.standard_normal(light.shape, np.float32)
        levels = 255 * np.clip(recorded, 0, 1) ** np.float32(1 / _GAMMA)
        return self.with_levels(levels)


def brightness(image: Floats) -> Floats:
    """Return the mean (rows, columns, 1) of the bands."""
    return np.asarray(image.mean(axis=2, keepdims=True), np.float32)


def number_inside(outline: BaseGeometry, containers: Points) -> int:
    """Return how many of `containers` (n, 4, 2) have their centre in `outline`."""
    centres = containers.reshape(-1, 4, 2).mean(axis=1)
    return int(shapely.intersects(outline, shapely.points(centres)).sum())
