"""`pierwatch datasets cut` and `render`: make training chips from images, or by rendering."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import options
from cv.cli.argument_types import fraction, length_m, non_negative_int, positive_int
from cv.synthetic.render_config import DEFAULT, SWITCHES

if TYPE_CHECKING:
    from cv.training.chip_cutting import SourceImage


def add_cut(verbs: options.Commands) -> None:
    """Add the verb `cut`."""
    parser = options.add_command(verbs, "cut", run_cut, run_cut.__doc__)
    options.add_shared(parser, *options.DATASET, "--gsd")
    options.add_file(parser, "out", "dataset to write, a new folder", metavar="OUT")
    scene_help = "the image of a GeoJSON file in a CRS; or the folder of the images of such files"
    options.add_file(parser, "--scene", scene_help)
    chip_gsd = "metres a pixel of the chips: 0.25 for containers, 1.2 for hulls"
    options.add_number(parser, "--chip-gsd", chip_gsd, length_m, default=0.25, metavar="M")
    options.add_number(parser, "--side", "pixels", default=640)
    options.add_number(parser, "--overlap", "pixels that chips share", non_negative_int, default=0)
    val_every = "every N-th chip of images without a split goes to val"
    options.add_number(parser, "--val-every", val_every, default=10)
    options.add_shared(parser, "--classes")


def add_render(verbs: options.Commands) -> None:
    """Add the verb `render`."""
    parser = options.add_command(verbs, "render", run_render, run_render.__doc__)
    options.add_file(parser, "folder", "dataset to write", metavar="FOLDER")
    options.add_number(parser, "--first", "first seed", int, default=0)
    options.add_number(parser, "--last", "seed after the last", int, default=100)
    options.add_number(parser, "--every", "every N-th seed goes to val", positive_int, default=23)
    parser.add_argument(
        "--without", nargs="*", default=[], choices=SWITCHES, help="effects to leave out"
    )
    coarse = "share of chips at 1.2 m, for hulls"
    options.add_number(parser, "--coarse", coarse, fraction, default=DEFAULT.coarse, metavar="S")
    bare = "share of the others without boxes"
    options.add_number(parser, "--bare", bare, fraction, default=0.0, metavar="S")
    options.add_number(parser, "--workers", "processes", default=1)


def run_cut(args: argparse.Namespace) -> int:
    """Cut labelled large images into training chips.

    Cuts the labelled images of DATASET, whatever its format, into square chips of one ground
    sampling distance, with their labels, and writes them as a new YOLO-OBB dataset. What is not
    labelled becomes black.

    example: pierwatch datasets cut labels.json cut/ --images scenes/
    """
    options.require_extra("render")
    from cv.io.terminal_text import quantity
    from cv.training.chip_cutting import ChipCutting, cut_dataset

    cutting = ChipCutting(gsd_m=args.chip_gsd, side_px=args.side, overlap_px=args.overlap)
    classes, sources = _labelled_sources(args)
    dataset = cut_dataset(sources, classes, args.out, cutting, args.val_every)
    chips = quantity(len(dataset.images), "chip")
    print(f"{args.out}: {quantity(len(dataset), 'object')} in {chips}")
    return 0


def run_render(args: argparse.Namespace) -> int:
    """Render labelled training chips.

    Renders labelled chips of invented terminals and ports as a YOLO-OBB dataset, one for each seed.
    An interrupted call continues where it was.

    example: pierwatch datasets render rendered/ --last 2 --every 2
    """
    options.require_extra("render")
    from cv.io.terminal_text import quantity
    from cv.synthetic.chip_dataset import write_dataset

    config = replace(DEFAULT.without(args.without), coarse=args.coarse, bare=args.bare)
    done = write_dataset(args.folder, args.first, args.last, args.every, args.workers, config)
    numbers = (done.chips, "chip"), (done.containers, "container"), (done.hulls, "hull")
    print(f"{', '.join(quantity(*one) for one in numbers)}: {done.folder}")
    return 0


def _labelled_sources(args: argparse.Namespace) -> tuple[tuple[str, ...], list[SourceImage]]:
    """Return the classes and the images of the dataset that `args` name."""
    from cv.labels.label_formats import labels_with_scenes

    if args.scene is None or not args.scene.is_dir():
        return _sources_of(args, args.dataset, args.scene)
    pairs = labels_with_scenes(args.dataset, args.scene)
    parts = [_sources_of(args, labels, scene) for labels, scene in pairs]
    classes = dict.fromkeys(name for names, _ in parts for name in names)
    return tuple(classes), [source for _, sources in parts for source in sources]


def _sources_of(
    args: argparse.Namespace, labels: Path, scene: Path | None
) -> tuple[tuple[str, ...], list[SourceImage]]:
    """Return the classes and the images of one dataset, `scene` of a GeoJSON file in a CRS."""
    from cv.labels import label_formats
    from cv.labels.outline_edits import to_rectangles, with_classes
    from cv.training.chip_cutting import find_sources

    grid = None if scene is None else options.grid_of_image(scene)
    dataset = label_formats.read_dataset(labels, grid, scene)
    if args.classes:
        dataset = with_classes(dataset, args.classes)
    paths = label_formats.dataset_images(labels, args.images, scene)
    if scene is None:  # GeoJSON in the world has the size of its scene
        dataset = label_formats.complete_from_images(dataset, paths)
    partial = label_formats.partial_labels(labels)
    rectangles = to_rectangles(dataset).dataset
    return dataset.classes, find_sources(rectangles, paths, args.gsd, partial)
