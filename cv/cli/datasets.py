"""`pierwatch datasets`: check, show, convert, cut and render labelled images."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import chips, options
from cv.errors import DatasetError

if TYPE_CHECKING:
    from cv.labels.check_report import CheckReport, DatasetStatistics
    from cv.labels.formats import ImagePaths
    from cv.labels.labelled_image import LabelledDataset, LabelledImage

_TARGETS = ("yolo-obb", "dota", "coco", "geojson")
_SUFFIXES = {"coco": (".json",), "geojson": (".geojson", ".json")}
"""Suffixes of the files that are written, by format."""
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
    parser.add_argument(
        "--seed",
        type=options.seed,
        default=0,
        metavar="N",
        help="seed of their random choice; default: 0",
    )
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
    parser.add_argument("out", type=Path, metavar="OUT", help="folder or file to write")
    parser.add_argument("--to", required=True, choices=_TARGETS, help="the format of OUT")
    val_help = "every N-th image without a split goes to val (yolo-obb)"
    options.add_number(parser, "--val-every", val_help, default=10)
    parser.add_argument(
        "--classes",
        type=_names,
        metavar="A,B",
        help="classes of OUT in order; those of a model are container,hull",
    )
    parser.add_argument(
        "--cut", action="store_true", help="first clip objects at the edges of their image"
    )
    parser.set_defaults(run=run_convert)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="file, folder or archive")
    options.add_file(parser, "--images", "folder of its images, if elsewhere", metavar="FOLDER")
    options.add_file(parser, "--scene", "georeferenced image of a GeoJSON in world coordinates")


def run_check(args: argparse.Namespace) -> int:
    """Print the findings and statistics; return the exit code."""
    from cv.labels.dataset_check import check_dataset

    report = check_dataset(args.dataset, args.images, options.scene_grid(args.scene), args.scene)
    _print_findings(report, args.all)
    if report.totals is not None:
        _print_totals(report.totals)
    warnings = len(report.findings) - report.errors
    print(f"{args.dataset}: {report.errors} errors, {warnings} warnings")
    return 2 if report.errors else 0


def run_sheet(args: argparse.Namespace) -> int:
    """Draw the contact sheet."""
    from cv.labels.formats import complete_from_images, find_image, read_dataset
    from cv.report.contact_sheet import draw_contact_sheet

    picture = options.output_with_suffix(args.picture, ".png", args.dataset, args.images)
    places = _image_folders(args)
    dataset = complete_from_images(
        read_dataset(args.dataset, options.scene_grid(args.scene), args.scene), places
    )
    found = [(image, find_image(image, places)) for image in dataset.images]
    pairs = [(image, path) for image, path in found if path is not None]
    if not pairs:
        raise DatasetError(
            args.dataset,
            "none of its images was found",
            "the sheet shows images",
            "Add --images FOLDER.",
        )
    draw_contact_sheet(dataset, pairs, picture, args.chips, args.seed)
    print(f"{picture}: {min(args.chips, len(pairs))} of {len(pairs)} images")
    return 0


def run_convert(args: argparse.Namespace) -> int:
    """Read and write a dataset; outlines become rectangles if the format has only boxes."""
    from cv.labels import coco, dota, formats, geojson, outline_edits, yolo_obb

    dataset = formats.read_dataset(args.dataset, options.scene_grid(args.scene), args.scene)
    if args.classes:
        dataset = outline_edits.with_classes(dataset, args.classes)
    places = _image_folders(args)
    dataset = formats.complete_from_images(dataset, places)
    for line in dataset.skipped:
        print(f"left out: {line}")
    if args.cut:
        cut = outline_edits.clip_to_images(dataset)
        dataset = cut.dataset
        print(f"{cut.changed} objects cut at the edge of their image, {cut.dropped} outside of it")
    if args.to in ("yolo-obb", "dota"):
        squared = outline_edits.to_rectangles(dataset)
        dataset = squared.dataset
        if squared.changed:
            print(
                f"{squared.changed} outlines became the smallest rectangle around them; "
                f"none moved by more than {squared.furthest_px:.2f} px"
            )
    if args.to == "yolo-obb":
        dataset = outline_edits.with_split(dataset, args.val_every)
        yolo_obb.write_yolo(dataset, args.out, _image_source(dataset, places))
    elif args.to == "dota":
        dota.write_dota(dataset, args.out)
    else:
        out = options.output_with_suffix(args.out, _SUFFIXES[args.to], args.dataset, args.images)
        (coco.write_coco if args.to == "coco" else geojson.write_geojson)(dataset, out)
    print(f"{args.out}: {len(dataset)} objects in {len(dataset.images)} images")
    return 0


def _image_folders(args: argparse.Namespace) -> ImagePaths:
    from cv.labels.formats import dataset_images

    return dataset_images(args.dataset, args.images, args.scene)


def _image_source(
    dataset: LabelledDataset, places: ImagePaths
) -> Callable[[LabelledImage], Path] | None:
    """Return a function from image to path; print a note and return None if one is missing."""
    from cv.labels.formats import find_image

    missing = sum(find_image(image, places) is None for image in dataset.images)
    if missing:
        print(f"{missing} images were not found, so none is copied; add them, or --images FOLDER")
        return None

    def path_of(image: LabelledImage) -> Path:
        path = find_image(image, places)
        assert path is not None
        return path

    return path_of


def _print_findings(report: CheckReport, every: bool) -> None:
    printed: Counter[tuple[str, str]] = Counter()
    kinds = Counter((f.severity.value, f.rule) for f in report.findings)
    for finding in report.findings:
        kind = finding.severity.value, finding.rule
        printed[kind] += 1
        if every or printed[kind] <= _MAX_PRINTED:
            print(finding)
        if not every and printed[kind] == kinds[kind] > _MAX_PRINTED:
            print(
                f"{kind[0]}: {kinds[kind] - _MAX_PRINTED} more of the kind {kind[1]!r}; see --all"
            )


def _print_totals(totals: DatasetStatistics) -> None:
    print(f"{'images':<12}{totals.images:>8}  ({totals.empty} without objects)")
    widths = {kind: (low, middle, high) for kind, low, middle, high in totals.widths_px}
    for kind, count in totals.classes:
        text = ""
        if kind in widths:
            low, middle, high = widths[kind]
            text = f"  short side {middle:.1f} px (90 % within {low:.1f} to {high:.1f})"
        print(f"{kind:<12}{count:>8}{text}")
    low_count, middle_count, high_count = totals.per_image
    print(f"{'per image':<12}{middle_count:>8}  ({low_count} to {high_count})")
    gsd = "not declared" if totals.gsd_m is None else f"{totals.gsd_m:g} m"
    print(f"{'GSD':<12}{gsd:>8}")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))
