"""The grid of a raster: its shape, affine transform and coordinate reference system (CRS).

Pierwatch uses three coordinate systems:

- *pixels*: x (column) and y (row) of a raster as delivered, (0, 0) at the outer corner of its first
  pixel;
- *world*: coordinates of the CRS;
- *ground*: a local plane in metres tied to one grid, with x along its rows and y a quarter turn
  clockwise from x as seen from above, so that it is never mirrored. Lengths and angles are measured
  there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import map_points

GEOD = Geod(ellps="WGS84")
"""Geodesics on the WGS 84 ellipsoid."""
_DIFFERENCE_HALF_STEP_M = 25.0
"""Half the length over which the scale of a grid is measured, metres."""


@dataclass(frozen=True)
class LocalPlane:
    """The local ground plane of one grid, in metres."""

    from_pixel: Affine
    """Pixels (x, y) to ground metres (x, y); the origin is the outer corner of the first pixel."""
    azimuth_deg: float
    """Direction of the ground x axis, degrees clockwise from true north; nan without a CRS."""

    @property
    def to_pixel(self) -> Affine:
        """Ground metres (x, y) to pixels (x, y)."""
        inverse: Affine = ~self.from_pixel
        return inverse

    @property
    def gsd_m(self) -> tuple[float, float]:
        """Ground sampling distance (GSD) along rows and along columns, metres per pixel."""
        a = self.from_pixel
        return math.hypot(a.a, a.d), math.hypot(a.b, a.e)


@dataclass(frozen=True)
class Grid:
    """Shape and georeference of a raster."""

    shape: tuple[int, int]
    """Rows, columns."""
    transform: Affine
    """Pixels (x, y) to world (x, y); without a CRS, metres with y up."""
    crs: CRS | None
    """Coordinate reference system; None: not georeferenced."""

    @classmethod
    def local(cls, shape: tuple[int, int], gsd_m: tuple[float, float]) -> Grid:
        """Return a grid without a CRS: `shape` (rows, columns), `gsd_m` (x, y) metres per pixel."""
        return cls(shape, Affine(gsd_m[0], 0.0, 0.0, 0.0, -gsd_m[1], 0.0), None)

    @property
    def center(self) -> tuple[float, float]:
        """Centre of the raster, pixels (x, y)."""
        return self.shape[1] / 2, self.shape[0] / 2

    @property
    def footprint(self) -> shapely.Polygon:
        """Outline of the raster, pixels."""
        return shapely.box(0, 0, self.shape[1], self.shape[0])

    def _require_crs(self) -> CRS:
        if self.crs is None:
            raise ValueError("this grid has no CRS")
        return self.crs

    def _lonlat(self, pixels: Float64Array) -> Float64Array:
        world = map_points(self.transform, pixels)
        to_lonlat = _transformer(self._require_crs(), CRS.from_epsg(4326))
        return np.stack(to_lonlat.transform(world[..., 0], world[..., 1]), axis=-1)

    def to_lonlat(self, pixels: Float64Array) -> Float64Array:
        """Return WGS 84 longitude, latitude (..., 2) of `pixels` (..., 2) x, y.

        In degrees; longitudes lie in [-180, 180).
        """
        lonlat = self._lonlat(pixels)
        lonlat[..., 0] = (lonlat[..., 0] + 180.0) % 360.0 - 180.0
        return lonlat

    def from_world(self, points: Float64Array, crs: CRS) -> Float64Array:
        """Return the pixels (..., 2) x, y of `points` (..., 2) x, y in `crs`.

        Works across the antimeridian. Points outside the domain of this grid's CRS become inf.
        """
        own = self._require_crs()
        x, y = _transformer(crs, own).transform(points[..., 0], points[..., 1])
        if own.is_geographic:
            turn = math.tau / own.axis_info[0].unit_conversion_factor
            center_x = map_points(self.transform, np.array([self.center]))[0, 0]
            x = x + turn * np.round((center_x - x) / turn)
        return map_points(~self.transform, np.stack([x, y], axis=-1))

    def geometry_from_world(self, geometry: BaseGeometry, crs: CRS) -> BaseGeometry:
        """Return `geometry`, given in `crs`, in pixels of this grid.

        Parts that meet at the antimeridian are joined. Empty if any of it lies outside the domain
        of this grid's CRS.
        """
        with np.errstate(invalid="ignore"):
            pixels = self.from_world(shapely.get_coordinates(geometry), crs)
        if not np.isfinite(pixels).all():
            return shapely.MultiPolygon()
        moved = shapely.set_coordinates(shapely.from_wkb(geometry.wkb), pixels)
        return shapely.make_valid(shapely.union_all(shapely.get_parts(moved)))

    def local_plane(self, at: tuple[float, float] | None = None) -> LocalPlane:
        """Return the ground plane whose scale is exact at `at` (pixels x, y; default: the centre).

        The Jacobian is measured by geodesics (pyproj.Geod) over 50 m, then rotated so that x lies
        along the rows.
        """
        if self.crs is None:
            return _plane_from_jacobian(np.reshape(self.transform[:6], (2, 3))[:, :2], math.nan)
        here = np.array(at or self.center)
        (start, end) = self._lonlat(np.stack([here, here + np.array([1.0, 0.0])]))
        step = _DIFFERENCE_HALF_STEP_M / max(GEOD.inv(*start, *end)[2], 1e-9)
        steps = np.array([step, 0.0]), np.array([0.0, step])
        moved = [self._displacement(here - one, here + one) for one in steps]
        east_north = np.column_stack(moved) / (2 * step)
        azimuth = math.degrees(math.atan2(east_north[0, 0], east_north[1, 0])) % 360.0
        return _plane_from_jacobian(east_north, azimuth)

    def _displacement(self, start: Float64Array, end: Float64Array) -> Float64Array:
        """Return east, north (2,) metres from `start` to `end`, pixels (x, y)."""
        (lon0, lat0), (lon1, lat1) = self._lonlat(np.stack([start, end]))
        azimuth, _, metres = GEOD.inv(lon0, lat0, lon1, lat1)
        heading = math.radians(azimuth)
        return np.array([float(metres) * math.sin(heading), float(metres) * math.cos(heading)])


def _plane_from_jacobian(jacobian: Float64Array, azimuth_deg: float) -> LocalPlane:
    """Return the ground plane of `jacobian` (2, 2), metres per pixel.

    Its rows are east and north, its columns pixel x and pixel y.
    """
    along, down = jacobian[:, 0], jacobian[:, 1]
    unit = along / np.hypot(*along)
    clockwise = np.array([unit[1], -unit[0]])
    return LocalPlane(
        Affine(float(unit @ along), float(unit @ down), 0.0, 0.0, float(clockwise @ down), 0.0),
        azimuth_deg,
    )


@lru_cache(maxsize=64)
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def parse_crs(text: str | int) -> CRS:
    """Return the CRS that `text` names ("EPSG:4326", WKT, ...); raises ValueError."""
    try:
        return CRS.from_user_input(text)
    except ProjError as error:
        raise ValueError(f"{text!r} is not a coordinate reference system") from error
