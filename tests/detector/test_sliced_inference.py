"""Tiles in sliced inference: each once, in any number of threads; errors reach the caller."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from cv.detector.detections import Detections
from cv.detector.sliced_inference import sliced_inference
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.geometry.tiling import Tiling

TILING = Tiling(64, 16)
REGION = shapely.box(1, 1, 48 * 7 - 1, 48 * 7 - 1)


@pytest.mark.parametrize("threads", [1, 4])
def test_each_tile_is_inferred_once_and_its_boxes_are_placed_in_the_plane(threads):
    """Each tile reports a box at its centre: 7 x 7 boxes, one stride apart."""
    done = []

    def infer(tile):
        done.append(tile)
        box = OrientedBoxes.from_values([[32, 32, 10, 5, 0.3]])
        return Detections(box, np.array([0.9]), np.array([0]))

    found = sliced_inference(TILING, REGION, infer, 0.5, threads)
    assert len(done) == len(set(done)) == len(found) == 49
    expected = {(24.0 + 48 * i, 24.0 + 48 * j) for i in range(7) for j in range(7)}
    assert set(map(tuple, found.boxes.centers.round(6).tolist())) == expected


def test_a_detection_that_no_tile_owns_is_dropped():
    """Its centre lies in the rim of each tile, where the neighbours see it whole."""

    def infer(tile):
        rim = OrientedBoxes.from_values([[2, 32, 3, 2, 0.0]])
        return Detections(rim, np.array([0.9]), np.array([0]))

    assert len(sliced_inference(TILING, REGION, infer, 0.5, 2)) == 0


def test_without_a_region_nothing_is_inferred():
    def never(tile):
        raise AssertionError("there is no tile")

    assert len(sliced_inference(TILING, shapely.Polygon(), never, 0.5, 2)) == 0


@pytest.mark.parametrize("threads", [1, 3])
def test_the_error_of_a_tile_is_raised(threads):
    def broken(tile):
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        sliced_inference(TILING, REGION, broken, 0.5, threads)
