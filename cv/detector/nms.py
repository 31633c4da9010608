"""Merging: several sightings of one object, from neighbouring anchors or tiles, become one."""

from __future__ import annotations

import numpy as np

from cv.detector.detections import Detections
from cv.geometry.oriented_boxes import Indices, OrientedBoxes
from cv.geometry.overlap import (
    candidate_pairs,
    intersection_lower_bound,
    intersection_upper_bound,
    pairwise_intersections,
)

_SURELY = 1.0 + 1e-9
"""A bound that is passed by so much is passed, whatever arithmetic does to the last digits."""


def non_maximum_suppression(detections: Detections, overlap: float) -> Detections:
    """One detection per object: greedy by score, within each class, whatever the order of input.

    Two boxes are one object where their common area is more than `overlap` (0 to 1) of the smaller
    one's area. Unlike intersection over union that also removes the part of an object that a second
    look reports inside of the whole; boxes that merely touch share nothing either way.
    """
    ranked = detections.ranked()
    kept = [
        rows[_survivors(ranked.boxes[rows], overlap)]
        for rows in (np.flatnonzero(ranked.classes == c) for c in np.unique(ranked.classes))
    ]
    return ranked[np.concatenate([np.zeros(0, np.int64), *kept])]


def _survivors(boxes: OrientedBoxes, overlap: float) -> Indices:
    """Rows of `boxes`, best first, that no better surviving box covers."""
    better, worse = _conflicts(boxes, overlap)
    alive = np.ones(len(boxes), dtype=bool)
    starts = np.searchsorted(better, np.arange(len(boxes) + 1))
    for row in np.unique(better):
        if alive[row]:
            alive[worse[starts[row] : starts[row + 1]]] = False
    return np.flatnonzero(alive)


def _conflicts(boxes: OrientedBoxes, overlap: float) -> tuple[Indices, Indices]:
    """Pairs (i, j), i < j, that are one object; sorted."""
    i, j = candidate_pairs(boxes)
    least = overlap * np.minimum(boxes.areas[i], boxes.areas[j])
    may = intersection_upper_bound(boxes[i], boxes[j]) > least
    i, j, least = i[may], j[may], least[may]
    same = intersection_lower_bound(boxes[i], boxes[j]) > least * _SURELY
    open_ = np.flatnonzero(~same)
    same[open_] = pairwise_intersections(boxes[i[open_]], boxes[j[open_]]) > least[open_]
    return i[same], j[same]
