"""What the network is to answer for each patch of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float32Array, Float64Array
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.image_fitness_training.fitness_samples import FitnessSample
from cv.image_fitness_training.recall_curves import RecallCurve, recall_curve_for
from cv.image_fitness_training.scene_pairs import CELL

_CLEAR = REASONS.index(FitnessReason.CLEAR)
_MOST = 5.0
"""Containers of a patch beyond this number add no weight."""
_FULL_CONTRAST = 12.0
"""Deviation of brightness (levels) from which the detail of a patch has full weight."""


@dataclass(frozen=True, eq=False)
class PatchTargets:
    """Answers and weights, (rows, columns) of patches; `reasons` has an axis before them."""

    containers: Float32Array
    """Recall of containers, 0..1."""
    containers_weight: Float32Array
    """0 where no container stood."""
    hulls: Float32Array
    """Recall of hulls, 0..1."""
    hulls_weight: Float32Array
    """0 where the patch is not used."""
    log2_gsd: Float32Array
    """Log2 of the effective GSD in metres."""
    gsd_weight: Float32Array
    """0 where no detail can be seen."""
    reasons: Float32Array
    """Probability of each reason."""
    reasons_weight: Float32Array
    """0 where the reason is not known."""


def patch_targets(sample: FitnessSample, curves: Mapping[str, RecallCurve]) -> PatchTargets:
    """Return the targets of a sample; `curves` are those of `hull_curves`."""
    used = sample.used.astype(np.float32)
    expected = sample.expected.astype(np.float32)
    recall = np.where(expected > 0, sample.found / np.maximum(expected, 1), 0).astype(np.float32)
    weight = np.asarray(np.minimum(expected, _MOST) / _MOST * used, np.float32)
    contrast = _contrast(sample)
    if sample.kinds.startswith("no scene"):
        weight = used
    elif sample.kinds.startswith("coarse"):
        weight = np.asarray(used * np.clip(contrast / _FULL_CONTRAST, 0.1, 1), np.float32)
    known = np.isfinite(sample.detail_m) and sample.detail_m > 0
    visible = np.clip(contrast / _FULL_CONTRAST, 0, 1) * used
    detail = np.log2(sample.detail_m) if known else 0.0
    return PatchTargets(
        containers=recall,
        containers_weight=weight,
        hulls=_hull_recall(sample, curves),
        hulls_weight=used,
        log2_gsd=np.full(recall.shape, detail, np.float32),
        gsd_weight=np.asarray(visible * float(known), np.float32),
        reasons=reason_probabilities(sample.reason, recall),
        reasons_weight=np.asarray(weight * _reason_known(sample), np.float32),
    )


def reason_probabilities(reason: NDArray[np.integer], recall: Float32Array) -> Float32Array:
    """Return the probability (reasons, rows, columns): clear as often as containers are found.

    `reason` (rows, columns) is the index in REASONS of what ails each patch.
    """
    chances = np.zeros((len(REASONS), *recall.shape), np.float32)
    rows, columns = np.indices(recall.shape)
    chances[reason, rows, columns] += 1 - recall
    chances[_CLEAR] += recall
    return chances


def _reason_known(sample: FitnessSample) -> float:
    """Return the weight of a sample's reasons: less where two effects lie on each other."""
    mixed = "+" in sample.kinds and not sample.kinds.endswith(("+stretch", "+smooth"))
    return 0.3 if mixed else 1.0


def _hull_recall(sample: FitnessSample, curves: Mapping[str, RecallCurve]) -> Float32Array:
    if sample.kinds.startswith("no scene"):
        return np.zeros(sample.reason.shape, np.float32)
    severity = sample.severity
    recall = np.ones(sample.reason.shape, np.float64)
    for reason in np.unique(sample.reason):
        curve = recall_curve_for(curves, sample.kinds, reason)
        if reason != _CLEAR and curve is not None:
            here = sample.reason == reason
            recall[here] = curve.at(severity[here])
    return recall.astype(np.float32)


def _contrast(sample: FitnessSample) -> Float64Array:
    """Return the deviation (rows, columns) of the brightness in each patch, levels."""
    grey = cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    rows, columns = sample.reason.shape
    return np.asarray(grey.reshape(rows, CELL, columns, CELL).std(axis=(1, 3)))
