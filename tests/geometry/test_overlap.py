"""Common areas, IoUs and intersecting pairs, against shapely."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from cv.detector.detections import Detections
from cv.detector.nms import non_maximum_suppression
from cv.geometry.box_overlap import (
    candidate_pairs,
    intersecting_pairs,
    pairwise_intersections,
    pairwise_ious,
)
from cv.geometry.oriented_boxes import OrientedBoxes


def drawn(rng, count, where=(0.0, 0.0)):
    """Boxes of all shapes around a place, some of them with round numbers."""
    values = np.column_stack(
        [
            where[0] + rng.uniform(-10, 10, count),
            where[1] + rng.uniform(-10, 10, count),
            rng.uniform(0.1, 20, count),
            rng.uniform(0.1, 20, count),
            rng.uniform(0, np.pi, count),
        ]
    )
    round_ones = rng.random(count) < 0.3
    values[round_ones, :4] = np.rint(values[round_ones, :4]).clip(-1e9)
    values[round_ones, 2:4] = values[round_ones, 2:4].clip(1.0)
    values[round_ones, 4] = rng.choice([0.0, np.pi / 4, np.pi / 2], round_ones.sum())
    return OrientedBoxes.from_values(values)


@pytest.mark.parametrize("where", [(0.0, 0.0), (500_000.0, 4_680_000.0)])
def test_areas_are_those_of_shapely(where):
    rng = np.random.default_rng(0)
    left, right = drawn(rng, 20_000, where), drawn(rng, 20_000, where)
    expected = shapely.area(shapely.intersection(left.polygons(), right.polygons()))
    least = np.minimum(left.areas, right.areas)
    assert (np.abs(pairwise_intersections(left, right) - expected) / least).max() < 1e-6
    assert (expected > 0).mean() > 0.5


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((0, 0, 4, 2, 0.3), (0, 0, 4, 2, 0.3), 8.0),
        ((0, 0, 4, 2, 0), (4, 0, 4, 2, 0), 0.0),
        ((0, 0, 4, 2, 0), (2, 0, 4, 2, 0), 4.0),
        ((0, 0, 4, 2, 0), (0, 0, 2, 1, 0), 2.0),
        ((0, 0, 4, 2, 0), (0, 0.5, 4, 1, 0), 4.0),
        ((0, 0, 4, 2, 0), (0, 0, 4, 2, np.pi / 2), 4.0),
        ((0, 0, 2, 2, 0), (0, 0, 2, 2, np.pi / 4), 8 * (np.sqrt(2) - 1)),
        ((0, 0, 4, 2, 0), (9, 9, 4, 2, 1), 0.0),
        ((0, 0, 4, 0, 0), (0, 0, 4, 2, 0), 0.0),
        ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), 0.0),
    ],
)
def test_boxes_whose_edges_lie_on_each_other(one, other, shared):
    left, right = OrientedBoxes.from_values([one]), OrientedBoxes.from_values([other])
    assert pairwise_intersections(left, right) == pytest.approx([shared], abs=1e-8)
    assert pairwise_intersections(right, left) == pytest.approx([shared], abs=1e-8)


def test_identical_boxes_have_an_iou_of_one():
    boxes = drawn(np.random.default_rng(1), 5_000)
    assert pairwise_ious(boxes, boxes) == pytest.approx(1.0, abs=1e-8)
    copies = OrientedBoxes.from_corners(boxes.corners())
    assert pairwise_ious(boxes, copies) == pytest.approx(1.0, abs=1e-6)


def test_pairs_are_those_of_shapely():
    rng = np.random.default_rng(2)
    boxes = OrientedBoxes.from_values(
        np.column_stack(
            [rng.uniform(0, 300, (400, 2)), rng.uniform(1, 30, (400, 2)), rng.uniform(0, 3, 400)]
        )
    )
    i, j = shapely.STRtree(boxes.polygons()).query(boxes.polygons(), predicate="intersects")
    expected = set(zip(i.tolist(), j.tolist(), strict=True))
    found = list(zip(*(part.tolist() for part in intersecting_pairs(boxes, boxes)), strict=True))
    assert set(found) == expected
    assert found == sorted(found)
    halves = list(zip(*(part.tolist() for part in candidate_pairs(boxes)), strict=True))
    assert halves == sorted(halves)
    assert all(one < other for one, other in halves)
    assert {pair for pair in found if pair[0] < pair[1]} <= set(halves)
    none = OrientedBoxes.empty()
    assert len(intersecting_pairs(none, boxes)[0]) == len(intersecting_pairs(boxes, none)[0]) == 0
    assert len(pairwise_intersections(none, none)) == 0


def detections_of_a_yard(count: int) -> Detections:
    """Four detections of each box of a yard, its boxes as close as containers."""
    rng = np.random.default_rng(0)
    side = int(np.sqrt(count / 4))
    x, y = (part.ravel() for part in np.meshgrid(np.arange(side) * 13.0, np.arange(side) * 3.0))
    each = np.repeat(np.column_stack([x, y, 0 * x + 12.2, 0 * x + 2.4, 0 * x]), 4, axis=0)
    each[:, :2] += rng.normal(0, 0.1, (len(each), 2))
    yard = OrientedBoxes.from_values(each)
    return Detections(yard, rng.random(len(each)), np.zeros(len(each), dtype=np.int64))


def test_the_candidates_of_nms_grow_in_proportion_to_the_number_of_boxes():
    """One detection of each box is left, whatever their number."""
    candidates = []
    for count in (20_000, 80_000):
        found = detections_of_a_yard(count)
        assert len(non_maximum_suppression(found, 0.5)) == int(np.sqrt(count / 4)) ** 2
        candidates.append(len(candidate_pairs(found.boxes)[0]))
    assert candidates[1] < 4.2 * candidates[0]
    assert candidates[1] < 20 * 80_000
