"""Non-maximum suppression (NMS) of oriented boxes."""

from __future__ import annotations

import numpy as np

from cv.detector.detections import Detections
from cv.geometry.arrays import Indices
from cv.geometry.box_overlap import candidate_pairs, pairwise_intersections
from cv.geometry.oriented_boxes import OrientedBoxes


def non_maximum_suppression(detections: Detections, overlap: float) -> Detections:
    """Return one detection per object: greedy NMS by score within each class.

    Two boxes are the same object if their common area is more than `overlap` (0 to 1) of the
    smaller one's area. Unlike an IoU threshold, that also removes a detection of a part of an
    object inside that of the whole. The result does not depend on the order of the input.
    """
    ranked = detections.ranked()
    kept = [
        rows[_survivors(ranked.boxes[rows], overlap)]
        for rows in (np.flatnonzero(ranked.classes == c) for c in np.unique(ranked.classes))
    ]
    return ranked[np.concatenate([np.zeros(0, np.int64), *kept])]


def _survivors(boxes: OrientedBoxes, overlap: float) -> Indices:
    """Return the rows of `boxes`, best first, that are not suppressed by a better surviving box."""
    i, j = candidate_pairs(boxes)
    minimum = overlap * np.minimum(boxes.areas[i], boxes.areas[j])
    same = pairwise_intersections(boxes[i], boxes[j]) > minimum
    better, worse = i[same], j[same]
    alive = np.ones(len(boxes), dtype=bool)
    starts = np.searchsorted(better, np.arange(len(boxes) + 1))
    for row in np.unique(better):
        if alive[row]:
            alive[worse[starts[row] : starts[row + 1]]] = False
    return np.flatnonzero(alive)
