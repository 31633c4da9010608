"""North-up windows of the ground at 1 m, which are the same in every scene of a site."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy.ndimage import affine_transform

from cv.geometry.arrays import Float32Array
from cv.geometry.grid import Grid
from cv.geometry.image_patch import PatchSource
from cv.geometry.oriented_boxes import map_points
from cv.site import Pier

AROUND_M = 80.0
"""What lies this far around a pier and its berth belongs to its window, metres."""
_MAX_SIDE_M = 640.0
"""Longest side of a window, metres: of a larger pier the middle stands for all of it."""
_WHOLLY = 0.999
"""Share from which on the neighbours of a pixel are all seen."""
_WGS84 = CRS.from_epsg(4326)


@dataclass(frozen=True)
class GroundWindow:
    """A window of the ground in pixels of 1 m; rows run to the south, columns to the east."""

    longitude: float
    """Of its centre, WGS 84, degrees."""
    latitude: float
    """Of its centre, degrees."""
    shape: tuple[int, int]
    """Rows, columns."""

    @classmethod
    def around(cls, pier: Pier, crs: CRS) -> Self:
        """Return the window around `pier`, whose outlines are in `crs`, and its berth."""
        parts = [part for part in (pier.outline, pier.berth) if part is not None]
        x, y = shapely.get_coordinates(pier.outline)[0]
        here = Grid((1, 1), Affine.identity(), crs).to_lonlat(np.array([[x, y]]))[0]
        near = cls(float(here[0]), float(here[1]), (1, 1)).grid
        left, top, right, bottom = shapely.total_bounds(
            [near.geometry_from_world(part, crs) for part in parts]
        )
        longitude, latitude = near.to_lonlat(np.array([[(left + right) / 2, (top + bottom) / 2]]))[
            0
        ]
        height, width = (
            math.ceil(min(side + 2 * AROUND_M, _MAX_SIDE_M))
            for side in (float(bottom - top), float(right - left))
        )
        return cls(float(longitude), float(latitude), (height, width))

    def wider(self, margin: int) -> GroundWindow:
        """Return the window with `margin` more metres on every side."""
        rows, columns = self.shape
        shape = rows + 2 * margin, columns + 2 * margin
        return GroundWindow(self.longitude, self.latitude, shape)

    @property
    def grid(self) -> Grid:
        """Its pixels, in an azimuthal equidistant projection around its centre."""
        crs = CRS.from_proj4(
            f"+proj=aeqd +lon_0={self.longitude!r} +lat_0={self.latitude!r} +datum=WGS84 +units=m"
        )
        rows, columns = self.shape
        return Grid(self.shape, Affine(1, 0, -columns / 2, 0, -1, rows / 2), crs)

    def read(self, image: PatchSource, grid: Grid) -> NDArray[np.uint8]:
        """Return the grey values (rows, columns) that an `image` on `grid` shows here.

        They are 1 to 255; 0 is what cannot be seen: outside, nodata, or masked as cloud.

        Raises:
            SceneError: Pixels cannot be read.
        """
        to_pixel = self._to_pixel(grid)
        along_rows, shape = _aligned_window(to_pixel, self.shape, grid.shape)
        if 0 in shape:
            return np.zeros(self.shape, np.uint8)
        patch = image.read(along_rows, shape)
        grey = patch.rgb.mean(axis=2, dtype=np.float32)
        seen = _resampled(
            (patch.valid_mask & (grey > 0)).astype(np.float32), along_rows, to_pixel, self.shape
        )
        values = _resampled(grey, along_rows, to_pixel, self.shape).round().clip(1, 255)
        return np.where(seen > _WHOLLY, values, 0).astype(np.uint8)

    def _to_pixel(self, grid: Grid) -> Affine:
        """Return the map from pixels (x, y) here to those of `grid`; nan outside its domain."""
        own = self.grid
        rows, columns = self.shape
        corners = np.array([[0, 0], [columns, 0], [0, rows]], np.float64)
        world = corners * (1, -1) + (own.transform.c, own.transform.f)
        at, right, down = grid.from_world(world, own.crs or _WGS84)
        x, y = (right - at) / columns, (down - at) / rows
        return Affine(x[0], y[0], at[0], x[1], y[1], at[1])


def _aligned_window(
    to_pixel: Affine, shape: tuple[int, int], raster: tuple[int, int]
) -> tuple[Affine, tuple[int, int]]:
    """Return the part of a raster that holds a window, at 1 m along its rows: map and shape.

    A patch along the rows is read several times as fast as a turned one.
    """
    corners = [(x, y) for x in (0, shape[1]) for y in (0, shape[0])]
    mapped = map_points(to_pixel, np.array(corners, np.float64))
    if not np.isfinite(mapped).all():
        return to_pixel, (0, 0)
    low, high = mapped.min(axis=0).clip(0, raster[::-1]), mapped.max(axis=0).clip(0, raster[::-1])
    back = ~to_pixel
    step = 1 / math.hypot(back.a, back.d), 1 / math.hypot(back.b, back.e)
    columns, rows = (math.ceil(size) for size in ((high - low) / step).tolist())
    return Affine(step[0], 0, low[0], 0, step[1], low[1]), (rows, columns)


def _resampled(
    values: Float32Array, from_pixel: Affine, to_pixel: Affine, shape: tuple[int, int]
) -> Float32Array:
    """Return values on another grid by linear interpolation; 0 outside.

    Args:
        values: (rows, columns).
        from_pixel: Their pixels (x, y) to those of a raster.
        to_pixel: Pixels of the result to those of the raster.
        shape: Rows, columns of the result.
    """
    step = ~from_pixel @ to_pixel
    matrix = np.array([[step.e, step.d], [step.b, step.a]])
    offset = np.array([step.f, step.c]) + matrix @ (0.5, 0.5) - 0.5
    found: Float32Array = affine_transform(values, matrix, offset, shape, order=1)
    return found
