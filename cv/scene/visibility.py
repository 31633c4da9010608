"""How much of a region a scene shows, by exact area."""

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

from cv.scene.integrity.deflate_blocks import Window

NOTHING = shapely.MultiPolygon()
_PART_PIXELS = 2**21
_ROUNDING = 1e-9
"""Share of a region that the sum of its parts may miss by rounding."""

ValidIn = Callable[[int, int, int, int], NDArray[np.bool_]]
"""Returns (rows, columns) which pixels of the window x, y, width, height are valid."""
ClearIn = Callable[[BaseGeometry, Window], BaseGeometry]
"""Returns the visible part of polygons that lie within a window; pixels (x, y)."""


@dataclass(frozen=True)
class Visibility:
    """The visible part of one region in a scene."""

    fraction: float
    """Visible share of the region's area, 0 to 1; 0 for a region without area."""
    clear: BaseGeometry
    """The visible part of the region, pixels (x, y) of the scene; may be empty."""
    basis: str
    """How it is known: "udm2" (clouds and shadows are excluded) or "mask" (valid pixels only)."""

    @classmethod
    def of(cls, region: BaseGeometry, clear: BaseGeometry, basis: str) -> Visibility:
        """Return the visibility of `region` whose part `clear` is visible."""
        if region.area <= 0:
            return cls(0.0, NOTHING, basis)
        share = clear.area / region.area
        return cls(share if share < 1 - _ROUNDING else 1.0, clear, basis)

    def within(self, part: BaseGeometry) -> Visibility:
        """Return the visibility of a `part` of the region, pixels (x, y) of the scene."""
        area = polygon_parts(shapely.make_valid(part))
        clear = polygon_parts(shapely.intersection(area, self.clear))
        return Visibility.of(area, clear, self.basis)


@dataclass(frozen=True, eq=False)
class RegionPart:
    """The part of a region in one window, small enough to be read at once."""

    region: BaseGeometry
    """The whole region, pixels (x, y)."""
    window: Window
    clear_in: ClearIn

    def query(self) -> BaseGeometry:
        """Return the visible part, pixels (x, y); the first call measures it."""
        return self._clear

    @cached_property
    def _clear(self) -> BaseGeometry:
        here = polygon_parts(shapely.intersection(self.region, _box(self.window)))
        return NOTHING if here.is_empty else self.clear_in(here, self.window)


@dataclass(frozen=True, eq=False)
class VisibilityQuery:
    """The visible part of a region, measured part by part so that memory stays bounded."""

    region: BaseGeometry
    """Polygons, pixels (x, y)."""
    parts: tuple[RegionPart, ...]
    """From the top to the bottom. Any thread may query any of them, at any time."""

    @classmethod
    def of(cls, region: BaseGeometry, raster: tuple[int, int], clear_in: ClearIn) -> Self:
        """Return the query of `region` in a raster of shape `raster` (rows, columns)."""
        windows = _windows(region, raster)
        return cls(region, tuple(RegionPart(region, window, clear_in) for window in windows))

    @property
    def clear(self) -> BaseGeometry:
        """The visible part of the region, pixels (x, y)."""
        return polygon_parts(shapely.union_all([part.query() for part in self.parts]))


def clear_area(region: BaseGeometry, window: Window, valid_in: ValidIn) -> BaseGeometry:
    """Return the part of `region` (pixels, within `window`) that lies on valid pixels.

    Pixels are squares: the area is exact.
    """
    valid = valid_in(*window)
    if valid.all():
        return shapely.intersection(region, _box(window))
    place = Affine.translation(*window[:2])
    found = shapes(valid.astype(np.uint8), mask=valid, transform=place)
    area = shapely.MultiPolygon([shapely.geometry.shape(polygon) for polygon, _ in found])
    return shapely.intersection(region, area)


def polygon_parts(geometry: BaseGeometry) -> BaseGeometry:
    """Return the polygons in `geometry` that have an area, one or many."""
    polygons = shapely.get_parts(shapely.get_parts(geometry))  # a collection may hold many of many
    kept = [polygon for polygon in polygons if polygon.area > 0]
    return shapely.MultiPolygon(kept) if len(kept) != 1 else kept[0]


def _windows(region: BaseGeometry, raster: tuple[int, int]) -> Iterator[Window]:
    """Yield strips of whole rows that cover `region` in a raster of (rows, columns)."""
    if region.is_empty:
        return
    left, top, right, bottom = region.bounds
    x0, x1 = map(int, np.clip((math.floor(left), math.ceil(right)), 0, raster[1]))
    y0, y1 = map(int, np.clip((math.floor(top), math.ceil(bottom)), 0, raster[0]))
    rows = max(1, _PART_PIXELS // max(1, x1 - x0))
    for y in range(y0, y1 if x0 < x1 else y0, rows):
        yield x0, y, x1 - x0, min(rows, y1 - y)


def _box(window: Window) -> BaseGeometry:
    x, y, width, height = window
    return shapely.box(x, y, x + width, y + height)
