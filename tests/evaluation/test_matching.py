"""Detections against labels: hand-made cases, and a slow reading of the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import affinity

from cv.evaluation.box_matching import IOU_THRESHOLDS, UNMATCHED, DetectionMatches
from cv.geometry.oriented_boxes import OrientedBoxes

TRUTH = OrientedBoxes.from_values([[10.0 * i, 0, 8, 4, 0] for i in range(4)])


def shifted(*moves):
    """Boxes of the truth (position, shift along x)."""
    return OrientedBoxes.from_values([[10.0 * i + dx, 0, 8, 4, 0] for i, dx in moves])


def test_perfect_detections_are_perfect():
    matches = DetectionMatches.of(TRUTH, np.full(4, 0.9), TRUTH)
    assert matches.average_precision() == 1
    assert matches.mean_average_precision() == 1
    assert (matches.recall(0.5), matches.precision(0.5)) == (1, 1)


def test_by_hand():
    # a hit, a second sighting of it, a hit, and a box too far away; two objects are missed
    found = shifted((0, 0.0), (0, 1.0), (1, 0.0), (3, 4.0))
    matches = DetectionMatches.of(found, np.array([0.9, 0.8, 0.7, 0.6]), TRUTH)
    assert matches.objects[0].tolist() == [0, UNMATCHED, 1, UNMATCHED]
    assert matches.average_precision() == pytest.approx((1 + 2 / 3) / 4)
    assert matches.recall(0.65) == 0.5
    assert matches.precision(0.65) == pytest.approx(2 / 3)
    assert matches.recall(0.95) == 0
    assert math.isnan(matches.precision(0.95))


def test_a_shift_of_a_quarter_is_an_iou_of_three_fifths():
    matches = DetectionMatches.of(shifted((2, 2.0)), np.array([0.5]), TRUTH)
    hits = [overlap for row, overlap in enumerate(IOU_THRESHOLDS) if matches.objects[row, 0] == 2]
    assert hits == [0.5, 0.55, 0.6]


def test_only_ignores_all_other_objects():
    found = shifted((0, 0.0), (1, 0.0), (2, 40.0), (3, 60.0))
    matches = DetectionMatches.of(found, np.array([0.9, 0.8, 0.7, 0.6]), TRUTH)
    asked = matches.only(np.array([True, False, False, False]), np.array([1, 1, 1, 0], bool))
    assert len(asked) == 1
    assert asked.average_precision() == 1
    assert asked.precision(0.1) == pytest.approx(1 / 2)  # one object, one that is nothing


def test_metrics_without_objects_are_nan_and_not_zero():
    empty = DetectionMatches.of(OrientedBoxes.empty(), np.zeros(0), OrientedBoxes.empty())
    assert math.isnan(empty.average_precision())
    assert math.isnan(DetectionMatches.joined([]).recall(0.5))
    assert DetectionMatches.of(OrientedBoxes.empty(), np.zeros(0), TRUTH).average_precision() == 0
    assert DetectionMatches.of(TRUTH, np.ones(4), OrientedBoxes.empty()).precision(0.5) == 0


def polygon(x, y, w, h, angle):
    box = shapely.box(-w / 2, -h / 2, w / 2, h / 2)
    return affinity.translate(affinity.rotate(box, angle, (0, 0), use_radians=True), x, y)


def slowly(images, overlap):
    """The definition read word by word: one list of all detections, falling score."""
    ranked = sorted(
        ((score, k, row) for k, (found, scores, _) in enumerate(images)
         for row, score in zip(found, scores, strict=True)),
        key=lambda item: -item[0],
    )  # fmt: skip
    free = {(k, t) for k, (_, _, truth) in enumerate(images) for t in range(len(truth))}
    total, points, true = len(free), [], 0
    for rank, (_, k, row) in enumerate(ranked, 1):
        best = None
        for t, other in enumerate(images[k][2]):
            a, b = polygon(*row), polygon(*other)
            iou = a.intersection(b).area / a.union(b).area
            if (k, t) in free and iou >= overlap and (best is None or iou > best[0]):
                best = (iou, t)
        if best:
            free.remove((k, best[1]))
            true += 1
        points.append((true / total, true / rank))
    area, before = 0.0, 0.0
    for i, (recall, _) in enumerate(points):
        area += (recall - before) * max(p for _, p in points[i:])
        before = recall
    return area


@pytest.mark.parametrize("seed", range(6))
def test_the_same_as_the_definition(seed):
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(3):
        truth = np.column_stack(
            [rng.uniform(0, 60, (12, 2)), rng.uniform(8, 20, 12), rng.uniform(3, 7, 12),
             rng.uniform(0, 3.14, 12)]
        )  # fmt: skip
        found = truth[rng.integers(0, 12, 20)] + rng.normal(0, 0.6, (20, 5)) * [1, 1, 1, 0.5, 0.1]
        images.append((np.abs(found), rng.permutation(20) / 20 + rng.random() / 100, truth))
    matches = DetectionMatches.joined(
        [
            DetectionMatches.of(OrientedBoxes.from_values(f), s, OrientedBoxes.from_values(t))
            for f, s, t in images
        ]
    )
    for overlap in (0.5, 0.75):
        assert matches.average_precision(overlap) == pytest.approx(slowly(images, overlap))
