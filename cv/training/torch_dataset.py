"""The chips of a dataset as batches for the network: one size, boxes, an order set by the seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from cv.errors import DatasetError
from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.labels.dataset_yaml import DatasetYaml, label_path
from cv.labels.label_files import read_label_texts
from cv.labels.outline_edits import rectangle_around
from cv.labels.yolo_obb import parse
from cv.training.config import TrainingConfig
from cv.training.geometric_jitter import Bytes, LabelledChip, jitter_chip
from cv.training.onnx_to_torch import image_batches


class ChipIndex(NamedTuple):
    """Selects a chip of an epoch; with the seed it decides the chip's augmentation."""

    epoch: int
    """From 0."""
    chip: int
    """Number of the chip in its dataset, from 0."""


class ChipDataset(Dataset[dict[str, Any]]):
    """The part "train" of a dataset; items are chips selected by a `ChipIndex`."""

    def __init__(self, manifest: DatasetYaml, config: TrainingConfig) -> None:
        self.names = manifest.names
        self.config = config
        self.paths = [path for split, path in manifest.images() if split == "train"]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: ChipIndex) -> dict[str, Any]:
        key = (self.config.seed, index.epoch, index.chip)
        chip = jitter_chip(self.chip(index.chip), self.config.jitter, key)
        boxes = _network_boxes(chip.corners, self.config.side)
        image = np.ascontiguousarray(chip.image.transpose(2, 0, 1))
        return {
            "img": torch.from_numpy(image),
            "cls": torch.from_numpy(chip.classes.astype(np.float32)).view(-1, 1),
            "bboxes": torch.from_numpy(boxes.astype(np.float32)),
        }

    def chip(self, index: int) -> LabelledChip:
        """Return chip `index` without jitter, at the network's size; raises DatasetError."""
        path = self.paths[index]
        image = _read_image(path)
        document = next(read_label_texts(label_path(path), ".txt"))
        shapes = parse(document, (image.shape[1], image.shape[0]), self.names)
        outlines = [rectangle_around(shape.outline) for shape in shapes]
        classes = np.array([self.names.index(shape.kind) for shape in shapes], dtype=np.int64)
        corners = np.array(outlines, dtype=np.float64).reshape(-1, 4, 2)
        return _letterbox(LabelledChip(image, classes, corners), self.config.side)

    def calibration_batches(self, count: int = 32) -> list[torch.Tensor]:
        """Return up to `count` chips, evenly spread, for `onnx_to_torch`, as `image_batches`."""
        chosen = np.unique(np.linspace(0, len(self) - 1, count).round().astype(int))
        return image_batches([self.chip(int(index)).image for index in chosen])


def _read_image(path: Path) -> Bytes:
    content = np.fromfile(path, dtype=np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        limit = "OpenCV reads the images of a run"
        raise DatasetError(path, "unreadable image", limit, "Save it as PNG.")
    return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)


def _letterbox(chip: LabelledChip, side: int) -> LabelledChip:
    """Scale an image so that its longer side is `side`, and centre it on a black square."""
    rows, columns = chip.image.shape[:2]
    if (rows, columns) == (side, side):
        return chip
    scale = side / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(chip.image, size, interpolation=interpolation)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    canvas = np.zeros((side, side, 3), np.uint8)
    canvas[top : top + size[1], left : left + size[0]] = resized
    moved = chip.corners * (size[0] / columns, size[1] / rows) + (left, top)
    return LabelledChip(canvas, chip.classes, moved)


def _network_boxes(corners: Float64Array, side: int) -> Float64Array:
    """Return (n, 5) cx, cy, w, h as shares of `side`, and the angle in ultralytics' range."""
    boxes = OrientedBoxes.from_corners(corners).values.copy()
    boxes[:, :4] /= side
    boxes[boxes[:, 4] >= 3 * math.pi / 4, 4] -= math.pi
    return boxes


def collate(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a batch: images (n, 3, s, s), and the class, box and image index of all boxes."""
    counts = torch.tensor([len(item["cls"]) for item in items])
    return {
        "img": torch.stack([item["img"] for item in items]),
        "cls": torch.cat([item["cls"] for item in items]),
        "bboxes": torch.cat([item["bboxes"] for item in items]),
        "batch_idx": torch.arange(len(items)).repeat_interleave(counts).float(),
    }


class SeededSampler(Sampler[ChipIndex]):
    """Yields every chip once, in an order that depends on the seed and the epoch alone."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed
        self.epoch = 0
        """Epoch of the next iteration; the trainer sets it."""

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[ChipIndex]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.count)
        return (ChipIndex(self.epoch, int(index)) for index in order)


def make_loader(
    chips: ChipDataset, batch: int, workers: int, pin: bool
) -> DataLoader[dict[str, Any]]:
    """Return the loader of an epoch's batches; the last batch may be smaller.

    Worker processes are spawned, not forked: a fork copies the locks of the threads of torch,
    OpenCV and CUDA in whatever state they are, which can hang or crash the worker.
    """
    return DataLoader(
        chips,
        batch_size=batch,
        sampler=SeededSampler(len(chips), chips.config.seed),
        num_workers=workers,
        collate_fn=collate,
        pin_memory=pin,
        persistent_workers=workers > 0,
        multiprocessing_context="spawn" if workers else None,
    )
