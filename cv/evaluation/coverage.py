"""Coverage: how often intervals hold the truth, and what they cost in width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cv.detector.model_card import Calibration
from cv.evaluation.calibration import with_calibration
from cv.evaluation.image_evaluation import ImageEvaluation


@dataclass(frozen=True)
class IntervalCoverage:
    """Intervals over several looks (images, or windows of them) against the truth."""

    samples: int
    covered: float
    """Share whose interval holds the true number."""
    non_empty: int
    """Looks with at least one object."""
    non_empty_covered: float
    """Share of those."""
    width: float
    """Sum of the widths of all intervals over the number of objects."""

    @classmethod
    def of(cls, exams: Sequence[ImageEvaluation]) -> IntervalCoverage:
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
            f"held {self.covered:.3f} of {self.samples} (+- {self.error:.3f}), {self.non_empty_covered:.3f} of "
            f"the {self.non_empty} with objects; width {self.width:.2f} of the number"
        )

    @property
    def error(self) -> float:
        """Standard error of `held`, were the looks independent."""
        return (
            math.sqrt(self.covered * (1 - self.covered) / self.samples)
            if self.samples
            else float("nan")
        )


def recalibrated(
    exams: Sequence[ImageEvaluation], calibration: Calibration
) -> list[ImageEvaluation]:
    """`exams` whose counts have the intervals of `calibration`."""
    return [replace(exam, card=with_calibration(exam.card, calibration)) for exam in exams]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
