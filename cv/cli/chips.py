"""`pierwatch datasets cut` and `render`: make training chips from images, or by rendering."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import extras, options
from cv.synthetic.render_config import DEFAULT, SWITCHES

if TYPE_CHECKING:
    from cv.training.chip_cutting import SourceImage


def add_cut(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `cut`."""
    parser = verbs.add_parser(
        "cut",
        help="cut labelled large images into training chips",
        description="Cuts the labelled images of DATASET, whatever its format, into square chips "
        "of one ground sampling distance, with their labels, and writes them as a new YOLO-OBB "
        "dataset. What is not labelled becomes black.",
        epilog="example: pierwatch datasets cut labels.json cut/ --images scenes/",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="file, folder or archive")
    parser.add_argument("out", type=Path, metavar="OUT", help="dataset to write, a new folder")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="where its images are, if elsewhere"
    )
    parser.add_argument(
        "--scene", type=Path, metavar="FILE", help="the image of a GeoJSON file in a CRS"
    )
    parser.add_argument(
        "--gsd", type=options.gsd_m, metavar="X[,Y]", help="metres a pixel, where not declared"
    )
    parser.add_argument(
        "--chip-gsd",
        type=_metres,
        default=0.25,
        metavar="M",
        help="metres a pixel of the chips: 0.25 for containers (default), 1.2 for hulls",
    )
    parser.add_argument(
        "--side", type=options.positive_int, default=640, metavar="N", help="pixels; 640"
    )
    parser.add_argument(
        "--overlap", type=_pixels, default=0, metavar="N", help="pixels that chips share; 0"
    )
    parser.add_argument(
        "--val-every",
        type=options.positive_int,
        default=10,
        metavar="N",
        help="every N-th chip of images without a split goes to val; 10",
    )
    parser.add_argument(
        "--classes", metavar="A,B", help="classes in their order; a model's are container,hull"
    )
    parser.set_defaults(run=run_cut)


def add_render(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `render`."""
    parser = verbs.add_parser(
        "render",
        help="render labelled training chips",
        description="Renders labelled chips of invented terminals and ports as a YOLO-OBB "
        "dataset, one for each seed. An interrupted call continues where it was.",
        epilog="example: pierwatch datasets render rendered/ --last 2 --every 2",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="dataset to write")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="first seed; 0")
    parser.add_argument(
        "--last", type=int, default=100, metavar="N", help="seed after the last; 100"
    )
    parser.add_argument(
        "--every", type=int, default=23, metavar="N", help="every N-th seed goes to val; 23"
    )
    parser.add_argument(
        "--without", nargs="*", default=[], choices=SWITCHES, help="effects to leave out"
    )
    parser.add_argument(
        "--coarse",
        type=_share,
        default=DEFAULT.coarse,
        metavar="S",
        help=f"share of chips at 1.2 m, for hulls; {DEFAULT.coarse:g}",
    )
    parser.add_argument(
        "--bare", type=_share, default=0.0, metavar="S", help="share of the others without boxes"
    )
    parser.add_argument(
        "--workers", type=options.positive_int, default=1, metavar="N", help="processes; 1"
    )
    parser.set_defaults(run=run_render)


def run_cut(args: argparse.Namespace) -> int:
    """Cut the images and print how many chips and objects were written."""
    extras.require_extra("render", extras.RENDER)
    from cv.training.chip_cutting import ChipCutting, cut_dataset

    cutting = ChipCutting(gsd_m=args.chip_gsd, side_px=args.side, overlap_px=args.overlap)
    classes, sources = _labelled_sources(args)
    dataset = cut_dataset(sources, classes, args.out, cutting, args.val_every)
    print(f"{args.out}: {len(dataset)} objects in {len(dataset.images)} chips")
    return 0


def run_render(args: argparse.Namespace) -> int:
    """Render the chips and print how many objects they have."""
    extras.require_extra("render", extras.RENDER)
    from cv.synthetic.chip_dataset import write_dataset

    config = replace(DEFAULT.without(args.without), coarse=args.coarse, bare=args.bare)
    done = write_dataset(args.folder, args.first, args.last, args.every, args.workers, config)
    print(f"{done.chips} chips, {done.containers} containers, {done.hulls} hulls: {done.folder}")
    return 0


def _labelled_sources(args: argparse.Namespace) -> tuple[tuple[str, ...], list[SourceImage]]:
    """Return the classes and the images of the dataset that `args` name."""
    from cv.labels import block_labels, formats
    from cv.labels.label_texts import read_label_texts
    from cv.labels.outline_edits import to_rectangles, with_classes
    from cv.training.chip_cutting import find_sources

    dataset = formats.read_dataset(args.dataset, options.scene_grid(args.scene), args.scene)
    if args.classes:
        dataset = with_classes(dataset, tuple(name.strip() for name in args.classes.split(",")))
    paths = formats.dataset_images(args.dataset, args.images, args.scene)
    if not args.scene:  # GeoJSON in the world has the size of its scene
        dataset = formats.complete_from_images(dataset, paths)
    partial = {}
    if formats.detect_format(args.dataset) is formats.LabelFormat.BLOCKS:
        parts = map(block_labels.parse_block_labels, read_label_texts(args.dataset, ".json"))
        partial = {part.image.name: part for part in parts}
    rectangles = to_rectangles(dataset).dataset
    return dataset.classes, find_sources(rectangles, paths, args.gsd, partial)


def _metres(text: str) -> float:
    return options.gsd_m(text)[0]


def _pixels(text: str) -> int:
    """Parse a whole number of 0 and more."""
    return 0 if text == "0" else options.positive_int(text)


def _share(text: str) -> float:
    """Parse a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
