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
from cv.detector.card import Calibration
from cv.evaluation.calibrate import calibrate_on
from cv.evaluation.coverage import Coverage, calibrations_without, told
from cv.evaluation.exam import Exam, Question, sit
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


def even_threshold(calibration: Calibration) -> float:
    """The score from which on a detection is more likely right than wrong."""
    scores = np.round(np.arange(0.05, 0.95, 0.01), 2)
    chances = np.interp(scores, calibration.scores, calibration.probabilities)
    return float(scores[int(np.argmax(chances >= 0.5))])


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
    chips, scenes = {}, {}
    for kind in card.classes:
        fresh = rendered(args.work, kind, CALIBRATING, args.chips, args.workers)
        chips[kind] = examined(fresh, detector)
        scenes[kind] = cut(examined([q for q in asked if q.kind == kind], detector))
    for _ in range(2):  # intervals hold the count, which hangs on the threshold
        fits = []
        for kind in card.classes:
            given = [replace(exam, card=card) for exam in chips[kind]]
            real = [[replace(exam, card=card) for exam in windows] for windows in scenes[kind]]
            fits.append(calibrate_on(given, [exam for windows in real for exam in windows]))
        card = replace(card, thresholds=tuple(even_threshold(one) for one in fits))
    print(f"thresholds {dict(zip(card.classes, card.thresholds, strict=True))}")
    for kind in card.classes:
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
