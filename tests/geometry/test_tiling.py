"""Tilings: every point has an owner that sees its surroundings."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cv.geometry.tiling import Tiling


@given(
    st.floats(-3000, 3000),
    st.floats(-3000, 3000),
    st.sampled_from([(640, 96), (640, 360), (64, 7)]),
)
def test_every_point_has_an_owner_that_sees_half_an_overlap_around_it(x, y, shape):
    size, overlap = shape
    tiling = Tiling(size, overlap, slack=0)
    point = np.array([[x, y]])
    tiles = list(tiling.tiles(shapely.box(x - 900, y - 900, x + 900, y + 900)))
    owners = [tile for tile in tiles if tiling.owns(tile, point)[0]]
    assert len(owners) == 1
    (tile,) = owners
    rim = shape[1] // 2
    assert tile.x0 + rim <= x <= tile.x0 + tile.size - rim
    assert tile.y0 + rim <= y <= tile.y0 + tile.size - rim


def test_only_tiles_that_intersect_the_region_are_returned():
    tiling = Tiling(640, 96)
    strip = shapely.Polygon([(0, 0), (5440, 5440), (5430, 5450), (-10, 10)])
    tiles = list(tiling.tiles(strip))
    owned = [shapely.box(t.x0 + 48, t.y0 + 48, t.x0 + 592, t.y0 + 592) for t in tiles]
    assert all(square.intersects(strip) for square in owned)
    assert len(tiles) < 35
    assert shapely.union_all(owned).buffer(1e-6).contains(strip)


def test_no_region_no_tiles():
    assert list(Tiling(640, 96).tiles(shapely.MultiPolygon())) == []


def test_an_overlap_of_a_whole_tile_is_refused():
    with pytest.raises(ValueError, match="overlap"):
        Tiling(640, 640)


def test_parts_that_lie_apart_have_lattices_of_their_own():
    tiling = Tiling(640, 112)
    piers = [shapely.box(x, y, x + 1000, y + 300) for x in (100, 3000) for y in (70, 4000)]
    tiles = tiling.tiles(shapely.union_all(piers))
    assert len(tiles) == 4 * 2
    owned = [shapely.box(t.x0 + 56, t.y0 + 56, t.x0 + 584, t.y0 + 584) for t in tiles]
    assert shapely.union_all(owned).contains(shapely.union_all(piers))


def test_many_small_parts_share_a_lattice():
    tiling = Tiling(640, 112)
    crumbs = [shapely.box(x, y, x + 9, y + 9) for x in range(0, 900, 90) for y in range(0, 900, 90)]
    assert len(tiling.tiles(shapely.union_all(crumbs))) == 4


@given(st.floats(-500, 500), st.floats(1, 3000), st.floats(0.0, 3.1))
def test_the_whole_region_is_owned(x, length, angle):
    tiling = Tiling(640, 112, slack=0)
    way = np.array([np.cos(angle), np.sin(angle)])
    line = np.array([x, -x]) + way * np.linspace(0, length, 97)[:, None]
    tiles = tiling.tiles(shapely.LineString(line).buffer(2))
    assert np.any([tiling.owns(tile, line) for tile in tiles], axis=0).all()
