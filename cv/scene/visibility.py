"""Visibility: how much of a region a scene shows, by exact area."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import shapes
from shapely.geometry.base import BaseGeometry

NOTHING = shapely.MultiPolygon()
_PART_PIXELS = 2**21
_ROUNDING = 1e-9
"""A share of a region so small is none: areas are sums of many."""

Window = tuple[int, int, int, int]
"""x, y, width, height in pixels."""
SeenIn = Callable[[int, int, int, int], NDArray[np.bool_]]
ClearIn = Callable[[BaseGeometry, Window], BaseGeometry]
"""Which part of some polygons, all within a window, was seen; pixels (x, y)."""


@dataclass(frozen=True)
class Visibility:
    """What a scene shows of one region."""

    fraction: float
    """Share of the region's area that was seen, 0 to 1; 0 for a region without area."""
    clear: BaseGeometry
    """The seen part of the region, pixels (x, y) of the scene; empty if nothing was seen."""
    basis: str
    """What it rests on: "udm2" (clouds and shadows are known) or "mask" (valid pixels only)."""

    @classmethod
    def of(cls, region: BaseGeometry, clear: BaseGeometry, basis: str) -> Visibility:
        """The visibility of `region` of which `clear` was seen."""
        if region.area <= 0:
            return cls(0.0, NOTHING, basis)
        share = clear.area / region.area
        return cls(share if share < 1 - _ROUNDING else 1.0, clear, basis)

    def within(self, part: BaseGeometry) -> Visibility:
        """The visibility of a `part` of the region, pixels (x, y) of the scene."""
        area = polygon_parts(shapely.make_valid(part))
        clear = polygon_parts(shapely.intersection(area, self.clear))
        return Visibility.of(area, clear, self.basis)


@dataclass(frozen=True, eq=False)
class RegionPart:
    """A region's part in one window, small enough to be looked at in one piece."""

    region: BaseGeometry
    """All of the region, pixels (x, y)."""
    window: Window
    clear_in: ClearIn

    def query(self) -> BaseGeometry:
        """What of it was seen, pixels (x, y): found once, by whoever asks first."""
        return self._clear

    @cached_property
    def _clear(self) -> BaseGeometry:
        x, y, width, height = self.window
        window = shapely.box(x, y, x + width, y + height)
        here = polygon_parts(shapely.intersection(self.region, window))
        return NOTHING if here.is_empty else self.clear_in(here, self.window)


@dataclass(frozen=True, eq=False)
class VisibilityQuery:
    """How much of a region is seen, found part by part, so that memory stays bounded."""

    region: BaseGeometry
    """Polygons, pixels (x, y)."""
    parts: tuple[RegionPart, ...]
    """From the top to the bottom. Any thread may look at any of them, at any time."""

    @classmethod
    def of(cls, region: BaseGeometry, raster: tuple[int, int], clear_in: ClearIn) -> Self:
        """The survey of `region` in a raster of shape `raster`.

        `clear_in` answers which part of some polygons in a window was seen.
        """
        windows = _windows(region, raster)
        return cls(region, tuple(RegionPart(region, window, clear_in) for window in windows))

    @property
    def clear(self) -> BaseGeometry:
        """What of the region was seen, pixels (x, y)."""
        return polygon_parts(shapely.union_all([part.query() for part in self.parts]))


def clear_area(region: BaseGeometry, window: Window, seen_in: SeenIn) -> BaseGeometry:
    """The part of `region` (pixels, within `window`) that lies on seen pixels.

    `seen_in` answers which pixels of x, y, width, height were seen. Pixels are squares: the area is
    exact.
    """
    return shapely.intersection(region, _seen_area(seen_in, *window))


def polygon_parts(geometry: BaseGeometry) -> BaseGeometry:
    """The parts of `geometry` that have an area."""
    kept = [part for part in shapely.get_parts(geometry) if part.area > 0]
    if any(part.geom_type == "GeometryCollection" for part in kept):
        return polygon_parts(shapely.union_all([polygon_parts(part) for part in kept]))
    return shapely.MultiPolygon(kept) if len(kept) != 1 else kept[0]


def _windows(region: BaseGeometry, raster: tuple[int, int]) -> Iterator[Window]:
    if region.is_empty:
        return
    left, top, right, bottom = region.bounds
    x0, x1 = max(0, math.floor(max(left, -1))), min(raster[1], math.ceil(min(right, raster[1])))
    y0, y1 = max(0, math.floor(max(top, -1))), min(raster[0], math.ceil(min(bottom, raster[0])))
    if x0 >= x1:
        return
    rows = max(1, _PART_PIXELS // (x1 - x0))
    for y in range(y0, y1, rows):
        yield x0, y, x1 - x0, min(rows, y1 - y)


def _seen_area(seen_in: SeenIn, x: int, y: int, width: int, height: int) -> BaseGeometry:
    seen = seen_in(x, y, width, height)
    if seen.all():
        return shapely.box(x, y, x + width, y + height)
    found = shapes(seen.astype(np.uint8), mask=seen, transform=Affine.translation(x, y))
    return shapely.MultiPolygon([shapely.geometry.shape(polygon) for polygon, _ in found])
