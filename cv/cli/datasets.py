"""`pierwatch datasets`: checks, shows, converts, cuts and renders labelled images."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import chips, options
from cv.cli.argument_types import non_negative_int
from cv.errors import DatasetError
from cv.io.terminal_text import quantity

if TYPE_CHECKING:
    from cv.labels.check_report import CheckReport, DatasetStatistics
    from cv.labels.formats import ImagePaths
    from cv.labels.labelled_image import LabelledDataset, LabelledImage

_FILE_SUFFIXES = {"coco": (".json",), "geojson": (".geojson", ".json")}
"""Suffixes of the formats that are one file."""
_MAX_PRINTED = 10
"""Findings of one kind that are printed without `--all`."""


def add_to(commands: options.Commands) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "datasets",
        help="check, show, convert, cut and render labelled images",
        description="Checks, shows, converts and cuts labelled images (YOLO-OBB, DOTA, COCO, "
        "GeoJSON, exports of CVAT, Label Studio and X-AnyLabeling); renders training chips.",
        epilog="example: pierwatch datasets check chips/",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_check(verbs)
    _add_sheet(verbs)
    _add_convert(verbs)
    chips.add_cut(verbs)
    chips.add_render(verbs)


def _add_check(verbs: options.Commands) -> None:
    parser = verbs.add_parser(
        "check",
        help="report what is wrong with a dataset",
        description="Reports what is wrong with DATASET; exits with 2 if there are errors.",
        epilog="example: pierwatch datasets check chips/",
    )
    _add_source(parser)
    parser.add_argument("--all", action="store_true", help="print all findings, not ten of a kind")
    parser.set_defaults(run=run_check)


def _add_sheet(verbs: options.Commands) -> None:
    parser = verbs.add_parser(
        "sheet",
        help="draw some images with their labels",
        description="Draws some images of DATASET with their labels, as a contact sheet.",
        epilog="example: pierwatch datasets sheet chips/ --picture sheet.png",
    )
    _add_source(parser)
    options.add_file(parser, "--picture", "the PNG to write", required=True)
    options.add_number(parser, "--chips", "number of images", default=12)
    seed = "seed of their random choice"
    options.add_number(parser, "--seed", seed, non_negative_int, default=0)
    parser.set_defaults(run=run_sheet)


def _add_convert(verbs: options.Commands) -> None:
    parser = verbs.add_parser(
        "convert",
        help="write a dataset in another format",
        description="Reads DATASET, whatever its format, and writes OUT: a new folder for yolo-obb "
        "and dota, a file for coco and geojson.",
        epilog="example: pierwatch datasets convert chips/ --to coco chips.json",
    )
    _add_source(parser)
    options.add_file(parser, "out", "folder or file to write", metavar="OUT")
    targets = ("yolo-obb", "dota", *_FILE_SUFFIXES)
    parser.add_argument("--to", required=True, choices=targets, help="the format of OUT")
    val_every = "every N-th image without a split goes to val (yolo-obb)"
    options.add_number(parser, "--val-every", val_every, default=10)
    options.add_classes(parser)
    parser.add_argument(
        "--cut", action="store_true", help="first clip objects at the edges of their image"
    )
    parser.set_defaults(run=run_convert)


def _add_source(parser: argparse.ArgumentParser) -> None:
    options.add_dataset(parser)
    options.add_file(parser, "--scene", "georeferenced image of a GeoJSON in world coordinates")


def run_check(args: argparse.Namespace) -> int:
    """Print the findings and statistics; return the exit code."""
    from cv.labels.dataset_check import check_dataset

    report = check_dataset(args.dataset, args.images, options.grid_from_args(args))
    _print_findings(report, args.all)
    if report.totals is not None:
        _print_totals(report.totals)
    errors = quantity(report.errors, "error")
    warnings = quantity(len(report.findings) - report.errors, "warning")
    print(f"{args.dataset}: {errors}, {warnings}")
    return 2 if report.errors else 0


def run_sheet(args: argparse.Namespace) -> int:
    """Draw the contact sheet."""
    from cv.labels.formats import find_image
    from cv.report.contact_sheet import draw_contact_sheet

    options.check_output(args, args.picture, ".png")
    dataset, paths = _read_dataset(args)
    found = [(image, find_image(image, paths)) for image in dataset.images]
    pairs = [(image, path) for image, path in found if path is not None]
    if not pairs:
        raise DatasetError(
            args.dataset, "no image was found", "the sheet shows images", "Add --images FOLDER."
        )
    draw_contact_sheet(dataset, pairs, args.picture, args.chips, args.seed)
    print(f"{args.picture}: {min(args.chips, len(pairs))} of {quantity(len(pairs), 'image')}")
    return 0


def run_convert(args: argparse.Namespace) -> int:
    """Read and write a dataset; outlines become rectangles if the format has only boxes."""
    from cv.labels import coco, dota, geojson, outline_edits, yolo_obb

    if args.to in _FILE_SUFFIXES:
        options.check_output(args, args.out, *_FILE_SUFFIXES[args.to])
    dataset, paths = _read_dataset(args)
    if args.classes:
        dataset = outline_edits.with_classes(dataset, args.classes)
    for line in dataset.skipped:
        print(f"left out: {line}")
    if args.cut:
        cut = outline_edits.clip_to_images(dataset)
        dataset = cut.dataset
        clipped = quantity(cut.changed, "object")
        print(f"{clipped} cut at the edge of their image, {cut.dropped} outside of it")
    if args.to not in _FILE_SUFFIXES:
        squared = outline_edits.to_rectangles(dataset)
        dataset = squared.dataset
        if squared.changed:
            print(
                f"{quantity(squared.changed, 'outline')} became the smallest rectangle around "
                f"them; none moved by more than {squared.furthest_px:.2f} px"
            )
    if args.to == "yolo-obb":
        dataset = outline_edits.with_split(dataset, args.val_every)
        yolo_obb.write_yolo(dataset, args.out, _image_source(dataset, paths))
    else:
        writers = {
            "dota": dota.write_dota,
            "coco": coco.write_coco,
            "geojson": geojson.write_geojson,
        }
        writers[args.to](dataset, args.out)
    images = quantity(len(dataset.images), "image")
    print(f"{args.out}: {quantity(len(dataset), 'object')} in {images}")
    return 0


def _read_dataset(args: argparse.Namespace) -> tuple[LabelledDataset, ImagePaths]:
    """Return the dataset in `args`, and the paths of its images."""
    from cv.labels.formats import complete_from_images, dataset_images, read_dataset

    dataset = read_dataset(args.dataset, options.grid_from_args(args))
    paths = dataset_images(args.dataset, args.images)
    return complete_from_images(dataset, paths), paths


def _image_source(
    dataset: LabelledDataset, paths: ImagePaths
) -> Callable[[LabelledImage], Path] | None:
    """Return a function from image to path; print a note and return None if one is missing."""
    from cv.labels.formats import find_image

    found = {(image.split, image.name): find_image(image, paths) for image in dataset.images}
    files = {key: path for key, path in found.items() if path is not None}
    if len(files) < len(dataset.images):
        missing = quantity(len(dataset.images) - len(files), "image")
        print(f"not found: {missing}, so none is copied; add them, or --images FOLDER")
        return None
    return lambda image: files[image.split, image.name]


def _print_findings(report: CheckReport, every: bool) -> None:
    printed: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        kind = finding.severity.value, finding.rule
        printed[kind] += 1
        if every or printed[kind] <= _MAX_PRINTED:
            print(finding)
    for (severity, rule), number in printed.items():
        if not every and number > _MAX_PRINTED:
            print(f"{severity}: {number - _MAX_PRINTED} more of the kind {rule!r}; see --all")


def _print_totals(totals: DatasetStatistics) -> None:
    print(f"{'images':<12}{totals.images:>8}  ({totals.empty} without objects)")
    widths = {kind: (low, middle, high) for kind, low, middle, high in totals.widths_px}
    for kind, count in totals.classes:
        text = ""
        if kind in widths:
            low, middle, high = widths[kind]
            text = f"  short side {middle:.1f} px (90 % within {low:.1f} to {high:.1f})"
        print(f"{kind:<12}{count:>8}{text}")
    fewest, median, most = totals.per_image
    print(f"{'per image':<12}{median:>8}  ({fewest} to {most})")
    gsd = "not declared" if totals.gsd_m is None else f"{totals.gsd_m:g} m"
    print(f"{'GSD':<12}{gsd:>8}")
