"""Coverage: how often intervals hold the truth, and what they cost in width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cv.detector.card import Calibration
from cv.evaluation.calibrate import with_calibration
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

    def __str__(self) -> str:
        return (
            f"held {self.held:.3f} of {self.looks} (+- {self.error:.3f}), {self.busy_held:.3f} of "
            f"the {self.busy} with objects; width {self.width:.2f} of the number"
        )

    @property
    def error(self) -> float:
        """Standard error of `held`, were the looks independent."""
        return math.sqrt(self.held * (1 - self.held) / self.looks) if self.looks else float("nan")


def told(exams: Sequence[Exam], calibration: Calibration) -> list[Exam]:
    """`exams` whose counts have the intervals of `calibration`."""
    return [replace(exam, card=with_calibration(exam.card, calibration)) for exam in exams]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
