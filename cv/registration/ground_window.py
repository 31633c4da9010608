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

from cv.geometry.grid import Grid
from cv.geometry.patch import PatchSource
from cv.site import Pier

AROUND_M = 80.0
"""What lies this far around a pier and its berth belongs to its window, metres."""
_MAX_SIDE_M = 640.0
"""Longest side of a window, metres: of a larger pier the middle stands for all of it."""
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
        own = self.grid
        rows, columns = self.shape
        corners = np.array([[0, 0], [columns, 0], [0, rows]], np.float64)
        world = corners * (1, -1) + (own.transform.c, own.transform.f)
        at, right, down = grid.from_world(world, own.crs or _WGS84)
        if not np.isfinite([at, right, down]).all():
            return np.zeros(self.shape, np.uint8)
        x, y = (right - at) / columns, (down - at) / rows
        patch = image.read(Affine(x[0], y[0], at[0], x[1], y[1], at[1]), self.shape)
        grey = patch.rgb.mean(axis=2, dtype=np.float32).round()
        seen = patch.valid_mask & (grey > 0)
        return np.where(seen, grey, 0).astype(np.uint8)
