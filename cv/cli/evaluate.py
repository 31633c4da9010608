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
        "--gsd", type=options.gsd, metavar="X[,Y]", help="metres a pixel, where nothing tells"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the worst as a PNG")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the worst as HTML")
    options.add_model(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Counts, compares, prints, and draws if asked to."""
    from tqdm import tqdm

    from cv.evaluation.exam import sit
    from cv.evaluation.marks import Marks, even_threshold
    from cv.evaluation.papers import faults, held_back, questions_of
    from cv.evaluation.table import bands_table, exams_table, marks_table
    from cv.labels.formats import pictures_of, read, with_pictures
    from cv.report.page import write_page
    from cv.report.sheet import draw_sheet

    inputs = (args.dataset, args.images)
    picture = args.picture and options.named(args.picture, ".png", *inputs)
    page = args.page and options.named(args.page, ".html", *inputs)
    places = pictures_of(args.dataset, args.images)
    whole = with_pictures(read(args.dataset), places)
    dataset = whole if args.all else held_back(whole)
    asked = list(questions_of(dataset, places, args.kind, args.gsd))
    detector = options.detector(args).only(args.kind)
    exams = [sit(one, detector) for one in tqdm(asked, unit="image", disable=None, leave=False)]
    print(f"{exams_table(exams)}\n\n{bands_table(exams)}\n")
    print(marks_table([(f"{args.kind}, all images", Marks.of(exams))]))
    parts = sorted({image.split for image in dataset.images if image.split})
    said = f" ({' and '.join(parts)})" if parts else ""
    print(f"judged: {len(exams)} of {len(whole.images)} images{said}")
    said = f"threshold {detector.card.threshold(args.kind):g}"
    if any(exam.true for exam in exams):
        said += f"; as many are found as there are at {even_threshold(exams):.2f}"
    print(said)
    low, high = detector.card.gsd_range_m
    outside = [exam for exam in exams if not low <= exam.gsd_m <= high]
    if outside:
        print(
            f"beware: {len(outside)} of them lie outside of {low:g} to {high:g} m a pixel; "
            "`count` gives no number for such scenes"
        )
    if picture:
        marked = with_pictures(faults(exams, len(exams)), places)
        paths = {question.name: question.path for question in asked}
        worst = [(image, paths[image.name]) for image in marked.images[:_DRAWN]]
        draw_sheet(marked, worst, picture)
    if page:
        write_page(args.dataset.resolve().name, exams, page)
    return 0
