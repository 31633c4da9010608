"""Labels of a picture: inside it, near where they belong, and none over another."""

from __future__ import annotations

import itertools

import pytest
import shapely

from cv.report.label_placement import LabelPlacement


def test_a_label_with_room_stands_where_it_belongs():
    assert LabelPlacement(400, 300, 2).place(50, 60, 40, 10) == (50, 60)


@pytest.mark.parametrize("at", [(-5, -5), (395, 5), (-5, 305), (395, 305)])
def test_a_label_at_the_edge_is_moved_into_the_picture(at):
    x, y = LabelPlacement(400, 300, 2).place(at[0], at[1], 40, 10)
    assert shapely.box(0, 0, 400, 300).covers(shapely.box(x, y - 10, x + 40, y))


@pytest.mark.parametrize("at", [(50, 60), (50, 3), (380, 299)])
def test_labels_at_one_place_cover_none_of_the_others(at):
    labels = LabelPlacement(400, 300, 2)
    corners = [labels.place(at[0] + i, at[1], 40, 10) for i in range(5)]
    boxes = [shapely.box(x, y - 10, x + 40, y) for x, y in corners]
    assert all(a.intersection(b).area == 0 for a, b in itertools.combinations(boxes, 2))
    assert max(abs(y - corners[0][1]) for _, y in corners) <= 40


def test_a_label_without_any_room_is_still_placed():
    labels = LabelPlacement(40, 12, 2)
    assert labels.place(0, 10, 40, 10) == labels.place(0, 10, 40, 10)
