"""Polygons across the antimeridian, as GIS programs expect them."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from cv.geometry.arrays import Float64Array

_WORLD = shapely.box(-180, -90, 180, 90)


def split_at_antimeridian(outline: BaseGeometry) -> BaseGeometry:
    """Return `outline` (longitude, latitude, degrees) cut at the antimeridian (RFC 7946, 3.1.9).

    The input may run on beyond 180 degrees or jump from one side to the other; the result lies in
    [-180, 180], with counterclockwise exterior rings.
    """
    whole = outline
    west, _, east, _ = outline.bounds
    if east - west > 180.0 and west >= -180.0 and east <= 180.0:
        whole = shapely.transform(outline, _eastward)
        west, _, east, _ = whole.bounds
    if west < -180.0 or east > 180.0:
        turns = (affinity.translate(whole, xoff=turn) for turn in (-360.0, 0.0, 360.0))
        whole = shapely.union_all(
            [part for turned in turns for part in polygon_parts(turned.intersection(_WORLD))]
        )
    parts = [orient(part) for part in polygon_parts(whole)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _eastward(lonlat: Float64Array) -> Float64Array:
    """Return `lonlat` (n, 2) with western longitudes shifted beyond 180 degrees."""
    return np.column_stack(
        [np.where(lonlat[:, 0] < 0, lonlat[:, 0] + 360, lonlat[:, 0]), lonlat[:, 1]]
    )


def polygon_parts(shape: BaseGeometry) -> list[shapely.Polygon]:
    """Return the polygons of `shape`, without the lines and points of a collection."""
    parts = shapely.get_parts(shapely.get_parts(shape))  # a collection may hold MultiPolygons
    return [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
