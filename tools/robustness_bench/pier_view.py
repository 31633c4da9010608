"""A pier in an image with known containers and ships; the input of every perturbation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Self

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from shapely.geometry.base import BaseGeometry

from cv.geometry.oriented_boxes import map_points, transform_geometry

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


class Quantity(StrEnum):
    """What is counted, by the name of its field in a count."""

    CONTAINERS = "containers"
    """On the pier."""
    HULLS = "hulls"
    """At the berth."""
    ABOARD = "aboard"
    """Containers on the decks of those hulls."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ships:
    """The ships at a pier."""

    berth: BaseGeometry
    """Ground metres."""
    hulls: Points
    """(n, 4, 2) corners of all known hulls, ground metres, at the berth or not."""
    truth: int
    """Hulls at the berth: those with their centre in the original one."""
    aboard: int
    """Containers on the decks of those hulls."""

    def mapped(self, ground: Affine) -> Self:
        """Return them with berth and hulls where `ground` maps them to."""
        berth, hulls = transform_geometry(self.berth, ground), map_points(ground, self.hulls)
        return replace(self, berth=berth, hulls=hulls)


@dataclass(frozen=True, eq=False, kw_only=True)
class PierView:
    """One image, the pier in it, and what stands there.

    Ground metres are those that the file declares: x to the east, y to the south, origin at the
    image's top left corner.
    """

    name: str
    source: str
    """"real", "rendered" or "port"."""
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
    ships: Ships | None = None
    """None where they are not known."""

    @property
    def numbers(self) -> dict[Quantity, int]:
        """The true number of all that is known."""
        known = {Quantity.CONTAINERS: self.truth}
        if self.ships:
            known |= {Quantity.HULLS: self.ships.truth, Quantity.ABOARD: self.ships.aboard}
        return known

    @property
    def region(self) -> BaseGeometry:
        """Pier and berth, ground metres."""
        return self.outline.union(self.ships.berth) if self.ships else self.outline

    def region_of(self, quantity: Quantity) -> BaseGeometry:
        """Return where a quantity is counted, ground metres: the pier or its berth."""
        afloat = quantity is not Quantity.CONTAINERS and self.ships
        return afloat.berth if afloat else self.outline

    def boxes_of(self, quantity: Quantity) -> Points:
        """Return the corners (n, 4, 2) of the objects of a quantity, ground metres."""
        if self.ships is None:
            return self.containers
        if quantity is Quantity.HULLS:
            return self.ships.hulls
        decks = shapely.union_all(shapely.polygons(self.ships.hulls))
        aboard = is_inside(decks, self.containers)
        return self.containers[aboard if quantity is Quantity.ABOARD else ~aboard]

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
        return transform_geometry(self.outline, ~self.to_ground)

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

    @cached_property
    def metres(self) -> tuple[Floats, Floats]:
        """(rows, columns) distance of each pixel from the first one along x and y, metres."""
        y, x = np.mgrid[0 : self.shape[0], 0 : self.shape[1]].astype(np.float32)
        return x * np.float32(self.gsd_m[0]), y * np.float32(self.gsd_m[1])

    def mapped(self, ground: Affine) -> PierView:
        """Return the view with outline, containers and ships where `ground` maps them to.

        The image stays.
        """
        return replace(
            self,
            outline=transform_geometry(self.outline, ground),
            containers=map_points(ground, self.containers),
            ships=self.ships and self.ships.mapped(ground),
        )

    def cropped(self, margin_m: float) -> PierView:
        """Return the part of a view that looks north within `margin_m` of pier and berth."""
        rows, columns = self.shape
        left, top, right, bottom = transform_geometry(
            self.region.buffer(margin_m), ~self.to_ground
        ).bounds
        x0, y0 = max(0, int(left)), max(0, int(top))
        x1, y1 = min(columns, int(right)), min(rows, int(bottom))
        image = np.ascontiguousarray(self.image[y0:y1, x0:x1])
        origin = Affine.translation(-x0 * self.gsd_m[0], -y0 * self.gsd_m[1])
        return self.mapped(origin).with_image(image)

    def with_image(self, image: Bytes) -> PierView:
        """Return the view with another image."""
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


def is_inside(outline: BaseGeometry, boxes: Points) -> Bools:
    """Return (n,) which of `boxes` (n, 4, 2) have their centre in `outline`."""
    centres = shapely.points(boxes.reshape(-1, 4, 2).mean(axis=1))
    return np.asarray(shapely.intersects(outline, centres), np.bool_)


def number_inside(outline: BaseGeometry, boxes: Points) -> int:
    """Return how many of `boxes` (n, 4, 2) have their centre in `outline`."""
    return int(is_inside(outline, boxes).sum())
