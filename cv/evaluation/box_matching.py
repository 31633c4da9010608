"""Match detections to ground truth at several IoU thresholds; precision, recall and AP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.geometry.arrays import BoolArray, Float64Array, Indices
from cv.geometry.box_overlap import intersecting_pairs, pairwise_ious
from cv.geometry.oriented_boxes import OrientedBoxes

IOU_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
"""Minimum rotated IoUs of a match: 0.50, 0.55 ... 0.95 (COCO)."""
UNMATCHED = -1
"""Object index of a false detection."""


@dataclass(frozen=True, eq=False)
class DetectionMatches:
    """Detections of one class, by falling score within an image, and the objects they match."""

    scores: Float64Array
    """(n,) scores of the detections."""
    objects: Indices
    """(IoU thresholds, n) index of the object that each detection matches, or `UNMATCHED`."""
    scored_objects: BoolArray
    """(m,) False: the object is ignored."""
    scored: BoolArray
    """(IoU thresholds, n) False: the detection is ignored, such as one of an ignored object."""

    @classmethod
    def of(
        cls, found: OrientedBoxes, scores: Float64Array, truth: OrientedBoxes
    ) -> DetectionMatches:
        """Match the detections of one image greedily: by score, each to the free object of highest
        IoU."""
        order = np.argsort(-scores, kind="stable")
        found, scores = found[order], scores[order]
        objects = _matched_objects(found, truth)
        return cls(scores, objects, np.ones(len(truth), bool), np.ones(objects.shape, bool))

    @classmethod
    def joined(cls, parts: Sequence[DetectionMatches]) -> DetectionMatches:
        """Return the matches of several images together."""
        starts = np.cumsum([0, *(len(part.scored_objects) for part in parts)])
        shifted = [
            np.where(part.objects == UNMATCHED, UNMATCHED, part.objects + start)
            for part, start in zip(parts, starts[:-1], strict=True)
        ]
        empty = np.zeros((len(IOU_THRESHOLDS), 0))
        return cls(
            np.concatenate([np.zeros(0), *(part.scores for part in parts)]),
            np.concatenate([empty.astype(np.int64), *shifted], axis=1),
            np.concatenate([np.zeros(0, bool), *(part.scored_objects for part in parts)]),
            np.concatenate([empty.astype(bool), *(part.scored for part in parts)], axis=1),
        )

    def only(self, objects: BoolArray, detections: BoolArray) -> DetectionMatches:
        """Return the matches with all but some `objects` (m,) ignored.

        Detections that match ignored objects are ignored, and unmatched ones except `detections`
        (n,).
        """
        unmatched = self.objects == UNMATCHED
        index = np.where(unmatched, 0, self.objects)
        of_chosen = objects[index] if len(objects) else np.zeros(self.objects.shape, bool)
        scored = np.where(unmatched, detections, of_chosen)
        return DetectionMatches(
            self.scores, self.objects, self.scored_objects & objects, self.scored & scored
        )

    def above(self, score: float) -> DetectionMatches:
        """Return the matches without detections below `score`, which does not change the others."""
        kept = self.scores >= score
        return DetectionMatches(
            self.scores[kept],
            self.objects[:, kept],
            self.scored_objects,
            self.scored[:, kept],
        )

    def __len__(self) -> int:
        """Return the number of objects that are not ignored."""
        return int(self.scored_objects.sum())

    def average_precision(self, overlap: float = 0.5) -> float:
        """Return the average precision (AP) at one of `IOU_THRESHOLDS`; nan without objects.

        Area under the precision-recall curve, where the precision at a recall is the maximum at
        that or a higher recall (all-point interpolation, as in PASCAL VOC since 2010 and DOTA).
        """
        if not len(self):
            return float("nan")
        row = IOU_THRESHOLDS.index(overlap)
        scored = self.scored[row]
        order = np.argsort(-self.scores[scored], kind="stable")
        matched = (self.objects[row][scored] != UNMATCHED)[order]
        precision = np.cumsum(matched) / np.arange(1, len(matched) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(envelope[matched].sum() / len(self))

    def mean_average_precision(self) -> float:
        """Return the mean of the average precisions over `IOU_THRESHOLDS` (AP50-95)."""
        return float(np.mean([self.average_precision(overlap) for overlap in IOU_THRESHOLDS]))

    def recall(self, threshold: float, overlap: float = 0.5) -> float:
        """Return the share of objects that detections of at least `threshold` match, or nan."""
        return self._matched(threshold, overlap).sum() / len(self) if len(self) else float("nan")

    def precision(self, threshold: float, overlap: float = 0.5) -> float:
        """Return the share of detections of at least `threshold` that match; nan without any."""
        matched = self._matched(threshold, overlap)
        return float(matched.mean()) if len(matched) else float("nan")

    def _matched(self, threshold: float, overlap: float) -> BoolArray:
        row = IOU_THRESHOLDS.index(overlap)
        kept = self.scored[row] & (self.scores >= threshold)
        matched: BoolArray = self.objects[row][kept] != UNMATCHED
        return matched


def _matched_objects(found: OrientedBoxes, truth: OrientedBoxes) -> Indices:
    """Return the objects (IoU thresholds, n) of `found`, which is ordered by falling score."""
    i, j = intersecting_pairs(found, truth)
    ious = pairwise_ious(found[i], truth[j])
    starts = np.searchsorted(i, np.arange(len(found) + 1))
    objects = np.full((len(IOU_THRESHOLDS), len(found)), UNMATCHED, np.int64)
    for row, overlap in enumerate(IOU_THRESHOLDS):
        free = np.ones(len(truth), bool)
        for k in range(len(found)):
            near = slice(starts[k], starts[k + 1])
            usable = free[j[near]] & (ious[near] >= overlap)
            if usable.any():
                best = int(np.argmax(np.where(usable, ious[near], -1.0)))
                objects[row, k] = j[near][best]
                free[j[near][best]] = False
    return objects
