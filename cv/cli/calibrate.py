"""Measure a model's intervals on your images.

Counts the images of DATASET that were held back from training (its parts val and test, else all),
measures what scores and counts are worth, and writes that into MODEL and its card. Its counts are
then reported as calibrated. The images must resemble those that the model will count: at least
10, and 20 are few.

example: pierwatch calibrate runs/mine/mine.onnx mine/ --kind container --gsd 0.25
"""

from __future__ import annotations

import argparse

from cv.cli import options
from cv.errors import InputError
from cv.io.terminal_text import quantity

MIN_IMAGES = 10
"""Fewest images that an interval is measured on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_file(parser, "model", "ONNX model; it is rewritten", metavar="MODEL")
    options.add_shared(parser, *options.LABELS, "--kind", "--gsd")


def run(args: argparse.Namespace) -> int:
    """Fit the calibration, write it, and print the coverage on the same images."""
    options.require_extra("train")
    from tqdm import tqdm

    from cv.detector.detector import Detector
    from cv.detector.onnx_model import OnnxModel
    from cv.evaluation.count_calibration import fit_calibration, with_calibration
    from cv.evaluation.dataset_adapter import evaluation_samples, held_out
    from cv.evaluation.image_evaluation import evaluate_image
    from cv.evaluation.interval_coverage import IntervalCoverage
    from cv.labels.label_formats import partial_labels
    from cv.model_export.model_release import replace_model_card

    detector = Detector.load(args.model).only(args.kind)
    whole, paths = options.dataset_from_args(args)
    partial = partial_labels(args.dataset)
    samples = list(evaluation_samples(held_out(whole), paths, args.kind, args.gsd, partial))
    images = quantity(len(samples), "image")
    if len(samples) < MIN_IMAGES:
        found, limit = f"{images} held back", f"at least {MIN_IMAGES} are needed"
        raise InputError(args.dataset, found, limit, "Label more of them.")
    bar = tqdm(samples, unit="image", disable=None, leave=False)
    evaluations = [evaluate_image(sample, detector) for sample in bar]
    card = OnnxModel.load(args.model).card
    digest = replace_model_card(args.model, with_calibration(card, fit_calibration(evaluations)))
    calibrated = Detector.load(args.model).only(args.kind)
    coverage = IntervalCoverage.of([evaluate_image(sample, calibrated) for sample in samples])
    print(f"{args.model}: {args.kind} calibrated on {images}, sha256 {digest}")
    print(f"on the same images, which is optimistic: {coverage}")
    return 0
