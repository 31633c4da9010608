"""Detections: oriented boxes with scores and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from cv.geometry.oriented_boxes import Floats, Indices, OrientedBoxes


@dataclass(frozen=True, eq=False)
class Detections:
    """Zero or more objects that a network reports, in one plane."""

    boxes: OrientedBoxes
    """(n) boxes; the unit is that of the plane: tile pixels, or ground metres."""
    scores: Floats
    """(n,) 0 to 1."""
    classes: Indices
    """(n,) index into the classes of the model's card."""

    @classmethod
    def empty(cls) -> Detections:
        """No detections."""
        return cls(OrientedBoxes.empty(), np.zeros(0), np.zeros(0, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Detections]) -> Detections:
        """All detections of `parts`, in order."""
        return cls(
            OrientedBoxes.concatenate([part.boxes for part in parts]),
            np.concatenate([np.zeros(0), *(part.scores for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.classes for part in parts)]),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: Indices | NDArray[np.bool_] | slice) -> Detections:
        return Detections(self.boxes[rows], self.scores[rows], self.classes[rows])

    def transformed(self, affine: Affine) -> Detections:
        """The detections as `affine` maps them to another plane."""
        return Detections(self.boxes.transformed(affine), self.scores, self.classes)

    def ranked(self) -> Detections:
        """The same detections by class, falling score, then position: one order for one set."""
        keys = (*self.boxes.values.T[::-1], -self.scores, self.classes)
        return self[np.lexsort(keys)]
