"""Detections: oriented boxes with scores and class indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine

from cv.geometry.arrays import BoolArray, Float64Array, Indices
from cv.geometry.oriented_boxes import OrientedBoxes


@dataclass(frozen=True, eq=False)
class Detections:
    """Zero or more detected objects in one plane."""

    boxes: OrientedBoxes
    """(n) boxes in tile pixels or ground metres."""
    scores: Float64Array
    """(n,) scores, 0 to 1."""
    classes: Indices
    """(n,) indices into the classes of the model card."""

    @classmethod
    def empty(cls) -> Detections:
        """Return zero detections."""
        return cls(OrientedBoxes.empty(), np.zeros(0), np.zeros(0, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Detections]) -> Detections:
        """Return the detections of all `parts`, in order."""
        return cls(
            OrientedBoxes.concatenate([part.boxes for part in parts]),
            np.concatenate([np.zeros(0), *(part.scores for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.classes for part in parts)]),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: Indices | BoolArray | slice) -> Detections:
        return Detections(self.boxes[rows], self.scores[rows], self.classes[rows])

    def transformed(self, affine: Affine) -> Detections:
        """Return the detections with their boxes mapped by `affine`."""
        return Detections(self.boxes.transformed(affine), self.scores, self.classes)

    def ranked(self) -> Detections:
        """Return the detections sorted by class, falling score, then position."""
        keys = (*self.boxes.values.T[::-1], -self.scores, self.classes)
        return self[np.lexsort(keys)]
