"""Visibility: how much of a region a scene shows, by exact area."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

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
SeenIn = Callable[[int, int, int, int], NDArray[np.bool_]]


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
        area = polygons(shapely.make_valid(part))
        clear = polygons(shapely.intersection(area, self.clear))
        return Visibility.of(area, clear, self.basis)


def clear_part(region: BaseGeometry, raster: tuple[int, int], seen_in: SeenIn) -> BaseGeometry:
    """The part of `region` (pixels) that lies on seen pixels of a raster of shape `raster`.

    `seen_in` answers which pixels of x, y, width, height were seen. Pixels are squares: the area is
    exact. The window is gone through in parts, so that memory stays bounded, by two threads: one
    part is read while another is judged.
    """

    def clear_in(window: Window) -> BaseGeometry:
        x, y, width, height = window
        part = polygons(shapely.intersection(region, shapely.box(x, y, x + width, y + height)))
        if part.is_empty:
            return NOTHING
        return shapely.intersection(part, _seen_area(seen_in, x, y, width, height))

    with ThreadPoolExecutor(2) as pool:
        return polygons(shapely.union_all(list(pool.map(clear_in, _parts(region, raster)))))


def polygons(geometry: BaseGeometry) -> BaseGeometry:
    """The parts of `geometry` that have an area."""
    kept = [part for part in shapely.get_parts(geometry) if part.area > 0]
    if any(part.geom_type == "GeometryCollection" for part in kept):
        return polygons(shapely.union_all([polygons(part) for part in kept]))
    return shapely.MultiPolygon(kept) if len(kept) != 1 else kept[0]


def _parts(region: BaseGeometry, raster: tuple[int, int]) -> Iterator[Window]:
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
