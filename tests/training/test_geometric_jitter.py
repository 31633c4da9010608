"""Chips at another scale and angle: boxes stay on their pixels, draws depend on the chip."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import shapely

from cv.geometry.oriented_boxes import OrientedBoxes
from cv.labels.outline_edits import visible_part
from cv.synthetic.chip_dataset import fit_to_image
from cv.training.geometric_jitter import (
    MAX_GSD_RATIO,
    MAX_ROTATION_DEG,
    MIN_GSD_RATIO,
    SHARE,
    LabelledChip,
    jitter_chip,
    transform_chip,
)

SIDE = 240
FINE = 16  # subpixels that an oracle is painted with, a side


def painted(boxes: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Coverage (side, side) 0..255 of boxes (n, 4, 2), antialiased by a raster FINE times finer."""
    fine = np.zeros((side * FINE, side * FINE), np.uint8)
    for box in boxes:
        # OpenCV's integer points are middles of pixels
        cv2.fillPoly(fine, [np.rint(box * FINE - 0.5).astype(np.int32)], 255)
    return cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)


def sample_of(boxes: OrientedBoxes) -> LabelledChip:
    corners = boxes.corners()
    image = np.repeat(painted(corners)[..., None], 3, axis=2)
    return LabelledChip(image, np.arange(len(corners)), corners)


INNER = OrientedBoxes.from_values(
    [[90, 80, 60, 16, 0.3], [150, 130, 40, 9, 2.0], [95, 165, 24, 24, 1.1]]
)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize(
    ("scale", "degrees"), [(1.0, 7.0), (1.15, 0.0), (0.84, -11.0), (1.17, 12.0)]
)
def test_boxes_stay_on_their_pixels(scale, degrees, row):
    done = transform_chip(sample_of(INNER[row : row + 1]), scale, degrees)
    found = done.image[..., 0].astype(float)
    again = painted(done.corners).astype(float)
    assert np.abs(found - again).sum() / again.sum() < 0.09  # edges are a little softer
    for axis in (0, 1):
        middles = [
            (pixels * (np.arange(SIDE) + 0.5)).sum() / pixels.sum()
            for pixels in (found.sum(axis), again.sum(axis))
        ]
        assert middles[0] == pytest.approx(middles[1], abs=0.03)


def test_corners_are_turned_and_scaled_about_the_middle():
    """Against the rotation written out, to a hundredth of a pixel."""
    before = sample_of(INNER)
    done = transform_chip(before, 0.9, 10.0)
    turn = math.radians(10.0)
    for sign in (1, -1):
        matrix = 0.9 * np.array(
            [[math.cos(turn), -sign * math.sin(turn)], [sign * math.sin(turn), math.cos(turn)]]
        )
        truth = (before.corners - SIDE / 2) @ matrix.T + SIDE / 2
        if np.abs(truth - done.corners).max() < 0.01:
            break
    else:
        pytest.fail("neither sense of the turn fits")
    sizes = OrientedBoxes.from_corners(done.corners).values[:, 2:4]
    assert np.abs(sizes - INNER.values[:, 2:4] * 0.9).max() < 0.01


def test_what_the_edge_cuts_is_labelled_as_the_renderer_does():
    edge = OrientedBoxes.from_values(
        [
            [224, 120, 30, 10, 0.0],  # three quarters stay inside
            [236, 60, 30, 10, 0.0],  # nearly all leaves
            [120, 238, 160, 12, 0.0],  # long: little of it stays, but a long part
        ]
    )
    done = transform_chip(sample_of(edge), 1.1, 0.0)
    whole = (edge.corners() - SIDE / 2) * 1.1 + SIDE / 2
    part = visible_part(whole[0], (SIDE, SIDE))
    assert part is not None
    assert np.abs(done.corners[0] - fit_to_image(part, (SIDE, SIDE))).max() < 0.01
    assert list(done.classes) == [0]
    assert list(transform_chip(sample_of(edge), 1.0, 0.0).classes) == [0, 1, 2]


def test_a_long_part_of_a_hull_is_kept():
    hull = OrientedBoxes.from_values([[120, 234, 160, 30, 0.0]])  # its lower part is outside
    done = transform_chip(sample_of(hull), 1.08, 0.0)
    whole = shapely.Polygon(((hull.corners() - SIDE / 2) * 1.08 + SIDE / 2)[0])
    seen = whole.intersection(shapely.box(0, 0, SIDE, SIDE)).area / whole.area
    assert seen < 0.45
    assert len(done.corners) == 1
    assert done.corners[0].max() <= SIDE + 1e-3


def test_an_empty_chip_stays_empty():
    done = transform_chip(sample_of(OrientedBoxes.empty()), 0.9, 5.0)
    assert done.corners.shape == (0, 4, 2)
    assert len(done.classes) == 0


def test_a_draw_belongs_to_seed_epoch_and_chip():
    sample = sample_of(INNER)
    keys = [(s, e, i) for s in (0, 1) for e in (0, 1) for i in range(4)]
    first = [jitter_chip(sample, 1.0, key) for key in keys]
    again = [jitter_chip(sample, 1.0, key) for key in reversed(keys)][::-1]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.corners, other.corners)
    changed = {one.corners.tobytes() for one in first if one is not sample}
    assert len(changed) == sum(one is not sample for one in first) > 3


def test_strength_bounds_what_is_drawn_and_0_changes_nothing():
    sample = sample_of(OrientedBoxes.from_values([[120, 120, 60, 20, 0.0]]))
    done = [jitter_chip(sample, 1.0, (3, 0, i)) for i in range(300)]
    boxes = [OrientedBoxes.from_corners(one.corners).values[0] for one in done if one is not sample]
    gsd = np.array([60 / box[2] for box in boxes])
    turn = np.degrees([(box[4] + np.pi / 2) % np.pi - np.pi / 2 for box in boxes])
    assert len(boxes) / 300 == pytest.approx(SHARE, abs=0.08)
    assert MIN_GSD_RATIO - 1e-3 < gsd.min() < 0.88
    assert 1.15 < gsd.max() < MAX_GSD_RATIO + 1e-3
    assert 11 < np.abs(turn).max() < MAX_ROTATION_DEG + 1e-3
    half = [jitter_chip(sample, 0.5, (3, 0, i)) for i in range(60)]
    half_turn = [OrientedBoxes.from_corners(one.corners).values[0][4] for one in half]
    assert np.abs((np.array(half_turn) + np.pi / 2) % np.pi - np.pi / 2).max() < math.radians(6.01)
    assert all(jitter_chip(sample, 0.0, (3, 0, i)) is sample for i in range(20))
