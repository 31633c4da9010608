"""Non-maximum suppression, against the definition with areas of shapely."""

from __future__ import annotations

import numpy as np
import pytest

from cv.detector.detections import Detections
from cv.detector.nms import non_maximum_suppression
from cv.geometry.oriented_boxes import OrientedBoxes


def drawn(seed, count=120):
    rng = np.random.default_rng(seed)
    boxes = np.column_stack(
        [rng.uniform(0, 60, (count, 2)), rng.uniform(2, 14, (count, 2)), rng.uniform(0, 3, count)]
    )
    scores = rng.permutation(np.linspace(0.05, 0.95, count))
    return Detections(OrientedBoxes.from_values(boxes), scores, rng.integers(0, 2, count))


def defined(found, overlap):
    """Keep each detection, best first, unless it repeats a kept one of its class."""
    polygons = found.boxes.polygons()
    kept: list[int] = []
    for i in np.argsort(-found.scores):
        repeated = any(
            found.classes[i] == found.classes[k]
            and polygons[i].intersection(polygons[k]).area
            > overlap * min(polygons[i].area, polygons[k].area)
            for k in kept
        )
        if not repeated:
            kept.append(i)
    return found[np.array(kept)].ranked()


@pytest.mark.parametrize("overlap", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_the_same_detections_as_by_definition(seed, overlap):
    found = drawn(seed)
    kept, expected = non_maximum_suppression(found, overlap), defined(found, overlap)
    assert 1 < len(kept) < len(found)
    assert np.array_equal(kept.boxes.values, expected.boxes.values)
    assert np.array_equal(kept.scores, expected.scores)


def test_order_does_not_matter_and_a_second_run_changes_nothing():
    found = drawn(5)
    turned = found[np.random.default_rng(0).permutation(len(found))]
    once, other = (non_maximum_suppression(one, 0.5) for one in (found, turned))
    assert np.array_equal(once.boxes.values, other.boxes.values)
    assert len(non_maximum_suppression(once, 0.5)) == len(once)
    assert len(non_maximum_suppression(Detections.empty(), 0.5)) == 0


def test_a_part_of_an_object_is_suppressed_by_the_whole_whatever_the_iou():
    boxes = OrientedBoxes.from_values([(0, 0, 12, 2.4, 0), (2, 0, 3, 2, 0), (40, 0, 3, 2, 0)])
    found = Detections(boxes, np.array([0.9, 0.8, 0.7]), np.zeros(3, np.int64))
    assert non_maximum_suppression(found, 0.5).scores.tolist() == [0.9, 0.7]
