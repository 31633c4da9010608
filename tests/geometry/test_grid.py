"""Grids and ground planes against geodesics and scripted transforms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS, Geod, Transformer

from cv.geometry.grid import Grid, parse_crs
from cv.geometry.oriented_boxes import map_points

RAJIN = (130.295, 42.235)
GEOD = Geod(ellps="WGS84")


def grid_around(lonlat, epsg, gsd_m, turn_deg=0.0, flip=1, shape=(2000, 2400)) -> Grid:
    """A grid of about `gsd_m` around `lonlat`; flip -1 is south-up."""
    crs = CRS.from_epsg(epsg)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(*lonlat)
    step = gsd_m / 111_320 if crs.is_geographic else gsd_m
    transform = (
        Affine.translation(x, y)
        @ Affine.rotation(turn_deg)
        @ Affine.scale(step, -flip * step)
        @ Affine.translation(-shape[1] / 2, -shape[0] / 2)
    )
    return Grid(shape, transform, crs)


CASES = [
    pytest.param(RAJIN, 32652, 0.3, 0.0, 1, id="utm"),
    pytest.param((4.05, 51.98), 28992, 0.25, 0.0, 1, id="national"),
    pytest.param(RAJIN, 4326, 0.5, 0.0, 1, id="degrees"),
    pytest.param(RAJIN, 3857, 0.5, 0.0, 1, id="web-mercator"),
    pytest.param(RAJIN, 32652, 0.3, 37.0, 1, id="rotated"),
    pytest.param(RAJIN, 4326, 0.5, 25.0, 1, id="rotated-degrees"),
    pytest.param(RAJIN, 32652, 0.3, 0.0, -1, id="south-up"),
    pytest.param((180.0, -16.5), 4326, 0.5, 0.0, 1, id="antimeridian-degrees"),
    pytest.param((179.9999, -16.5), 32760, 0.5, 0.0, 1, id="antimeridian-utm"),
    pytest.param((15.6, 78.2), 32633, 0.5, 0.0, 1, id="arctic"),
]


@pytest.mark.parametrize(("lonlat", "epsg", "gsd", "turn", "flip"), CASES)
def test_ground_lengths_and_directions_are_geodesic(lonlat, epsg, gsd, turn, flip):
    grid = grid_around(lonlat, epsg, gsd, turn, flip)
    ground = grid.local_plane()
    rng = np.random.default_rng(5)
    start, end = rng.uniform(500, 1500, (2, 40, 2))
    (lon0, lat0), (lon1, lat1) = grid.to_lonlat(start).T, grid.to_lonlat(end).T
    azimuth, _, metres = GEOD.inv(lon0, lat0, lon1, lat1)
    step = map_points(ground.from_pixel, end) - map_points(ground.from_pixel, start)
    assert np.hypot(*step.T) == pytest.approx(metres, rel=2e-3)
    heading = ground.azimuth_deg + np.degrees(np.arctan2(step[:, 1], step[:, 0]))
    off = (heading - azimuth + 180) % 360 - 180
    assert np.abs(off).max() < 0.3


@pytest.mark.parametrize(("lonlat", "epsg", "gsd", "turn", "flip"), CASES)
def test_the_ground_picture_is_never_mirrored(lonlat, epsg, gsd, turn, flip):
    """East to south is a right turn in any map and must be one in pixels of the ground."""
    grid = grid_around(lonlat, epsg, gsd, turn, flip)
    lon, lat = grid.to_lonlat(np.array([grid.center]))[0]
    spots = np.array([[lon, lat], [lon + 1e-4, lat], [lon, lat - 1e-4]])
    pixels = grid.from_world(spots, parse_crs("OGC:CRS84"))
    here, east, south = map_points(grid.local_plane().from_pixel, pixels)
    assert np.cross(np.append(east - here, 0), np.append(south - here, 0))[2] > 0


def test_from_world_inverts_to_lonlat_on_both_sides_of_the_antimeridian():
    grid = grid_around((180.0, -16.5), 4326, 0.5)
    pixels = np.array([[100.0, 100.0], [1200.0, 900.0], [2300.0, 1900.0]])
    lonlat = grid.to_lonlat(pixels)
    assert lonlat[0, 0] > 179
    assert lonlat[2, 0] < -179
    assert grid.from_world(lonlat, parse_crs("OGC:CRS84")) == pytest.approx(pixels, abs=1e-4)


def test_a_pier_cut_at_the_antimeridian_is_one_in_pixels():
    grid = grid_around((180.0, -16.5), 4326, 0.5)
    d = 0.001
    cut = shapely.MultiPolygon(
        [shapely.box(180 - d, -16.5 - d, 180, -16.5), shapely.box(-180, -16.5 - d, -180 + d, -16.5)]
    )
    whole = grid.geometry_from_world(cut, parse_crs("OGC:CRS84"))
    assert whole.geom_type == "Polygon"
    step = 0.5 / 111_320
    assert whole.area == pytest.approx(2 * d * d / step**2, rel=1e-6)


def test_local_grids_are_metres():
    ground = Grid.local((100, 200), (0.25, 0.32)).local_plane()
    assert ground.gsd_m == pytest.approx((0.25, 0.32))
    assert map_points(ground.from_pixel, np.array([10.0, 10.0])) == pytest.approx([2.5, 3.2])
    assert math.isnan(ground.azimuth_deg)


def test_a_geometry_outside_the_domain_of_the_crs_is_empty():
    grid = grid_around(RAJIN, 32652, 0.3)
    far = shapely.box(-50, 10, -49, 11)
    assert not grid.geometry_from_world(far, parse_crs("OGC:CRS84")).intersects(grid.footprint)


def test_unknown_crs_is_refused():
    with pytest.raises(ValueError, match="not a coordinate reference system"):
        parse_crs("EPSG:999999")
