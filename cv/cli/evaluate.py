"""`pierwatch evaluate`: how well a model counts labelled images."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options

_DRAWN = 12
"""So many of the worst images are drawn."""
_KINDS = ("container", "hull")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "evaluate",
        help="compare counts and detections with labels",
        description="Counts the labelled images of DATASET and says how far off the counts are: "
        "those held back from training (val and test) where it has such parts, else all.",
        epilog="example: pierwatch evaluate chips/ --kind container --gsd 0.3",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="file, folder or archive")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="where its images lie, if elsewhere"
    )
    parser.add_argument(
        "--all", action="store_true", help="judge the images to train on (train), too"
    )
    parser.add_argument("--kind", choices=_KINDS, default="container", help="what is judged")
    parser.add_argument(
        "--gsd", type=options.gsd_m, metavar="X[,Y]", help="metres a pixel, where nothing tells"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the worst as a PNG")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the worst as HTML")
    options.add_model(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Counts, compares, prints, and draws if asked to."""
    from tqdm import tqdm

    from cv.evaluation.dataset_adapter import error_dataset, evaluation_samples, held_out
    from cv.evaluation.image_evaluation import evaluate_image
    from cv.evaluation.metrics import CountMetrics, balanced_threshold
    from cv.evaluation.metrics_table import bands_table, images_table, metrics_table
    from cv.labels.formats import complete_from_images, dataset_images, read_dataset
    from cv.report.contact_sheet import draw_contact_sheet
    from cv.report.html_report import write_worst_images

    inputs = (args.dataset, args.images)
    picture = args.picture and options.output_with_suffix(args.picture, ".png", *inputs)
    page = args.page and options.output_with_suffix(args.page, ".html", *inputs)
    places = dataset_images(args.dataset, args.images)
    whole = complete_from_images(read_dataset(args.dataset), places)
    dataset = whole if args.all else held_out(whole)
    asked = list(evaluation_samples(dataset, places, args.kind, args.gsd))
    detector = options.detector(args).only(args.kind)
    exams = [
        evaluate_image(one, detector)
        for one in tqdm(asked, unit="image", disable=None, leave=False)
    ]
    print(f"{images_table(exams)}\n\n{bands_table(exams)}\n")
    print(metrics_table([(f"{args.kind}, all images", CountMetrics.of(exams))]))
    parts = sorted({image.split for image in dataset.images if image.split})
    said = f" ({' and '.join(parts)})" if parts else ""
    print(f"judged: {len(exams)} of {len(whole.images)} images{said}")
    said = f"threshold {detector.card.threshold(args.kind):g}"
    if any(exam.true for exam in exams):
        said += f"; as many are found as there are at {balanced_threshold(exams):.2f}"
    print(said)
    low, high = detector.card.gsd_range_m
    outside = [exam for exam in exams if not low <= exam.gsd_m <= high]
    if outside:
        print(
            f"beware: {len(outside)} of them lie outside of {low:g} to {high:g} m a pixel; "
            "`count` gives no number for such scenes"
        )
    if picture:
        marked = complete_from_images(error_dataset(exams, len(exams)), places)
        paths = {question.name: question.path for question in asked}
        worst = [(image, paths[image.name]) for image in marked.images[:_DRAWN]]
        draw_contact_sheet(marked, worst, picture)
    if page:
        write_worst_images(args.dataset.resolve().name, exams, page)
    return 0
