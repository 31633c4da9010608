"""A painted pier: a known world of containers and a hull, painted onto any grid."""

from __future__ import annotations

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from stand_ins import CONTAINER_RGB, HULL_RGB

from cv.geometry.boxes import OrientedBoxes

HULL = OrientedBoxes.from_values([[40.0, 62.0, 130.0, 21.0, np.radians(12.0)]])
"""East, north metres; a hull of 130 x 21 m whose keel points 78 degrees from north."""
_COLS, _ROWS = np.meshgrid(np.arange(6), np.arange(4))
CONTAINERS = OrientedBoxes.from_values(
    np.column_stack(
        [
            -60 + _COLS.ravel() * 15.0,
            -40 + _ROWS.ravel() * 5.0,
            np.where(_COLS.ravel() < 2, 6.06, 12.19),
            np.full(24, 2.44),
            np.full(24, np.radians(12.0)),
        ]
    )
)
"""24 boxes ashore: 8 of 20 ft, 16 of 40 ft: 40 TEU."""
PIER = shapely.box(-90, -60, 120, 10)
BERTH = shapely.box(-90, 10, 120, 110)


def projection(lonlat: tuple[float, float]) -> CRS:
    """East, north metres around `lonlat`."""
    return CRS.from_proj4(f"+proj=aeqd +lon_0={lonlat[0]} +lat_0={lonlat[1]} +datum=WGS84 +units=m")


def to_lonlat(shape, lonlat):
    """`shape` in metres around `lonlat`, in longitude and latitude, cut at the antimeridian."""
    turn = Transformer.from_crs(projection(lonlat), 4326, always_xy=True)
    moved = shapely.transform(shape, lambda p: np.column_stack(turn.transform(p[:, 0], p[:, 1])))
    lon = shapely.get_coordinates(moved)[:, 0]
    if lon.max() - lon.min() < 180:
        return moved
    joined = shapely.transform(moved, lambda p: np.column_stack([p[:, 0] % 360, p[:, 1]]))
    east = joined.intersection(shapely.box(0, -90, 180, 90))
    west = joined.intersection(shapely.box(180, -90, 360, 90))
    west = shapely.transform(west, lambda p: p - [360, 0])
    return shapely.MultiPolygon([east, west])


def grid_transform(crs, lonlat, gsd_m, turn_deg, flip, size):
    """A transform of about `gsd_m` whose raster of `size` px has its middle at `lonlat`."""
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(*lonlat)
    step = gsd_m / 111_320 if crs.is_geographic else gsd_m
    return (
        Affine.translation(x, y)
        @ Affine.rotation(turn_deg)
        @ Affine.scale(step, -flip * step)
        @ Affine.translation(-size / 2, -size / 2)
    )


def paint(path, crs, transform, lonlat, size, tags=None):
    """The world on the grid (crs, transform): each pixel has the colour of its middle."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    t = transform
    there = Transformer.from_crs(crs, projection(lonlat), always_xy=True)
    east, north = there.transform(t.a * x + t.b * y + t.c, t.d * x + t.e * y + t.f)
    rgb = np.full((3, size, size), 110, np.uint8)
    for boxes, colour in ((HULL, HULL_RGB), (CONTAINERS, CONTAINER_RGB)):
        for cx, cy, w, h, angle in boxes.values:
            along = (east - cx) * np.cos(angle) + (north - cy) * np.sin(angle)
            across = (north - cy) * np.cos(angle) - (east - cx) * np.sin(angle)
            inside = (np.abs(along) < w / 2) & (np.abs(across) < h / 2)
            rgb[:, inside] = np.array(colour, np.uint8)[:, None]
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=size,
        height=size,
        count=3,
        dtype="uint8",
        crs=crs.to_wkt(),
        transform=transform,
        tiled=True,
        compress="deflate",
    ) as out:
        out.write(rgb)
        if tags:
            out.update_tags(**tags)
    return path
