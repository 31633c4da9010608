"""Interval coverage: how often intervals contain the true number, and how wide they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.evaluation.image_evaluation import ImageEvaluation


@dataclass(frozen=True)
class IntervalCoverage:
    """Coverage of the intervals of several samples (images, or windows of them)."""

    samples: int
    """Number of samples."""
    covered: float
    """Share of the samples whose interval contains the true number."""
    non_empty: int
    """Number of samples with at least one object."""
    non_empty_covered: float
    """Share of those whose interval contains the true number."""
    width: float
    """Sum of the widths of all intervals over the number of objects."""

    @classmethod
    def of(cls, evaluations: Sequence[ImageEvaluation]) -> IntervalCoverage:
        """Return the coverage of `evaluations`; nan where there are no samples or objects."""
        covered = np.array([evaluation.holds_truth for evaluation in evaluations], dtype=bool)
        true = np.array([evaluation.true for evaluation in evaluations], dtype=np.int64)
        estimates = [evaluation.estimate for evaluation in evaluations]
        widths = sum((estimate.high or 0.0) - (estimate.low or 0.0) for estimate in estimates)
        return cls(
            len(evaluations),
            _mean(covered),
            int((true > 0).sum()),
            _mean(covered[true > 0]),
            widths / float(true.sum()) if true.any() else float("nan"),
        )

    def __str__(self) -> str:
        return (
            f"held {self.covered:.3f} of {self.samples} (+- {self.error:.3f}), "
            f"{self.non_empty_covered:.3f} of the {self.non_empty} with objects; "
            f"width {self.width:.2f} of the number"
        )

    @property
    def error(self) -> float:
        """Standard error of `covered` for independent samples."""
        variance = self.covered * (1 - self.covered)
        return math.sqrt(variance / self.samples) if self.samples else float("nan")


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
