"""Labels of pictures: where roofs appear, how much of them is seen, what the edge leaves."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cv.rendering.canvas import Canvas, PlacedObject, rectangle
from cv.rendering.renderer import Sensor, Sun, ViewingAngle, clip_rectangle, render_picture

SUN = Sun(azimuth=140.0, elevation=50.0)
SIZE = (120, 160)


def pictured(*places, view=None, height=2.6):
    """The labels of containers of 12 x 2.4 m at `places` (x, y metres) in 40 x 30 m."""
    canvas = Canvas(40.0, 30.0)
    for ident, place in enumerate(places, 1):
        corners = rectangle(place, 12.0, 2.4, 0.0)
        canvas.fill(corners, (0.8, 0.3, 0.1), height, ident)
        canvas.placed.append(
            PlacedObject(ident=ident, class_name="container", corners=corners, height=height)
        )
    sensor = Sensor(gsd_x=0.25, gsd_y=0.25, noise=0.0)
    rng = np.random.default_rng(0)
    return render_picture(canvas, SUN, view or ViewingAngle(), sensor, rng, SIZE)


def test_from_straight_above_a_label_is_the_ground_outline_in_pixels():
    image, (label,) = pictured((20.0, 15.0))
    assert image.shape == (*SIZE, 3)
    expected = rectangle((20.0, 15.0), 12.0, 2.4, 0.0) / 0.25
    assert label.corners == pytest.approx(expected)
    assert label.visible == pytest.approx(1.0, abs=0.05)
    inside, outside = image[60, 80].astype(float), image[20, 20].astype(float)
    assert inside[0] > 2 * inside[2]
    assert outside[0] == pytest.approx(outside[2], abs=3)


def test_a_roof_is_displaced_by_its_height_times_the_lean():
    view = ViewingAngle(lean_x=0.4, lean_y=-0.2)
    _, (label,) = pictured((20.0, 15.0), view=view, height=5.0)
    moved = rectangle((20.0 + 0.4 * 5.0, 15.0 - 0.2 * 5.0), 12.0, 2.4, 0.0) / 0.25
    assert label.corners == pytest.approx(moved)


def test_a_container_under_another_has_no_label_and_one_outside_neither():
    _, labels = pictured((20.0, 15.0), (20.0, 15.0), (20.0, -4.0))
    assert len(labels) == 1
    _, half = pictured((20.0, 15.0), (26.0, 15.0))
    assert sorted(round(label.visible, 1) for label in half) == [0.5, 1.0]


@given(
    st.floats(-40, 140), st.floats(-40, 140), st.floats(5, 90), st.floats(3, 30), st.floats(0, 3.2)
)
def test_a_clipped_rectangle_holds_what_the_image_shows(x, y, length, width, angle):
    """The oracle is shapely; the clipped part is the smallest such box with the same axes."""
    corners = rectangle((x, y), length, width, angle)
    image = shapely.box(0, 0, 100, 80)
    shown = shapely.intersection(shapely.Polygon(corners), image)
    clipped = clip_rectangle(corners, (80, 100))
    if clipped is None:
        assert shown.area < 1.01
        return
    found = shapely.Polygon(clipped)
    assert found.buffer(0.01).contains(shown)
    assert shapely.Polygon(corners).buffer(0.01).contains(found)
    assert shown.area - 0.1 <= found.area <= length * width + 0.1
