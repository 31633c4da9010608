"""Calibrates a model on rendered chips and on half of the real scenes; measures on the rest.

    python datasets/real/calibrate.py weights/pierwatch-n.onnx ../shared/real --work runs/c

Renders chips from seeds that no training uses, counts them and the real scenes (in windows), fits
what scores and counts are worth, writes it into the model and its card, and prints how often the
intervals hold the truth on chips and scenes that took no part.
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
from cv.detector.card import Calibration, Card
from cv.evaluation.calibrate import calibrate
from cv.evaluation.exam import Exam, Question, sit
from cv.evaluation.papers import questions_of
from cv.labels.formats import pictures_of, read, with_pictures
from cv.training.chips import write_dataset
from cv.training.recipe import DEFAULT
from cv.training.release import restamp
from cv.training.render import COARSE_GSD, FINE_GSD

sys.path.insert(0, str(Path(__file__).resolve().parent))
from scenes import CONTAINER, EDGE_PX, HULL, LEAST_HULL_M, questions

WINDOW_M = 80.0
"""Side of the windows that real scenes are cut into, metres."""
FIRST_SEED = 7_000_000
"""Of the chips that calibrate; those that test follow."""


def rendered(work: Path, kind: str, count: int, workers: int) -> list[Question]:
    """`count` rendered chips with labels of `kind`."""
    coarse = kind == HULL
    recipe = replace(DEFAULT, coarse=1.0 if coarse else 0.0)
    folder = work / kind
    write_dataset(folder, FIRST_SEED, FIRST_SEED + count, count + 1, workers, recipe)
    places = pictures_of(folder)
    dataset = with_pictures(read(folder), places)
    gsd = COARSE_GSD if coarse else FINE_GSD
    asked = list(questions_of(dataset, places, kind, (gsd, gsd)))
    if coarse:  # judged as in real scenes: whole ships, no boats
        asked = [replace(q, least_m=LEAST_HULL_M, margin_px=EDGE_PX) for q in asked]
    return asked


def examined(asked: Sequence[Question], detector: Detector) -> list[Exam]:
    """The exams, with a bar."""
    return [sit(one, detector) for one in tqdm(asked, unit="image", disable=None, leave=False)]


def even_threshold(calibration: Calibration) -> float:
    """The score from which on a detection is more likely right than wrong."""
    scores = np.round(np.arange(0.05, 0.95, 0.01), 2)
    chances = np.interp(scores, calibration.scores, calibration.probabilities)
    return float(scores[int(np.argmax(chances >= 0.5))])


def coverage(exams: Sequence[Exam], card: Card) -> str:
    """How often intervals hold the truth under `card`."""
    held = [replace(exam, card=card).holds_truth for exam in exams]
    return f"{np.mean(held):.3f} of {len(held)}" if held else "nothing"


def main() -> None:
    """Fits, writes, prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="ONNX model; it is rewritten")
    parser.add_argument("root", type=Path, help="folder of real scenes")
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered chips")
    parser.add_argument("--chips", type=int, default=200, help="of each class, half of them test")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    detector = Detector.load(args.model)
    card = replace(detector.card, calibrations=())
    fits: dict[str, list[Exam]] = {}
    tests: dict[str, list[list[Exam]]] = {}
    for kind in (CONTAINER, HULL):
        chips = examined(rendered(args.work, kind, args.chips, args.workers), detector)
        real = examined([q for q in questions(args.root) if q.kind == kind], detector)
        cut = [exam.windows(WINDOW_M) if kind == CONTAINER else [exam] for exam in real]
        middle = len(chips) // 2
        fits[kind] = [*chips[:middle], *(part for parts in cut[::2] for part in parts)]
        tests[kind] = [chips[middle:], [part for parts in cut[1::2] for part in parts]]
    for _ in range(2):  # intervals hold the count, which hangs on the threshold
        told = tuple(calibrate([replace(e, card=card) for e in fits[kind]]) for kind in fits)
        thresholds = tuple(even_threshold(one) for one in told)
        card = replace(card, thresholds=thresholds)
    card = replace(card, calibrations=told)
    print(f"thresholds {dict(zip(card.classes, thresholds, strict=True))}")
    for kind in card.classes:
        chips, real = tests[kind]
        print(f"{kind}: intervals hold the truth in {coverage(chips, card)} fresh rendered chips")
        print(f"{kind}: ... and in {coverage(real, card)} real windows that took no part")
    print(f"{args.model}: sha256 {restamp(args.model, card)}")


if __name__ == "__main__":
    main()
