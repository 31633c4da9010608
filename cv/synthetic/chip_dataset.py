"""Write rendered chips as a YOLO-OBB dataset: images, labels and dataset.yaml."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from cv.errors import InputError
from cv.geometry.arrays import Float64Array
from cv.io.atomic_files import write_atomically
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.labels.outline_edits import visible_part
from cv.labels.yolo_obb import to_yolo_text
from cv.synthetic.chip_renderer import CLASSES, COARSE_GSD, FINE_GSD, RenderedChip, render_chip
from cv.synthetic.render_config import DEFAULT, RenderConfig

_COMPARED = 3
"""Existing chips that are rendered again and compared, each of two times."""
_YAML = """\
# Rendered pier chips, YOLO-OBB. Paths start from the folder of this file, for ultralytics too, as
# long as no `path` is given.
train: images/train
val: images/val
names:
  0: container
  1: hull
# seeds {first} to {last}, one of {every} in val; a chip is named by its seed
"""


@dataclass(frozen=True)
class WrittenDataset:
    """A dataset on disk."""

    folder: Path
    """Folder with dataset.yaml."""
    chips: int
    """Images in train and val."""
    containers: int
    """Labels of class "container"."""
    hulls: int
    """Labels of class "hull"."""


def write_dataset(
    folder: Path,
    first: int,
    last: int,
    every: int = 23,
    workers: int = 1,
    config: RenderConfig = DEFAULT,
) -> WrittenDataset:
    """Render the seeds `first` to `last` - 1 as a YOLO-OBB dataset; existing chips are kept.

    Each `every`-th seed goes to "val". Raises InputError where existing chips were rendered with
    another configuration, or no seed is given.
    """
    if first < 0 or last <= first or every < 1:
        found = f"first {first}, last {last}, every {every}"
        raise InputError(
            "seeds", found, "0 <= first < last, and every from 1 on, are needed", "Correct them."
        )
    _check_existing(folder, range(first, last), every, config)
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True, exist_ok=True)
    write_one = partial(_write_seed, folder, every, config)
    counts = np.zeros(2, dtype=np.int64)
    seeds = range(first, last)
    if workers > 1:
        # spawned: a fork copies the locks of other threads (torch, OpenCV) in any state
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            results: Iterable[tuple[int, int]] = pool.map(write_one, seeds, chunksize=4)
            for pair in _progress(results, len(seeds)):
                counts += pair
    else:
        for pair in _progress(map(write_one, seeds), len(seeds)):
            counts += pair
    text = _YAML.format(first=first, last=last - 1, every=every) + _gsd_line(config)
    (folder / "dataset.yaml").write_text(text, encoding="utf-8")
    return WrittenDataset(folder, len(seeds), int(counts[0]), int(counts[1]))


def _progress(results: Iterable[tuple[int, int]], number: int) -> Iterable[tuple[int, int]]:
    return tqdm(results, total=number, desc="chips", unit="chip", disable=None, leave=False)


def fit_to_image(part: Float64Array, size: tuple[int, int]) -> Float64Array:
    """Shrink `part` (4, 2) about its middle until its upright box is no larger than the image.

    ultralytics ignores an image with all its labels where one box is larger.
    """
    middle = (part.min(axis=0) + part.max(axis=0)) / 2
    fits: Float64Array = middle + (part - middle) * min(
        1.0, *(np.array(size) / np.ptp(part, axis=0))
    )
    return fits


def visible_labels(chip: RenderedChip) -> LabelledImage:
    """Return the labels of a chip for training, cropped to the image."""
    size = (chip.image.shape[1], chip.image.shape[0])
    parts = [(item.class_name, visible_part(item.corners, size)) for item in chip.targets]
    shapes = tuple(
        LabelledShape(name, fit_to_image(part, size)) for name, part in parts if part is not None
    )
    return LabelledImage(f"{chip.seed:06d}.png", size, shapes, chip.gsd)


def _gsd_line(config: RenderConfig) -> str:
    """Return the line of dataset.yaml with the GSD of all chips, if they have the same."""
    gsds = {0.0: FINE_GSD, 1.0: COARSE_GSD}
    return f"gsd_m: {gsds[config.coarse]}\n" if config.coarse in gsds else ""


def _chip_paths(folder: Path, every: int, seed: int) -> tuple[Path, Path]:
    """Return the paths of the image and the labels of a seed."""
    split = "val" if seed % every == 0 else "train"
    name = f"{seed:06d}"
    return folder / "images" / split / f"{name}.png", folder / "labels" / split / f"{name}.txt"


def _check_existing(folder: Path, seeds: range, every: int, config: RenderConfig) -> None:
    """Raise InputError where existing chips, of which some are rendered again, differ."""
    existing = sorted(folder.glob("images/*/*.png"))
    own = [path for path in existing if path.stem.isdecimal() and int(path.stem) in seeds]
    some = [*_sample(own), *_sample(existing)]
    for path in dict.fromkeys(some):
        if not path.stem.isdecimal() or _chip_paths(folder, every, int(path.stem))[0] != path:
            raise _differs(path)
        seed = int(path.stem)
        picture = cv2.imread(str(path))
        if picture is None or not np.array_equal(
            picture[..., ::-1], render_chip(seed, config=config).image
        ):
            raise _differs(path)


def _sample(paths: list[Path]) -> list[Path]:
    """Return a few of the paths, evenly spread."""
    return paths[:: max(1, len(paths) // _COMPARED)][:_COMPARED]


def _differs(path: Path) -> InputError:
    return InputError(
        path,
        "it differs from what would be rendered now",
        "a folder holds chips of one configuration and one version of the renderer",
        "Name another folder, or empty this one.",
    )


def _write_seed(folder: Path, every: int, config: RenderConfig, seed: int) -> tuple[int, int]:
    chip_path, text_path = _chip_paths(folder, every, seed)
    if not (chip_path.exists() and text_path.exists()):
        chip = render_chip(seed, config=config)
        flags = [cv2.IMWRITE_PNG_COMPRESSION, 1]
        _, picture = cv2.imencode(".png", chip.image[..., ::-1], flags)
        write_atomically(chip_path, picture.tobytes())
        write_atomically(text_path, to_yolo_text(visible_labels(chip), CLASSES))
    classes = [line[0] for line in text_path.read_text(encoding="utf-8").splitlines() if line]
    return classes.count("0"), classes.count("1")
