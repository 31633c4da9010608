"""Marks: how good a detector is over several exams of one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.evaluation.image_evaluation import ImageEvaluation, widths_px
from cv.evaluation.matching import NOTHING, DetectionMatches


@dataclass(frozen=True)
class CountMetrics:
    """Figures over several images; nan where nothing was there to be judged."""

    images: int
    true: int
    """Objects."""
    counted: int
    """Detections of at least the threshold."""
    nmae: float
    """Sum of the absolute errors of the images' counts over the number of objects."""
    bias: float
    """Sum of those errors with their sign over the number of objects."""
    ap50: float
    """Average precision at a rotated IoU of 0.5."""
    ap50_95: float
    """Mean of the average precisions at 0.50, 0.55 ... 0.95."""
    recall: float
    """At the threshold, IoU 0.5."""
    precision: float
    """At the threshold, IoU 0.5."""
    stack_error: float
    """Mean of |counted - true| / true over groups of objects that touch."""
    coverage: float
    """Share of the images whose interval holds the true number."""
    length_error: float
    """Median of |found - true| / true over the lengths of the objects that were found."""

    @classmethod
    def of(cls, exams: Sequence[ImageEvaluation]) -> CountMetrics:
        """The marks of `exams`, which are of one class and one model."""
        true = sum(exam.true for exam in exams)
        errors = [exam.counted - exam.true for exam in exams]
        matches = DetectionMatches.joined([exam.matches for exam in exams])
        threshold = exams[0].threshold if exams else 0.5
        stacks = [abs(n - t) / t for exam in exams for t, n in exam.stacks()]
        return cls(
            len(exams),
            true,
            sum(exam.counted for exam in exams),
            _ratio(sum(map(abs, errors)), true),
            _ratio(sum(errors), true),
            matches.average_precision(),
            matches.mean_average_precision() if true else float("nan"),
            matches.recall(threshold),
            matches.precision(threshold),
            float(np.mean(stacks)) if stacks else float("nan"),
            _ratio(sum(exam.holds_truth for exam in exams), len(exams)),
            _length_error(exams),
        )


@dataclass(frozen=True)
class MetricsBand:
    """Some of the objects, by the coarseness of their image or their width in it."""

    name: str
    objects: int
    ap50: float
    ap50_95: float
    recall: float
    """At the threshold, IoU 0.5."""
    precision: float
    """At the threshold, IoU 0.5."""


GSD_M = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.9))
"""Bands of the ground sampling distance, metres a pixel."""
WIDTH_PX = ((0.0, 4.0), (4.0, 6.0), (6.0, 9.0), (9.0, 14.0), (14.0, float("inf")))
"""Bands of the width of an object in its image, pixels."""


def metrics_by_gsd(exams: Sequence[ImageEvaluation]) -> list[MetricsBand]:
    """The images of each band of `GSD_M` that has objects."""
    bands = []
    for low, high in GSD_M:
        chosen = [exam for exam in exams if low < exam.gsd_m <= high]
        if sum(exam.true for exam in chosen):
            matches = DetectionMatches.joined([exam.matches for exam in chosen])
            bands.append(_band(f"GSD {low:g} to {high:g} m", matches, exams[0].threshold))
    return bands


def metrics_by_width(exams: Sequence[ImageEvaluation]) -> list[MetricsBand]:
    """The objects of each band of `WIDTH_PX`; what is no object counts in the band of its width."""
    whole = DetectionMatches.joined([exam.matches for exam in exams])
    truths = widths_px(exams)
    found = np.concatenate([np.zeros(0), *(e.found.boxes.widths / e.gsd_m for e in exams)])
    bands = []
    for low, high in WIDTH_PX:
        asked = (truths >= low) & (truths < high)
        if asked.any():
            chosen = whole.only(asked, (found >= low) & (found < high))
            bands.append(_band(f"width {low:g} to {high:g} px", chosen, exams[0].threshold))
    return bands


def balanced_threshold(exams: Sequence[ImageEvaluation]) -> float:
    """The threshold at which all images together have as many detections as objects.

    Where there are fewer candidates than objects: the score of the last of them; 1 without any.
    """
    scores = np.sort(np.concatenate([np.zeros(0), *(exam.found.scores for exam in exams)]))[::-1]
    wanted = min(sum(exam.true for exam in exams), len(scores))
    return float(scores[wanted - 1]) if wanted else 1.0


def _length_error(exams: Sequence[ImageEvaluation]) -> float:
    errors = [np.zeros(0)]
    for exam in exams:
        objects = exam.matches.objects[0]
        hits = (objects != NOTHING) & (exam.found.scores >= exam.threshold)
        true = exam.truth.lengths[objects[hits]]
        errors.append(np.abs(exam.found.boxes.lengths[hits] - true) / true)
    together = np.concatenate(errors)
    return float(np.median(together)) if len(together) else float("nan")


def _band(name: str, matches: DetectionMatches, threshold: float) -> MetricsBand:
    return MetricsBand(
        name,
        len(matches),
        matches.average_precision(),
        matches.mean_average_precision(),
        matches.recall(threshold),
        matches.precision(threshold),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
