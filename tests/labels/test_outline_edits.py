"""Edits of outlines."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from cv.errors import DatasetError
from cv.labels.labelled_image import (
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    is_rectangle,
    make_dataset,
    open_ring,
)
from cv.labels.outline_edits import (
    boxes_around,
    clip_to_images,
    signed_area,
    smallest_rectangle,
    to_rectangles,
    visible_part,
    with_split,
)
from tests.fixtures.label_files import turned, upright

POINTS = st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=3, max_size=9)


def one(outline, size=(100, 100)) -> LabelledDataset:
    return LabelledDataset(
        ("hull",), (LabelledImage("a.png", size, (LabelledShape("hull", np.array(outline)),)),)
    )


@given(POINTS)
def test_smallest_rectangle_contains_all_points_and_is_clockwise(points):
    corners = smallest_rectangle(open_ring(points))
    assert corners.shape == (4, 2)
    assert signed_area(corners) >= -1e-9
    around = shapely.MultiPoint(corners).convex_hull.buffer(1e-6)
    assert around.covers(shapely.MultiPoint(points))
    assert is_rectangle(corners, 1e-6)


@given(st.floats(0, 360), st.floats(1, 500), st.floats(1, 500))
def test_rotated_box_is_a_rectangle_and_is_not_changed(degrees, w, h):
    corners = turned(upright(10, 20, w, h), degrees, "center")
    assert is_rectangle(corners)
    done = to_rectangles(one(corners))
    assert (done.changed, done.dropped, done.furthest_px) == (0, 0, 0.0)
    assert np.array_equal(done.dataset.images[0].shapes[0].outline, corners)


@pytest.mark.parametrize(
    "outline",
    [
        [[0, 0], [10, 0], [10, 5], [0, 5.1]],
        [[0, 0], [10, 0], [12, 5], [2, 5]],
        [[0, 0], [10, 0], [5, 5]],
    ],
)
def test_other_outlines_become_rectangles_and_are_counted(outline):
    done = to_rectangles(one(np.array(outline, dtype=float)))
    assert done.changed == 1
    assert done.furthest_px > 0.01
    assert is_rectangle(done.dataset.images[0].shapes[0].outline)


def test_self_crossing_outline_becomes_a_rectangle_and_is_counted():
    done = to_rectangles(one([[0.0, 0], [10, 0], [0, 5], [10, 5]]))
    assert done.changed == 1
    assert is_rectangle(done.dataset.images[0].shapes[0].outline)


def test_largest_move_of_a_corner_is_reported():
    done = to_rectangles(one([[0.0, 0], [10, 0], [10, 5], [0, 5.5]]))
    assert done.furthest_px == pytest.approx(0.5, abs=0.05)


def test_clipping_keeps_the_part_inside_and_drops_shapes_outside():
    inside, outside = upright(10, 10, 20, 5), upright(200, 10, 20, 5)
    across = upright(90, 10, 40, 8)
    shapes = tuple(
        LabelledShape("hull", shapely.get_coordinates(p)[:4]) for p in (inside, outside, across)
    )
    done = clip_to_images(LabelledDataset(("hull",), (LabelledImage("a.png", (100, 100), shapes),)))
    assert (done.changed, done.dropped) == (1, 1)
    kept = [shapely.Polygon(s.outline) for s in done.dataset.images[0].shapes]
    assert kept[0].equals(inside)
    assert kept[1].equals(upright(90, 10, 10, 8))


def test_every_nth_image_without_a_split_goes_to_val():
    images = [LabelledImage(f"{i}.png", None, ()) for i in range(9)]
    done = with_split(
        make_dataset([*images, LabelledImage("t.png", None, (), split="test")], "x"), 4
    )
    assert [i.name for i in done.images if i.split == "val"] == ["3.png", "7.png"]
    assert [i.split for i in done.images].count("train") == 7
    assert done.images[-1].split == "test"


@pytest.mark.parametrize(
    "points", [[[0, 0], [1, 1]], [[0, 0], [1, 1], [np.nan, 0]], [0, 1, 2], [[1, 2, 3]] * 3]
)
def test_invalid_outlines_are_refused(points):
    with pytest.raises(ValueError, match=r"outline|finite"):
        open_ring(points)


def test_repeated_first_point_is_dropped():
    assert len(open_ring([[0, 0], [1, 0], [1, 1], [0, 0]])) == 3


def test_two_images_of_one_name_are_refused():
    with pytest.raises(DatasetError, match="two images are named"):
        make_dataset([LabelledImage("a.png", None, ())] * 2, "x.json")


def test_boxes_around_quadrilaterals_other_outlines_and_nothing():
    quadrilateral = LabelledShape("hull", np.array([[0.0, 0], [10, 0], [10, 5], [0, 5]]))
    triangle = LabelledShape("hull", np.array([[0.0, 0], [10, 0], [0, 5]]))
    boxes = boxes_around([quadrilateral, triangle])
    assert boxes.values == pytest.approx(np.array([[5, 2.5, 10, 5, 0]] * 2))
    assert len(boxes_around([])) == 0


@pytest.mark.parametrize("degrees", [0, 10, 45, 80, 90, 135, 200, 300])
@pytest.mark.parametrize("x", [-15, 0, 20, 50, 99])
def test_visible_part_has_the_rotation_of_the_object_and_covers_its_visible_area(x, degrees):
    box = affinity.rotate(shapely.box(x - 20, 46, x + 20, 54), degrees, origin=(x, 50))
    corners = shapely.get_coordinates(box)[:4]
    part = visible_part(corners, (100, 100))
    visible = box.intersection(shapely.box(0, 0, 100, 100))
    if visible.area == 0:
        assert part is None
        return
    assert part is not None
    whole = shapely.Polygon(part)
    assert is_rectangle(part)
    assert whole.buffer(1e-6).contains(visible)
    assert box.buffer(1e-6).contains(whole)
    turn = np.arctan2(*(part[1] - part[0])[::-1]) - np.arctan2(*(corners[1] - corners[0])[::-1])
    assert np.sin(turn) == pytest.approx(0, abs=1e-9)
    for side in (0, 1):  # it is not longer along its axes than the visible area
        axis = (corners[(1, 3)[side]] - corners[0]) / np.hypot(
            *(corners[(1, 3)[side]] - corners[0])
        )
        ends = [np.ptp(shapely.get_coordinates(shape) @ axis) for shape in (visible, whole)]
        assert ends[1] == pytest.approx(ends[0])
