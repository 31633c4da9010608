"""Metrics of a detector over several evaluations of one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.evaluation.box_matching import UNMATCHED, DetectionMatches
from cv.evaluation.image_evaluation import ImageEvaluation


@dataclass(frozen=True, kw_only=True)
class CountMetrics:
    """Metrics over several images; nan where undefined."""

    images: int
    """Number of images."""
    true: int
    """Number of objects."""
    counted: int
    """Number of detections above the threshold."""
    nmae: float
    """Normalized mean absolute error: sum of absolute count errors over the number of objects."""
    bias: float
    """Sum of signed count errors over the number of objects."""
    ap50: float
    """Average precision at a rotated IoU of 0.5."""
    ap50_95: float
    """Mean of the average precisions at 0.50, 0.55 ... 0.95 (AP50-95)."""
    recall: float
    """Recall at the threshold, IoU 0.5."""
    precision: float
    """Precision at the threshold, IoU 0.5."""
    stack_error: float
    """Mean of |counted - true| / true over groups of touching objects."""
    coverage: float
    """Share of the images whose interval contains the true number."""
    length_error: float
    """Median of |detected - true| / true over the lengths of matched objects."""

    @classmethod
    def of(cls, evaluations: Sequence[ImageEvaluation]) -> CountMetrics:
        """Return the metrics of `evaluations`, which are of one class and one model."""
        true = sum(evaluation.true for evaluation in evaluations)
        errors = [evaluation.counted - evaluation.true for evaluation in evaluations]
        matches = DetectionMatches.joined([evaluation.matches for evaluation in evaluations])
        threshold = evaluations[0].threshold if evaluations else 0.5
        held = sum(evaluation.holds_truth for evaluation in evaluations)
        stacks = [abs(n - t) / t for evaluation in evaluations for t, n in evaluation.stacks()]
        return cls(
            images=len(evaluations),
            true=true,
            counted=sum(evaluation.counted for evaluation in evaluations),
            nmae=_ratio(sum(map(abs, errors)), true),
            bias=_ratio(sum(errors), true),
            ap50=matches.average_precision(),
            ap50_95=matches.mean_average_precision() if true else float("nan"),
            recall=matches.recall(threshold),
            precision=matches.precision(threshold),
            stack_error=float(np.mean(stacks)) if stacks else float("nan"),
            coverage=_ratio(held, len(evaluations)),
            length_error=_length_error(evaluations),
        )


GSD_BANDS_M = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.9))
"""Bands of the ground sampling distance, metres per pixel."""
WIDTH_BANDS_PX = ((0.0, 4.0), (4.0, 6.0), (6.0, 9.0), (9.0, 14.0), (14.0, float("inf")))
"""Bands of the width of objects, pixels of their images."""


def matches_by_gsd(evaluations: Sequence[ImageEvaluation]) -> list[tuple[str, DetectionMatches]]:
    """Return name and matches of each band of `GSD_BANDS_M` whose images have objects."""
    bands = []
    for low, high in GSD_BANDS_M:
        chosen = [evaluation for evaluation in evaluations if low < evaluation.gsd_m <= high]
        matches = DetectionMatches.joined([evaluation.matches for evaluation in chosen])
        bands.append((f"GSD {low:g} to {high:g} m", matches))
    return [(name, matches) for name, matches in bands if len(matches)]


def matches_by_width(evaluations: Sequence[ImageEvaluation]) -> list[tuple[str, DetectionMatches]]:
    """Return name and matches of each band of `WIDTH_BANDS_PX` with objects.

    A false detection counts in the band of its own width.
    """
    whole = DetectionMatches.joined([evaluation.matches for evaluation in evaluations])
    none = [np.zeros(0)]
    truths = np.concatenate(none + [e.truth.widths / e.gsd_m for e in evaluations])
    found = np.concatenate(none + [e.found.boxes.widths / e.gsd_m for e in evaluations])
    bands = []
    for low, high in WIDTH_BANDS_PX:
        of_band = (truths >= low) & (truths < high), (found >= low) & (found < high)
        bands.append((f"width {low:g} to {high:g} px", whole.only(*of_band)))
    return [(name, matches) for name, matches in bands if len(matches)]


def balanced_threshold(evaluations: Sequence[ImageEvaluation]) -> float:
    """Return the threshold at which there are as many detections as objects in all images.

    With fewer candidates than objects it is the lowest score; without candidates it is 1.
    """
    scores = np.concatenate([np.zeros(0), *(evaluation.found.scores for evaluation in evaluations)])
    scores = np.sort(scores)[::-1]
    objects = min(sum(evaluation.true for evaluation in evaluations), len(scores))
    return float(scores[objects - 1]) if objects else 1.0


def nmae_at(evaluations: Sequence[ImageEvaluation], threshold: float) -> float:
    """Return the normalized mean absolute error if detections from `threshold` on were counted.

    nan without objects. At its balanced threshold a model is compared with another one whatever
    the thresholds of both are.
    """
    errors = [abs(int((one.found.scores >= threshold).sum()) - one.true) for one in evaluations]
    return _ratio(sum(errors), sum(one.true for one in evaluations))


def _length_error(evaluations: Sequence[ImageEvaluation]) -> float:
    errors = [np.zeros(0)]
    for evaluation in evaluations:
        objects = evaluation.matches.objects[0]
        hits = (objects != UNMATCHED) & (evaluation.found.scores >= evaluation.threshold)
        true = evaluation.truth.lengths[objects[hits]]
        errors.append(np.abs(evaluation.found.boxes.lengths[hits] - true) / true)
    relative_errors = np.concatenate(errors)
    return float(np.median(relative_errors)) if len(relative_errors) else float("nan")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
