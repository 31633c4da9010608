"""Coverage: how often intervals hold the truth, and what they cost in width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cv.detector.card import Calibration
from cv.evaluation.calibrate import calibrate, with_calibration
from cv.evaluation.exam import Exam


@dataclass(frozen=True)
class Coverage:
    """Intervals over several looks (images, or windows of them) against the truth."""

    looks: int
    held: float
    """Share whose interval holds the true number."""
    busy: int
    """Looks with at least one object."""
    busy_held: float
    """Share of those."""
    width: float
    """Sum of the widths of all intervals over the number of objects."""

    @classmethod
    def of(cls, exams: Sequence[Exam]) -> Coverage:
        """The coverage of `exams`; nan where nothing was there to be judged."""
        holds = np.array([exam.holds_truth for exam in exams], dtype=bool)
        true = np.array([exam.true for exam in exams], dtype=np.int64)
        busy = true > 0
        widths = sum((exam.estimate.high or 0.0) - (exam.estimate.low or 0.0) for exam in exams)
        return cls(
            len(exams),
            _mean(holds),
            int(busy.sum()),
            _mean(holds[busy]),
            widths / float(true.sum()) if busy.any() else float("nan"),
        )

    @property
    def error(self) -> float:
        """Standard error of `held`, were the looks independent."""
        return math.sqrt(self.held * (1 - self.held) / self.looks) if self.looks else float("nan")


def told(exams: Sequence[Exam], calibration: Calibration) -> list[Exam]:
    """`exams` whose counts have the intervals of `calibration`."""
    return [replace(exam, card=with_calibration(exam.card, calibration)) for exam in exams]


def cross_fitted(
    scenes: Sequence[Sequence[Exam]], chips: Sequence[Exam]
) -> list[list[Exam]]:
    """The windows of each scene with intervals that were fitted on all others and on `chips`.

    So every real window is judged by a calibration in which its scene had no part.
    """
    judged = []
    for i, windows in enumerate(scenes):
        others = [scene for j, scene in enumerate(scenes) if j != i]
        judged.append(told(windows, calibrate(chips, others)))
    return judged


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
