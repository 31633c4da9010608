"""Write rendered chips as a YOLO-OBB dataset: images, labels and dataset.yaml."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from cv.errors import InputError
from cv.geometry.oriented_boxes import Floats
from cv.io.atomic_files import write_atomically
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.labels.outline_edits import visible_part
from cv.labels.yolo_obb import text_of
from cv.synthetic.chip_renderer import CLASSES, COARSE_GSD, FINE_GSD, RenderedChip, render_chip
from cv.synthetic.render_config import DEFAULT, SWITCHES, RenderConfig

_COMPARED = 3  # chips that are there already
_YAML = """\
# Rendered pier chips, YOLO-OBB. Paths start from the folder of this file, for ultralytics too, as
# long as no `path` is given.
train: images/train
val: images/val
names:
  0: container
  1: hull
# seeds {first} to {last}, every {every}th in val; a chip is named by its seed
"""


@dataclass(frozen=True)
class WrittenDataset:
    """What a dataset on disk holds."""

    folder: Path
    # that holds dataset.yaml
    chips: int
    # images in train and val
    containers: int
    # labels of class 0
    hulls: int
    # labels of class 1


def write_dataset(
    folder: Path,
    first: int,
    last: int,
    every: int = 23,
    workers: int = 1,
    recipe: RenderConfig = DEFAULT,
) -> WrittenDataset:
    """Render the seeds first..last-1 into folder/images and folder/labels; resumes.

    Raises InputError where chips are there already that this recipe would draw otherwise, or where
    there is nothing to render.
    """
    if first < 0 or last <= first or every < 1:
        found = f"first {first}, last {last}, every {every}"
        raise InputError(
            "seeds", found, "0 <= first < last, and every from 1 on, are needed", "Correct them."
        )
    _refuse_others(folder, range(first, last), every, recipe)
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True, exist_ok=True)
    write_one = partial(_write_seed, folder, every, recipe)
    counts = np.zeros(2, dtype=np.int64)
    seeds = range(first, last)
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            results: Iterable[tuple[int, int]] = pool.map(write_one, seeds, chunksize=4)
            for pair in results:
                counts += pair
    else:
        for seed in seeds:
            counts += write_one(seed)
    text = _YAML.format(first=first, last=last - 1, every=every) + _gsd_line(recipe)
    (folder / "dataset.yaml").write_text(text, encoding="utf-8")
    return WrittenDataset(folder, len(seeds), int(counts[0]), int(counts[1]))


def fit_to_image(part: Floats, size: tuple[int, int]) -> Floats:
    """`part` (4, 2), shrunk about its middle until its upright box is no larger than the image.

    ultralytics leaves out an image with all its labels where one box is larger.
    """
    middle = (part.min(axis=0) + part.max(axis=0)) / 2
    fits: Floats = middle + (part - middle) * min(1.0, *(np.array(size) / np.ptp(part, axis=0)))
    return fits


def visible_labels(chip: RenderedChip) -> LabelledImage:
    """What a detector should find in a chip, cut to what the chip shows."""
    size = (chip.image.shape[1], chip.image.shape[0])
    parts = [(item.class_name, visible_part(item.corners, size)) for item in chip.targets]
    shapes = tuple(
        LabelledShape(name, fit_to_image(part, size)) for name, part in parts if part is not None
    )
    return LabelledImage(f"{chip.seed:06d}.png", size, shapes, chip.gsd)


def _gsd_line(recipe: RenderConfig) -> str:
    """The GSD of all chips, where they have one."""
    gsds = {0.0: FINE_GSD, 1.0: COARSE_GSD}
    return f"gsd_m: {gsds[recipe.coarse]}\n" if recipe.coarse in gsds else ""


def _places(folder: Path, every: int, seed: int) -> tuple[Path, Path]:
    """Where the picture and the labels of a seed lie."""
    split = "val" if seed % every == 0 else "train"
    name = f"{seed:06d}"
    return folder / "images" / split / f"{name}.png", folder / "labels" / split / f"{name}.txt"


def _refuse_others(folder: Path, seeds: range, every: int, recipe: RenderConfig) -> None:
    """Draws some of the chips that are there again, those of `seeds` or not, and compares."""
    there = sorted(folder.glob("images/*/*.png"))
    own = [path for path in there if path.stem.isdecimal() and int(path.stem) in seeds]
    some = [*_spread(own), *_spread(there)]
    for path in dict.fromkeys(some):
        if not path.stem.isdecimal() or _places(folder, every, int(path.stem))[0] != path:
            raise _other(path)
        seed = int(path.stem)
        picture = cv2.imread(str(path))
        if picture is None or not np.array_equal(
            picture[..., ::-1], render_chip(seed, recipe=recipe).image
        ):
            raise _other(path)


def _spread(paths: list[Path]) -> list[Path]:
    """A few of them, from all over."""
    return paths[:: max(1, len(paths) // _COMPARED)][:_COMPARED]


def _other(path: Path) -> InputError:
    return InputError(
        path,
        "it is not what would be drawn now",
        "chips of one recipe and one version of the renderer lie in one folder",
        "Name another folder, or empty this one.",
    )


def _write_seed(folder: Path, every: int, recipe: RenderConfig, seed: int) -> tuple[int, int]:
    chip_path, text_path = _places(folder, every, seed)
    if not (chip_path.exists() and text_path.exists()):
        chip = render_chip(seed, recipe=recipe)
        flags = [cv2.IMWRITE_PNG_COMPRESSION, 1]
        _, picture = cv2.imencode(".png", chip.image[..., ::-1], flags)
        write_atomically(chip_path, picture.tobytes())
        write_atomically(text_path, text_of(visible_labels(chip), CLASSES))
    classes = [line[0] for line in text_path.read_text(encoding="utf-8").splitlines() if line]
    return classes.count("0"), classes.count("1")


def _processes(text: str) -> int:
    """1 and more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return int(text)


def _share(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Write a dataset from the shell."""
    parser = argparse.ArgumentParser(
        prog="python -m cv.synthetic.chip_dataset",
        description="Render labelled chips as a YOLO-OBB dataset.",
        epilog="example: python -m cv.synthetic.chip_dataset datasets/rendered --last 100",
    )
    parser.add_argument("folder", type=Path, help="folder to fill")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--last", type=int, default=2800, help="seed after the last one")
    parser.add_argument("--every", type=int, default=23, help="every n-th seed goes to val")
    parser.add_argument(
        "--without", nargs="*", default=[], choices=SWITCHES, help="effects to leave out"
    )
    parser.add_argument(
        "--coarse", type=_share, default=DEFAULT.coarse, help="share of chips for hulls, 0 to 1"
    )
    parser.add_argument(
        "--bare", type=_share, default=0.0, help="share of the others without containers, 0 to 1"
    )
    parser.add_argument("--workers", type=_processes, default=1, help="processes")
    given = parser.parse_args(arguments)
    recipe = replace(DEFAULT.without(given.without), coarse=given.coarse, bare=given.bare)
    seeds = given.first, given.last, given.every
    try:
        done = write_dataset(given.folder, *seeds, given.workers, recipe)
    except InputError as error:
        print(f"chips: {error}", file=sys.stderr)
        return 2
    print(f"{done.chips} chips, {done.containers} containers, {done.hulls} hulls: {done.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
