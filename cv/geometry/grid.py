"""A grid: shape, affine transform and CRS of a raster as one value.

Three planes occur in the project. *Pixels*: x (column) and y (row) of a raster as delivered, (0, 0)
at the outer corner of its first pixel. *World*: coordinates of the CRS. *Ground*: a local plane in
metres tied to one grid, x along its rows, y a quarter turn clockwise from x as seen from above, so
that a ground picture is never mirrored; lengths and angles are measured there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from cv.geometry.oriented_boxes import Floats, map_points

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class LocalPlane:
    """The local plane in metres of one grid."""

    from_pixel: Affine
    """Pixels (x, y) to ground metres (x, y); its origin is the grid's first corner."""
    azimuth_deg: float
    """Direction of the ground x axis, degrees clockwise from true north; nan without a CRS."""

    @property
    def to_pixel(self) -> Affine:
        """Ground metres (x, y) to pixels (x, y)."""
        inverse: Affine = ~self.from_pixel
        return inverse

    @property
    def gsd_m(self) -> tuple[float, float]:
        """Ground sampling distance along a row and along a column, metres a pixel."""
        a = self.from_pixel
        return math.hypot(a.a, a.d), math.hypot(a.b, a.e)


@dataclass(frozen=True)
class Grid:
    """Where the pixels of a raster lie."""

    shape: tuple[int, int]
    """Rows, columns."""
    transform: Affine
    """Pixels (x, y) to world (x, y); metres, y up, where there is no CRS."""
    crs: CRS | None
    """Coordinate reference system, or None for a plane in metres that lies nowhere."""

    @classmethod
    def local(cls, shape: tuple[int, int], gsd_m: tuple[float, float]) -> Grid:
        """A grid that lies nowhere: `shape` (rows, columns), `gsd_m` (x, y) in metres a pixel."""
        return cls(shape, Affine(gsd_m[0], 0.0, 0.0, 0.0, -gsd_m[1], 0.0), None)

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the raster in pixels (x, y)."""
        return self.shape[1] / 2, self.shape[0] / 2

    @property
    def footprint(self) -> shapely.Polygon:
        """The raster's rectangle in pixels."""
        return shapely.box(0, 0, self.shape[1], self.shape[0])

    @cached_property
    def _to_lonlat(self) -> Transformer:
        return Transformer.from_crs(self._require_crs(), 4326, always_xy=True)

    @cached_property
    def _center_lon(self) -> float:
        return float(self._lonlat(np.array([self.center]))[0, 0])

    def _require_crs(self) -> CRS:
        if self.crs is None:
            raise ValueError("this grid lies nowhere: it has no CRS")
        return self.crs

    def _lonlat(self, pixels: Floats) -> Floats:
        world = map_points(self.transform, pixels)
        return np.stack(self._to_lonlat.transform(world[..., 0], world[..., 1]), axis=-1)

    def to_lonlat(self, pixels: Floats) -> Floats:
        """`pixels` (..., 2) as x, y to WGS 84 longitude, latitude in degrees, [-180, 180)."""
        lonlat = self._lonlat(pixels)
        lonlat[..., 0] = (lonlat[..., 0] + 180.0) % 360.0 - 180.0
        return lonlat

    def from_world(self, points: Floats, crs: CRS) -> Floats:
        """`points` (..., 2) as x, y of `crs` to pixels x, y; across the antimeridian too.

        Points that `crs` cannot express in this grid's CRS come out as inf.
        """
        own = self._require_crs()
        x, y = _transformer(crs, own).transform(points[..., 0], points[..., 1])
        if own.is_geographic:
            turn = 360.0 / _degrees_per_unit(own)
            middle = map_points(self.transform, np.array([self.center]))[0, 0]
            x = x + turn * np.round((middle - x) / turn)
        return map_points(~self.transform, np.stack([x, y], axis=-1))

    def geometry_from_world(self, geometry: BaseGeometry, crs: CRS) -> BaseGeometry:
        """`geometry` of `crs` in pixels; parts that meet at the antimeridian are joined.

        Empty where this grid's CRS cannot express it: it lies on another side of the Earth.
        """
        with np.errstate(invalid="ignore"):
            pixels = self.from_world(shapely.get_coordinates(geometry), crs)
        if not np.isfinite(pixels).all():
            return shapely.MultiPolygon()
        moved = shapely.set_coordinates(shapely.from_wkb(geometry.wkb), pixels)
        return shapely.make_valid(shapely.union_all(shapely.get_parts(moved)))

    def local_plane(self, at: tuple[float, float] | None = None) -> LocalPlane:
        """The ground plane whose scale is exact around `at` (pixels x, y; the middle if None).

        Source: differences of geodesics (pyproj.Geod) over 50 m, turned so that x lies along rows.
        """
        if self.crs is None:
            return _ground(
                np.array(
                    [[self.transform.a, self.transform.b], [self.transform.d, self.transform.e]]
                ),
                math.nan,
            )
        here = np.array(at or self.center)
        step = 25.0 / max(self._rough_gsd(here), 1e-9)
        east_north = np.column_stack(
            [self._displacement(here, (step, 0.0)), self._displacement(here, (0.0, step))]
        ) / (2 * step)
        azimuth = math.degrees(math.atan2(east_north[0, 0], east_north[1, 0])) % 360.0
        return _ground(east_north, azimuth)

    def _rough_gsd(self, here: Floats) -> float:
        lonlat = self._lonlat(np.stack([here, here + np.array([1.0, 0.0])]))
        return float(GEOD.inv(*lonlat[0], *lonlat[1])[2])

    def _displacement(self, here: Floats, step: tuple[float, float]) -> Floats:
        """East, north metres from here - step to here + step."""
        (lon0, lat0), (lon1, lat1) = self._lonlat(np.stack([here - step, here + step]))
        azimuth, _, metres = GEOD.inv(lon0, lat0, lon1, lat1)
        turn = math.radians(azimuth)
        return np.array([float(metres) * math.sin(turn), float(metres) * math.cos(turn)])


def _ground(jacobian: Floats, azimuth_deg: float) -> LocalPlane:
    """The ground plane from `jacobian`: rows east, north; columns pixel x, pixel y; metres."""
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


def _degrees_per_unit(crs: CRS) -> float:
    return math.degrees(crs.axis_info[0].unit_conversion_factor)


def parse_crs(text: str | int) -> CRS:
    """The CRS named by `text` (EPSG:4326, a WKT, ...); raises ValueError when there is none."""
    try:
        return CRS.from_user_input(text)
    except ProjError as error:
        raise ValueError(f"{text!r} is not a coordinate reference system") from error
