"""Gives a model of your own intervals that were measured.

    python tools/calibrate.py runs/mine/mine.onnx mine/ --kind container --gsd 0.25

Counts the images of a dataset that were held back from training (its `val` and `test`, else all),
fits what a score and a count are worth, and writes that into the model and its card: from then on
counts by it say "calibrated". The images must be such as the model will meet: ten at least, and
twenty are few. What is printed is of the same images, and so a little better than it will be.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from cv import Detector
from cv.cli.options import gsd_m
from cv.detector.onnx_model import OnnxModel
from cv.errors import InputError, PierwatchError
from cv.evaluation.calibration import fit_calibration, with_calibration
from cv.evaluation.coverage import IntervalCoverage
from cv.evaluation.dataset_adapter import evaluation_samples, held_out
from cv.evaluation.image_evaluation import evaluate_image
from cv.export.release import replace_model_card
from cv.labels.formats import complete_from_images, dataset_images, read_dataset

LEAST = 10
"""Fewer images tell nothing of an interval."""


def run(args: argparse.Namespace) -> None:
    """Fits, writes, prints."""
    detector = Detector.load(args.model).only(args.kind)
    places = dataset_images(args.dataset)
    dataset = held_out(complete_from_images(read_dataset(args.dataset), places))
    asked = list(evaluation_samples(dataset, places, args.kind, args.gsd))
    if len(asked) < LEAST:
        found = f"{len(asked)} images are held back"
        raise InputError(args.dataset, found, f"{LEAST} and more are needed", "Label more of them.")
    exams = [
        evaluate_image(one, detector)
        for one in tqdm(asked, unit="image", disable=None, leave=False)
    ]
    card = OnnxModel.load(args.model).card
    digest = replace_model_card(args.model, with_calibration(card, fit_calibration(exams)))
    again = [evaluate_image(one, Detector.load(args.model).only(args.kind)) for one in asked]
    print(f"{args.model}: {args.kind} calibrated on {len(exams)} images, sha256 {digest}")
    print(f"on the same images: {IntervalCoverage.of(again)}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="ONNX model; it is rewritten")
    parser.add_argument("dataset", type=Path, help="labelled images, in any format that is read")
    parser.add_argument("--kind", choices=("container", "hull"), default="container")
    parser.add_argument("--gsd", type=gsd_m, help="metres a pixel X[,Y], where nothing tells")
    try:
        run(parser.parse_args())
    except (PierwatchError, OSError) as error:
        print(f"calibrate.py: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
