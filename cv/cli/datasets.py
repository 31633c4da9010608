"""Check, show, convert, cut and render labelled images.

Checks, shows, converts and cuts labelled images (YOLO-OBB, DOTA, COCO, GeoJSON, exports of CVAT,
Label Studio and X-AnyLabeling); renders training chips.

example: pierwatch datasets check chips/
"""

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
    from cv.labels.label_formats import ImagePaths
    from cv.labels.labelled_image import LabelledDataset, LabelledImage

_FILE_SUFFIXES = {"coco": (".json",), "geojson": (".geojson", ".json")}
"""Suffixes of the formats that are one file."""
_MAX_PRINTED = 10
"""Findings of one kind that are printed without `--all`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of the command."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = options.add_command(verbs, "check", run, run.__doc__)
    sheet = options.add_command(verbs, "sheet", run_sheet, run_sheet.__doc__)
    convert = options.add_command(verbs, "convert", run_convert, run_convert.__doc__)
    for verb in (check, sheet, convert):
        options.add_shared(verb, *options.LABELS)
    check.add_argument("--all", action="store_true", help="print all findings, not ten of a kind")
    options.add_file(sheet, "--picture", "the PNG to write", required=True)
    options.add_number(sheet, "--chips", "number of images", default=12)
    options.add_number(sheet, "--seed", "seed of their random choice", non_negative_int, default=0)
    options.add_file(convert, "out", "folder or file to write", metavar="OUT")
    targets = ("yolo-obb", "dota", *_FILE_SUFFIXES)
    convert.add_argument("--to", required=True, choices=targets, help="the format of OUT")
    val_every = "every N-th image without a split goes to val (yolo-obb)"
    options.add_number(convert, "--val-every", val_every, default=10)
    options.add_shared(convert, "--classes")
    clip = "first clip objects at the edges of their image"
    convert.add_argument("--cut", action="store_true", help=clip)
    chips.add_cut(verbs)
    chips.add_render(verbs)


def run(args: argparse.Namespace) -> int:
    """Report what is wrong with a dataset.

    Reports what is wrong with DATASET; exits with 2 if there are errors.

    example: pierwatch datasets check chips/
    """
    from cv.labels.dataset_check import check_dataset

    report = check_dataset(args.dataset, args.images, options.grid_from_args(args), args.scene)
    _print_findings(report, args.all)
    if report.totals is not None:
        _print_totals(report.totals)
    errors = quantity(report.errors, "error")
    warnings = quantity(len(report.findings) - report.errors, "warning")
    print(f"{args.dataset}: {errors}, {warnings}")
    return 2 if report.errors else 0


def run_sheet(args: argparse.Namespace) -> int:
    """Draw some images with their labels.

    Draws some images of DATASET with their labels, as a contact sheet.

    example: pierwatch datasets sheet chips/ --picture sheet.png
    """
    from cv.labels.label_formats import find_image
    from cv.report.contact_sheet import draw_contact_sheet

    options.check_output(args, args.picture, ".png")
    dataset, paths = options.dataset_from_args(args)
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
    """Write a dataset in another format.

    Reads DATASET, whatever its format, and writes OUT: a new folder for yolo-obb and dota, a file
    for coco and geojson.

    example: pierwatch datasets convert chips/ --to coco chips.json
    """
    from cv.labels import coco, dota, geojson, outline_edits, yolo_obb

    if args.to in _FILE_SUFFIXES:
        options.check_output(args, args.out, *_FILE_SUFFIXES[args.to])
    dataset, paths = options.dataset_from_args(args)
    if args.classes:
        dataset = outline_edits.with_classes(dataset, args.classes)
    for line in dataset.skipped:
        print(f"left out: {line}")
    if args.cut:
        cut = outline_edits.clip_to_images(dataset)
        dataset = cut.dataset
        clipped = quantity(cut.changed, "object")
        print(f"{clipped} cut at the edge of an image, {cut.dropped} outside of it")
    if args.to not in _FILE_SUFFIXES:
        squared = outline_edits.to_rectangles(dataset)
        dataset = squared.dataset
        if squared.changed:
            print(
                f"{quantity(squared.changed, 'outline')} replaced by the smallest rectangle "
                f"around each; none moved by more than {squared.furthest_px:.2f} px"
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


def _image_source(
    dataset: LabelledDataset, paths: ImagePaths
) -> Callable[[LabelledImage], Path] | None:
    """Return a function from image to path; print a note and return None if one is missing."""
    from cv.labels.label_formats import find_image

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
    gsd = "not declared" if totals.gsd_m is None else f"{totals.gsd_m:.3g} m"
    print(f"{'GSD':<12}{gsd:>8}")
