"""Cross-fitting: evaluate each real scene with what was fitted on all others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cv.detector.model_card import Calibration
from cv.evaluation import metrics
from cv.evaluation.count_calibration import fit_on_chips_and_windows, with_intervals
from cv.evaluation.image_evaluation import ImageEvaluation

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labelled_scenes import CONTAINER

WINDOW_M = 80.0
"""Side of the windows that real scenes are divided into for fitting, metres."""


@dataclass(frozen=True)
class Fold:
    """A threshold and a calibration, fitted on some scenes."""

    threshold: float
    calibration: Calibration

    @classmethod
    def fit(cls, scenes: Sequence[ImageEvaluation], chips: Sequence[ImageEvaluation]) -> Fold:
        """Fit on real `scenes` and rendered `chips`, evaluated down to low scores."""
        threshold = balanced_threshold(scenes)
        windows = [part for evaluation in scenes for part in windows_of(evaluation, WINDOW_M)]
        fit = fit_on_chips_and_windows(
            [e.at(threshold) for e in chips], [e.at(threshold) for e in windows]
        )
        return cls(threshold, fit)

    def apply(self, evaluation: ImageEvaluation, side_m: float) -> list[ImageEvaluation]:
        """Return the windows of a scene with this threshold and these intervals."""
        windows = (part.at(self.threshold) for part in windows_of(evaluation, side_m))
        return [with_intervals(window, self.calibration) for window in windows]


def leave_one_out(
    scenes: Sequence[ImageEvaluation], chips: Sequence[ImageEvaluation]
) -> list[Fold]:
    """Return, for each of `scenes`, the fit on all others and the `chips`."""
    return [Fold.fit([*scenes[:i], *scenes[i + 1 :]], chips) for i in range(len(scenes))]


def cross_fitted(
    scenes: Sequence[ImageEvaluation], others: Sequence[Fold], side_m: float
) -> list[ImageEvaluation]:
    """Return the windows of all `scenes`, each with the fit that leaves its scene out."""
    pairs = zip(scenes, others, strict=True)
    return [part for evaluation, fold in pairs for part in fold.apply(evaluation, side_m)]


def balanced_threshold(scenes: Sequence[ImageEvaluation]) -> float:
    """Return the threshold at which real scenes have as many detections as objects.

    That makes counts unbiased; the threshold at which a detection is as likely right as wrong
    would count too few. Rendered chips do not enter: they show difficult objects more often than
    ports do.
    """
    return round(float(np.clip(metrics.balanced_threshold(scenes), 0.05, 0.95)), 2)


def windows_of(evaluation: ImageEvaluation, side_m: float) -> list[ImageEvaluation]:
    """Return the windows of a scene; scenes of ships, and all with side 0, stay whole."""
    whole = not side_m or evaluation.sample.kind != CONTAINER
    return [evaluation] if whole else evaluation.windows(side_m)
