"""Calibrates a model on rendered chips and real scenes, and says how well that works elsewhere.

    python datasets/real/calibrate.py weights/pierwatch-n.onnx ../shared/real --work runs/c

Renders chips from seeds that no training uses, counts them and the real scenes (in windows), fits
what scores and counts are worth on all of them, and writes it into the model and its card. What is
printed of real windows is cross-fitted: each scene is judged by a calibration that was fitted on
the chips and on all other scenes. `intervals.py` judges the finished model on fresh chips.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cv import Detector
from cv.evaluation.calibrate import calibrate_on
from cv.evaluation.coverage import Coverage, calibrations_without, told
from cv.evaluation.exam import Exam, Question, sit
from cv.evaluation.marks import Marks, even_threshold
from cv.training.release import restamp

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fresh import CALIBRATING, rendered
from scenes import CONTAINER, questions

WINDOW_M = 80.0
"""Side of the windows that real scenes are cut into for fitting, metres."""


def examined(asked: Sequence[Question], detector: Detector) -> list[Exam]:
    """The exams, with a bar."""
    return [sit(one, detector) for one in tqdm(asked, unit="image", disable=None, leave=False)]


def cut(exams: Sequence[Exam], side_m: float = WINDOW_M) -> list[list[Exam]]:
    """The windows of each scene; images of ships, whose hulls are longer, stay whole."""
    return [e.windows(side_m) if e.question.kind == CONTAINER else [e] for e in exams]


def balanced_threshold(scenes: Sequence[Exam]) -> float:
    """The threshold at which as much is found as there is in real scenes.

    Counts are what matters: where a detection is as likely right as wrong, too little is counted.
    Rendered chips have no say: they show what is hard more often than ports do.
    """
    return round(float(np.clip(even_threshold(scenes), 0.05, 0.95)), 2)


def elsewhere(scenes: Sequence[Exam]) -> Marks:
    """Marks of whole scenes, each at the threshold that suits all others."""
    fair = []
    for i, exam in enumerate(scenes):
        fair.append(exam.at(balanced_threshold([*scenes[:i], *scenes[i + 1 :]])))
    return Marks.of(fair)


def main() -> None:
    """Fits, writes, prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="ONNX model; it is rewritten")
    parser.add_argument("root", type=Path, help="folder of real scenes")
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered chips")
    parser.add_argument("--chips", type=int, default=100, help="of each class")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    detector = Detector.load(args.model)
    card = replace(detector.card, calibrations=())
    asked = list(questions(args.root))
    chips, whole = {}, {}
    for kind in card.classes:
        fresh = rendered(args.work, kind, CALIBRATING, args.chips, args.workers)
        chips[kind] = examined(fresh, detector)
        whole[kind] = examined([q for q in asked if q.kind == kind], detector)
    scenes = {kind: cut(whole[kind]) for kind in card.classes}
    thresholds = [balanced_threshold(whole[kind]) for kind in card.classes]
    card = replace(card, thresholds=tuple(thresholds))
    fits = [
        calibrate_on(
            [replace(exam, card=card) for exam in chips[kind]],
            [replace(exam, card=card) for part in scenes[kind] for exam in part],
        )
        for kind in card.classes
    ]
    print(f"thresholds {dict(zip(card.classes, card.thresholds, strict=True))}")
    for kind in card.classes:
        marks = elsewhere(whole[kind])
        print(
            f"{kind}, at thresholds of other scenes: nMAE {marks.nmae:.3f}, bias {marks.bias:+.3f}"
        )
        given = [replace(exam, card=card) for exam in chips[kind]]
        real = [[replace(exam, card=card) for exam in windows] for windows in scenes[kind]]
        fair = zip(real, calibrations_without(real, given), strict=True)
        judged = [exam for windows, calibration in fair for exam in told(windows, calibration)]
        print(f"{kind}, real windows of scenes that took no part: {Coverage.of(judged)}")
    own = detector.networks[0].card.measured(
        dict(zip(card.classes, card.thresholds, strict=True)), fits
    )
    print(f"{args.model}: sha256 {restamp(args.model, own)}")


if __name__ == "__main__":
    main()
