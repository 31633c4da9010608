"""What is drawn on a canvas: areas, heights, idents; copies stay apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from cv.rendering.canvas import FREE, TAKEN, WATER, Canvas, rectangle


def drawn(angle=0.4, height=2.6):
    canvas = Canvas(40.0, 30.0)
    corners = rectangle((20.0, 15.0), 12.0, 5.0, angle)
    canvas.fill(corners, (0.9, 0.2, 0.1), height, ident=7)
    return canvas, corners


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, 2.5])
def test_a_filled_rectangle_has_its_area_height_and_ident(angle):
    canvas, corners = drawn(angle)
    filled = canvas.ids == 7
    assert filled.sum() * canvas.resolution**2 == pytest.approx(12.0 * 5.0, rel=0.03)
    assert (canvas.relief[filled] == np.float32(2.6)).all()
    assert not canvas.relief[~filled].any()
    assert (canvas.state == TAKEN).sum() == filled.sum()
    rows, columns = np.nonzero(filled)
    centre = np.array([[20.0, 15.0]])
    assert [columns.mean(), rows.mean()] == pytest.approx(canvas.to_pixels(centre)[0], abs=0.6)
    assert shapely.Polygon(corners).area == pytest.approx(60.0)


def test_what_lies_flat_does_not_take_the_ground():
    canvas, corners = drawn(height=0.0)
    assert (canvas.state == FREE).all()
    assert canvas.is_free(corners)
    canvas.mark(corners, WATER)
    assert not canvas.is_free(corners)
    assert not canvas.is_free(rectangle((500.0, 500.0), 5.0, 5.0, 0.0))  # not on the canvas


def test_paint_changes_colours_alone():
    canvas, corners = drawn()
    before = canvas.copy()
    canvas.paint(corners, (0.0, 0.0, 0.0))
    assert (canvas.albedo != before.albedo).any()
    for name in ("relief", "ids", "state"):
        assert np.array_equal(getattr(canvas, name), getattr(before, name))


def test_a_copy_does_not_change_with_its_original():
    canvas, corners = drawn()
    twin = canvas.copy()
    canvas.fill(corners, (0.0, 0.0, 1.0), 9.0, ident=8)
    canvas.add_overhead(corners, (1.0, 1.0, 0.0), 20.0)
    canvas.next_stack()
    assert (twin.ids == 7).any()
    assert not (twin.ids == 8).any()
    assert twin.relief.max() == np.float32(2.6)
    assert (twin.overhead, twin.stacks) == ([], 0)


def test_a_texture_runs_along_the_first_edge_and_across_the_second():
    """Its first column is red, its last row blue."""
    canvas = Canvas(40.0, 30.0)
    texture = np.full((24, 60, 3), 0.5, np.float32)
    texture[:, :20], texture[16:] = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    canvas.fill_texture(rectangle((20.0, 15.0), 12.0, 6.0, math.pi / 2), texture, 2.6, ident=3)
    begin, end, side = (
        canvas.to_pixels([[22.0, 10.0], [22.0, 20.0], [17.5, 20.0]]).round().astype(int)
    )
    assert canvas.albedo[begin[1], begin[0]] == pytest.approx((1.0, 0.0, 0.0), abs=0.01)
    assert canvas.albedo[end[1], end[0]] == pytest.approx((0.5, 0.5, 0.5), abs=0.01)
    assert canvas.albedo[side[1], side[0]] == pytest.approx((0.0, 0.0, 1.0), abs=0.01)


def test_colours_are_multiplied_in_the_rectangle_alone():
    canvas, corners = drawn(0.0, 0.0)
    before = canvas.albedo.copy()
    canvas.multiply_colour(corners, np.full((4, 4), 0.5, np.float32))
    inside = canvas.ids == 7
    assert canvas.albedo[inside] == pytest.approx(before[inside] * 0.5)
    assert np.array_equal(canvas.albedo[~inside], before[~inside])
