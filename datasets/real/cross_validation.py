"""Real scenes judged by thresholds and calibrations in which they had no part (cross-fitting)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cv.detector.model_card import Calibration
from cv.evaluation import metrics
from cv.evaluation.calibration import fit_on_chips_and_windows
from cv.evaluation.coverage import recalibrated
from cv.evaluation.image_evaluation import ImageEvaluation

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labelled_scenes import CONTAINER

WINDOW_M = 80.0
"""Side of the windows that real scenes are cut into for fitting, metres."""


@dataclass(frozen=True)
class Fold:
    """What all scenes but one say."""

    threshold: float
    calibration: Calibration

    @classmethod
    def of(cls, scenes: Sequence[ImageEvaluation], chips: Sequence[ImageEvaluation]) -> Fold:
        """By whole real `scenes` and rendered `chips`, all with candidates of low scores."""
        threshold = balanced_threshold(scenes)
        windows = [part for evaluation in scenes for part in cut(evaluation, WINDOW_M)]
        fit = fit_on_chips_and_windows(
            [e.at(threshold) for e in chips], [e.at(threshold) for e in windows]
        )
        return cls(threshold, fit)

    def judges(self, evaluation: ImageEvaluation, side_m: float) -> list[ImageEvaluation]:
        """The windows of the scene `evaluation` with this threshold and these intervals."""
        return recalibrated(
            [part.at(self.threshold) for part in cut(evaluation, side_m)], self.calibration
        )


def leave_one_out(scenes: Sequence[ImageEvaluation], chips: Sequence[ImageEvaluation]) -> list[Fold]:
    """For each of `scenes` what all others and the `chips` say."""
    return [Fold.of([*scenes[:i], *scenes[i + 1 :]], chips) for i in range(len(scenes))]


def cross_fitted(
    scenes: Sequence[ImageEvaluation], others: Sequence[Fold], side_m: float
) -> list[ImageEvaluation]:
    """The windows of `scenes`, each judged by its fold."""
    pairs = zip(scenes, others, strict=True)
    return [part for evaluation, fold in pairs for part in fold.judges(evaluation, side_m)]


def balanced_threshold(scenes: Sequence[ImageEvaluation]) -> float:
    """The threshold at which as much is found as there is in real scenes.

    Counts are what matters: where a detection is as likely right as wrong, too little is counted.
    Rendered chips have no say: they show what is hard more often than ports do.
    """
    return round(float(np.clip(metrics.balanced_threshold(scenes), 0.05, 0.95)), 2)


def cut(evaluation: ImageEvaluation, side_m: float) -> list[ImageEvaluation]:
    """The windows of a scene; 0: it stays whole, as do images of ships, whose hulls are longer."""
    return evaluation.windows(side_m) if side_m and evaluation.sample.kind == CONTAINER else [evaluation]
