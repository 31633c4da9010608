"""Matching: which detections are which labelled objects, at several overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.geometry.oriented_boxes import Floats, Indices, OrientedBoxes
from cv.geometry.overlap import intersecting_pairs, pairwise_ious

IOU_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
"""Rotated IoUs from which on a detection can be an object: 0.50, 0.55 ... 0.95 (COCO)."""
NOTHING = -1
"""Object of a detection that is none."""


@dataclass(frozen=True, eq=False)
class DetectionMatches:
    """Detections of one class, best score first within an image, and the objects they are."""

    scores: Floats
    """(n,) scores of the detections."""
    objects: Indices
    """(overlaps, n) position of the object that each detection is, or `NOTHING`."""
    known: NDArray[np.bool_]
    """(m,) all True; a band keeps it True for the objects that are asked for."""
    judged: NDArray[np.bool_]
    """(overlaps, n) False for detections that neither help nor harm: of objects not asked for."""

    @classmethod
    def of(cls, found: OrientedBoxes, scores: Floats, truth: OrientedBoxes) -> DetectionMatches:
        """Matches of one image: best score first, each with the free object it overlaps most."""
        order = np.argsort(-scores, kind="stable")
        found, scores = found[order], scores[order]
        objects = _assigned(found, truth)
        return cls(scores, objects, np.ones(len(truth), bool), np.ones(objects.shape, bool))

    @classmethod
    def joined(cls, parts: Sequence[DetectionMatches]) -> DetectionMatches:
        """The matches of several images as of one."""
        starts = np.cumsum([0, *(len(part.known) for part in parts)])
        moved = [
            np.where(part.objects == NOTHING, NOTHING, part.objects + start)
            for part, start in zip(parts, starts[:-1], strict=True)
        ]
        empty = np.zeros((len(IOU_THRESHOLDS), 0))
        return cls(
            np.concatenate([np.zeros(0), *(part.scores for part in parts)]),
            np.concatenate([empty.astype(np.int64), *moved], axis=1),
            np.concatenate([np.zeros(0, bool), *(part.known for part in parts)]),
            np.concatenate([empty.astype(bool), *(part.judged for part in parts)], axis=1),
        )

    def only(self, objects: NDArray[np.bool_], detections: NDArray[np.bool_]) -> DetectionMatches:
        """The matches of some `objects` (m,): detections of other objects are not judged.

        A detection that is nothing is judged where it is one of `detections` (n,).
        """
        at = np.where(self.objects == NOTHING, 0, self.objects)
        asked = objects[at] if len(objects) else np.zeros(self.objects.shape, bool)
        judged = np.where(self.objects == NOTHING, detections, asked)
        return DetectionMatches(
            self.scores, self.objects, self.known & objects, self.judged & judged
        )

    def above(self, score: float) -> DetectionMatches:
        """The matches without the detections below `score`: better ones chose before them."""
        kept = self.scores >= score
        return DetectionMatches(
            self.scores[kept], self.objects[:, kept], self.known, self.judged[:, kept]
        )

    def __len__(self) -> int:
        """Number of objects that are asked for."""
        return int(self.known.sum())

    def average_precision(self, overlap: float = 0.5) -> float:
        """Area under the precision-recall curve at one of `OVERLAPS`; nan without objects.

        Precision at a recall is the best one at that recall or more, and every recall counts (the
        continuous form that VOC has used since 2010, and DOTA).
        """
        if not len(self):
            return float("nan")
        row = IOU_THRESHOLDS.index(overlap)
        judged = self.judged[row]
        order = np.argsort(-self.scores[judged], kind="stable")
        hits = (self.objects[row][judged] != NOTHING)[order]
        true = np.cumsum(hits)
        precision = true / np.arange(1, len(hits) + 1)
        best = np.maximum.accumulate(precision[::-1])[::-1]
        return float(best[hits].sum() / len(self))

    def mean_average_precision(self) -> float:
        """Mean of the average precisions over `OVERLAPS` (AP50-95)."""
        return float(np.mean([self.average_precision(overlap) for overlap in IOU_THRESHOLDS]))

    def recall(self, threshold: float, overlap: float = 0.5) -> float:
        """Share of the objects that detections of at least `threshold` are; nan without any."""
        return self._hits(threshold, overlap).sum() / len(self) if len(self) else float("nan")

    def precision(self, threshold: float, overlap: float = 0.5) -> float:
        """Share of the detections of at least `threshold` that are objects; nan without any."""
        hits = self._hits(threshold, overlap)
        return float(hits.mean()) if len(hits) else float("nan")

    def _hits(self, threshold: float, overlap: float) -> NDArray[np.bool_]:
        row = IOU_THRESHOLDS.index(overlap)
        kept = self.judged[row] & (self.scores >= threshold)
        hits: NDArray[np.bool_] = self.objects[row][kept] != NOTHING
        return hits


def _assigned(found: OrientedBoxes, truth: OrientedBoxes) -> Indices:
    """(overlaps, n) objects of detections that are ordered by falling score."""
    i, j = intersecting_pairs(found, truth)
    ious = pairwise_ious(found[i], truth[j])
    starts = np.searchsorted(i, np.arange(len(found) + 1))
    objects = np.full((len(IOU_THRESHOLDS), len(found)), NOTHING, np.int64)
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
