"""Compare counts and detections with labels.

Counts the labelled images of DATASET and compares the counts with labels. Only images held out
from training (val and test) are used, if there are such parts.

example: pierwatch evaluate chips/ --kind container --gsd 0.3
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cv.cli import options
from cv.io.terminal_text import quantity

if TYPE_CHECKING:
    from cv.detector.detector import Detector
    from cv.evaluation.image_evaluation import ImageEvaluation

_MAX_DRAWN = 12
"""How many of the worst images are drawn."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--all", action="store_true", help="use the training images (train), too")
    options.add_file(parser, "--picture", "draw the worst images as a PNG")
    options.add_file(parser, "--page", "write the worst images as HTML")
    options.add_shared(parser, *options.LABELS, "--kind", "--gsd", *options.MODEL)


def run(args: argparse.Namespace) -> int:
    """Count, compare, print, and draw if requested."""
    from tqdm import tqdm

    from cv.evaluation.dataset_adapter import error_dataset, evaluation_samples, held_out
    from cv.evaluation.image_evaluation import evaluate_image
    from cv.evaluation.metrics import CountMetrics
    from cv.evaluation.metrics_table import bands_table, images_table, metrics_table
    from cv.labels.label_formats import complete_from_images, partial_labels
    from cv.report.contact_sheet import draw_contact_sheet
    from cv.report.worst_images_page import write_worst_images

    options.check_output(args, args.picture, ".png")
    options.check_output(args, args.page, ".html")
    whole, paths = options.dataset_from_args(args)
    partial = partial_labels(args.dataset)
    dataset = whole if args.all else held_out(whole)
    samples = list(evaluation_samples(dataset, paths, args.kind, args.gsd, partial))
    detector = options.detector_from_args(args).only(args.kind)
    bar = tqdm(samples, unit="image", disable=None, leave=False)
    evaluations = [evaluate_image(sample, detector) for sample in bar]
    print(f"{images_table(evaluations)}\n\n{bands_table(evaluations)}\n")
    print(metrics_table([(f"{args.kind}, all images", CountMetrics.of(evaluations))]))
    parts = sorted({image.split for image in dataset.images if image.split})
    splits = f" ({' and '.join(parts)})" if parts else ""
    print(f"evaluated: {len(evaluations)} of {quantity(len(whole.images), 'image')}{splits}")
    if regions := sum(sample.region is not None for sample in samples):
        print(
            f"judged: only what is labelled completely (`region`) of {quantity(regions, 'image')}"
        )
    _print_threshold_and_warning(evaluations, detector, args.kind)
    if args.picture:
        marked = complete_from_images(error_dataset(evaluations, len(evaluations)), paths)
        files = {sample.name: sample.path for sample in samples}
        worst = [(image, files[image.name]) for image in marked.images[:_MAX_DRAWN]]
        draw_contact_sheet(marked, worst, args.picture)
    if args.page:
        write_worst_images(args.dataset.resolve().name, evaluations, args.page)
    return 0


def _print_threshold_and_warning(
    evaluations: Sequence[ImageEvaluation], detector: Detector, kind: str
) -> None:
    from cv.counting.scene_counter import MAX_HULL_LENGTH_M
    from cv.detector.model_card import HULL
    from cv.evaluation.metrics import balanced_threshold, nmae_at

    balanced = ""
    if any(evaluation.true for evaluation in evaluations):
        right = balanced_threshold(evaluations)
        balanced = f"; the total count is right at {right:.2f}"
        balanced += f", where nMAE is {nmae_at(evaluations, right):.3f}"
    print(f"threshold {detector.card.threshold(kind):g}{balanced}")
    low, high = detector.card.gsd_range_m
    outside = sum(not low <= evaluation.gsd_m <= high for evaluation in evaluations)
    if outside:
        print(
            f"warning: {outside} of them are outside {low:g} to {high:g} m per pixel; "
            "`count` gives no number for such scenes"
        )
    if not any(evaluation.true for evaluation in evaluations):
        print(f"warning: no {kind} is labelled in them")
    small = sum(evaluation.shorter_side_m < MAX_HULL_LENGTH_M for evaluation in evaluations)
    if kind == HULL and small:
        gsd_m = detector.card.pass_for(HULL).gsd_m
        print(
            f"warning: {small} of them show less than {MAX_HULL_LENGTH_M:g} m, so that ships are "
            f"cut; hulls are found at {gsd_m:g} m per pixel: cut chips with --chip-gsd {gsd_m:g}"
        )
