"""Oriented boxes against shapely and hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from cv.geometry.box_overlap import intersecting_pairs, pairwise_intersections, pairwise_ious
from cv.geometry.oriented_boxes import OrientedBoxes, map_points

FINITE = st.floats(-1000, 1000)
ROWS = st.lists(
    st.tuples(FINITE, FINITE, st.floats(0.1, 500), st.floats(0.1, 500), st.floats(-10, 10)),
    min_size=1,
    max_size=8,
)


@given(ROWS)
def test_values_are_canonical_and_describe_the_same_rectangle(rows):
    boxes = OrientedBoxes.from_values(rows)
    assert (boxes.lengths >= boxes.widths).all()
    assert ((boxes.angles >= 0) & (boxes.angles < math.pi)).all()
    for row, polygon in zip(rows, boxes.polygons(), strict=True):
        cx, cy, w, h, angle = row
        oracle = shapely.affinity.translate(
            shapely.affinity.rotate(
                shapely.box(-w / 2, -h / 2, w / 2, h / 2), angle, origin=(0, 0), use_radians=True
            ),
            cx,
            cy,
        )
        rest = shapely.symmetric_difference(oracle, polygon, grid_size=1e-7)
        assert rest.area <= 1e-6 * oracle.area + 1e-6


@given(ROWS)
def test_corners_round_trip(rows):
    boxes = OrientedBoxes.from_values(rows)
    again = OrientedBoxes.from_corners(boxes.corners())
    assert again.corners() == pytest.approx(boxes.corners(), abs=1e-6) or np.allclose(
        again.areas, boxes.areas
    )
    for left, right in zip(boxes.polygons(), again.polygons(), strict=True):
        # on a fine grid: of rings that differ by rounding alone GEOS may return both as a whole
        rest = shapely.symmetric_difference(left, right, grid_size=1e-7)
        assert rest.area <= 1e-6 * left.area + 1e-6


def test_a_sheared_box_keeps_centre_direction_and_area():
    box = OrientedBoxes.from_values([[10, 20, 40, 8, 0.3]])
    squash = Affine.scale(0.8, 1.3)
    moved = box.transformed(squash)
    quad = shapely.Polygon(map_points(squash, box.corners()[0]))
    assert moved.centers[0] == pytest.approx((quad.centroid.x, quad.centroid.y))
    assert moved.areas[0] == pytest.approx(quad.area)
    assert moved.angles[0] == pytest.approx(math.atan2(1.3 * math.sin(0.3), 0.8 * math.cos(0.3)))


def test_a_similarity_maps_boxes_exactly():
    boxes = OrientedBoxes.from_values([[1, 2, 12.19, 2.44, 0.4], [5, -3, 6.06, 2.44, 2.9]])
    affine = Affine.translation(7, -2) @ Affine.rotation(40) @ Affine.scale(3)
    moved = boxes.transformed(affine)
    assert moved.lengths == pytest.approx(3 * boxes.lengths)
    assert moved.widths == pytest.approx(3 * boxes.widths)
    assert np.mod(moved.angles - boxes.angles, math.pi) == pytest.approx(math.radians(40))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="finite"):
        OrientedBoxes.from_values([[0, 0, value, 1, 0]])


def test_negative_sides_are_refused():
    with pytest.raises(ValueError, match="negative"):
        OrientedBoxes.from_values([[0, 0, -1, 1, 0]])


def test_empty_is_a_value():
    empty = OrientedBoxes.empty()
    assert len(empty) == 0
    assert empty.corners().shape == (0, 4, 2)
    assert len(empty.transformed(Affine.scale(2))) == 0
    assert len(OrientedBoxes.concatenate([])) == 0


def test_known_overlaps():
    left = OrientedBoxes.from_values([[0, 0, 4, 2, 0], [0, 0, 4, 2, 0], [0, 0, 2, 2, 0]])
    right = OrientedBoxes.from_values(
        [[2.0, 0, 4, 2, 0], [4.0, 0, 4, 2, 0], [0, 0, 2, 2, math.pi / 4]]
    )
    octagon = 8 * (math.sqrt(2) - 1)  # area of two unit-inradius squares crossed at 45 degrees
    assert pairwise_intersections(left, right) == pytest.approx([4, 0, octagon])
    assert pairwise_ious(left, right) == pytest.approx([4 / 12, 0, octagon / (8 - octagon)])


def test_intersecting_pairs_are_those_of_shapely():
    rng = np.random.default_rng(3)
    boxes = OrientedBoxes.from_values(
        np.column_stack(
            [rng.uniform(0, 60, (80, 2)), rng.uniform(2, 9, (80, 2)), rng.uniform(0, 3, 80)]
        )
    )
    polygons = boxes.polygons()
    oracle = {(i, j) for i in range(80) for j in range(80) if polygons[i].intersects(polygons[j])}
    i, j = intersecting_pairs(boxes, boxes)
    assert list(zip(i, j, strict=True)) == sorted(oracle)
