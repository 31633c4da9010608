"""Real scenes judged by thresholds and calibrations in which they had no part (cross-fitting)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cv.detector.card import Calibration
from cv.evaluation.calibrate import calibrate_on
from cv.evaluation.coverage import told
from cv.evaluation.exam import Exam
from cv.evaluation.marks import even_threshold

sys.path.insert(0, str(Path(__file__).resolve().parent))
from scenes import CONTAINER

WINDOW_M = 80.0
"""Side of the windows that real scenes are cut into for fitting, metres."""


@dataclass(frozen=True)
class Fold:
    """What all scenes but one say."""

    threshold: float
    calibration: Calibration

    @classmethod
    def of(cls, scenes: Sequence[Exam], chips: Sequence[Exam]) -> Fold:
        """By whole real `scenes` and rendered `chips`, all with candidates of low scores."""
        threshold = balanced_threshold(scenes)
        windows = [part for exam in scenes for part in cut(exam, WINDOW_M)]
        fit = calibrate_on([e.at(threshold) for e in chips], [e.at(threshold) for e in windows])
        return cls(threshold, fit)

    def judges(self, exam: Exam, side_m: float) -> list[Exam]:
        """The windows of the scene `exam` with this threshold and these intervals."""
        return told([part.at(self.threshold) for part in cut(exam, side_m)], self.calibration)


def folds(scenes: Sequence[Exam], chips: Sequence[Exam]) -> list[Fold]:
    """For each of `scenes` what all others and the `chips` say."""
    return [Fold.of([*scenes[:i], *scenes[i + 1 :]], chips) for i in range(len(scenes))]


def elsewhere(scenes: Sequence[Exam], others: Sequence[Fold], side_m: float) -> list[Exam]:
    """The windows of `scenes`, each judged by its fold."""
    pairs = zip(scenes, others, strict=True)
    return [part for exam, fold in pairs for part in fold.judges(exam, side_m)]


def balanced_threshold(scenes: Sequence[Exam]) -> float:
    """The threshold at which as much is found as there is in real scenes.

    Counts are what matters: where a detection is as likely right as wrong, too little is counted.
    Rendered chips have no say: they show what is hard more often than ports do.
    """
    return round(float(np.clip(even_threshold(scenes), 0.05, 0.95)), 2)


def cut(exam: Exam, side_m: float) -> list[Exam]:
    """The windows of a scene; 0: it stays whole, as do images of ships, whose hulls are longer."""
    return exam.windows(side_m) if side_m and exam.question.kind == CONTAINER else [exam]
