"""YOLO-OBB: dataset.yaml, and a text file for each image with corners as shares of its sides.

    class_index x1 y1 x2 y2 x3 y3 x4 y4

Source: docs.ultralytics.com/datasets/obb. x is divided by the width and y by the height of the
image; y down, (0, 0) the outer corner of the first pixel. The corners follow the ring; the first
one and the sense do not matter to ultralytics, which takes the smallest rectangle around them;
Pierwatch writes them as they are. Written with 9 decimals: in an image of 20000 px they are kept
within 0.00001 px. Corners outside of the image are read and written as they are; `check` tells of
them, and ultralytics drops an image with all its labels where the upright box around one has its
middle outside or is larger than the image (both by more than 1 %). The format knows no "difficult"
object: those are left out when written. An empty label file, or none, is an image without objects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cv.errors import DatasetError
from cv.geometry.oriented_boxes import Floats
from cv.labels.dataset_yaml import DatasetYaml, label_path, read_dataset_yaml
from cv.labels.image_files import read_size
from cv.labels.label_documents import LabelDocument, read_documents
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, dataset_of
from cv.labels.output_folder import atomic_folder, copy_images, label_file_paths

COLUMNS = 9
DECIMALS = 9


class Row(NamedTuple):
    """A line of a label file."""

    kind: int
    """Index of its class, from 0."""
    shares: Floats
    """(4, 2) corners x, y as shares of the width and height of the image."""


def read(file: Path) -> LabelledDataset:
    """The dataset of the manifest `file`; raises DatasetError on the first thing that is wrong."""
    manifest = read_dataset_yaml(file)
    images = [_image(manifest, split, path) for split, path in manifest.images()]
    return dataset_of(images, file, manifest.names)


def _image(manifest: DatasetYaml, split: str, path: Path) -> LabelledImage:
    size, labels = read_size(path), label_path(path)
    if not labels.is_file():  # nobody said that there is nothing in it
        raise DatasetError(
            path,
            f"no label file {labels.name}",
            "an image without objects has an empty one",
            "Label it, add an empty file, or take the image out.",
        )
    shapes = parse(next(read_documents(labels, ".txt")), size, manifest.names)
    return LabelledImage(manifest.name_of(path), size, shapes, manifest.gsd_m, split)


def parse(
    document: LabelDocument, size: tuple[int, int], names: tuple[str, ...]
) -> tuple[LabelledShape, ...]:
    """The objects that `document` labels in an image of `size` (width, height; pixels).

    Raises DatasetError on the first bad line.
    """
    shapes = []
    for number, line in enumerate(document.text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = parse_line(line, len(names))
        except ValueError as error:
            raise DatasetError(
                f"{document.name}, line {number}",
                str(error),
                "a line is a class index and four corners x, y as shares of the image",
                "Correct the line.",
            ) from error
        shapes.append(LabelledShape(names[row.kind], row.shares * size, line=number))
    return tuple(shapes)


def parse_line(line: str, classes: int) -> Row:
    """The object of one `line`; raises ValueError, which says what is wrong with it."""
    words = line.split()
    if len(words) != COLUMNS:
        raise ValueError(f"{len(words)} columns instead of {COLUMNS}")
    try:
        index = int(words[0])
    except ValueError as error:
        raise ValueError(f"the class index is {words[0][:20]!r}, no whole number") from error
    if not 0 <= index < classes:
        raise ValueError(f"class index {index}, but there are the classes 0 to {classes - 1}")
    try:
        shares = np.array([float(word) for word in words[1:]]).reshape(4, 2)
    except ValueError as error:
        raise ValueError(f"a coordinate is no number: {' '.join(words[1:])[:80]}") from error
    if not np.isfinite(shares).all():
        raise ValueError("a coordinate is not finite")
    return Row(index, shares)


def write(
    dataset: LabelledDataset, folder: Path, source: Callable[[LabelledImage], Path] | None = None
) -> None:
    """Makes `folder` with dataset.yaml and labels/<split>/; raises DatasetError where it exists.

    `source` tells where the image lies that is to be copied to images/<split>/; None copies none.
    An image without a split counts as "train". "difficult" shapes are left out.
    """
    ready = replace(
        dataset,
        images=tuple(replace(image, split=image.split or "train") for image in dataset.images),
    )
    with atomic_folder(folder) as draft:
        for image, path in label_file_paths(ready, lambda split: Path("labels") / split, folder):
            target = draft / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text_of(image, dataset.classes), encoding="utf-8")
        for split in ("train", "val"):
            (draft / "images" / split).mkdir(parents=True, exist_ok=True)
        if source is not None:
            copy_images(ready, lambda split: draft / "images" / split, source)
        (draft / "dataset.yaml").write_text(_manifest(ready), encoding="utf-8")


def text_of(image: LabelledImage, classes: tuple[str, ...]) -> str:
    """The label file of `image`; raises DatasetError on what the format cannot say."""
    lines = []
    for shape in image.shapes:
        if shape.ignore:
            continue
        if image.size is None or len(shape.outline) != 4:
            found = "its size is not known" if image.size is None else "an outline without corners"
            raise DatasetError(
                image.name,
                found,
                "YOLO-OBB has four corners as shares of the image",
                "Name the folder of the images, square the outlines.",
            )
        shares = " ".join(f"{value:.{DECIMALS}f}" for value in (shape.outline / image.size).ravel())
        lines.append(f"{classes.index(shape.kind)} {shares}")
    return "".join(f"{line}\n" for line in lines)


def _manifest(dataset: LabelledDataset) -> str:
    """dataset.yaml; names are quoted as YAML takes them from JSON."""
    import json

    parts = sorted({"train", "val"} | {image.split for image in dataset.images})
    lines = [*(f"{split}: images/{split}" for split in parts), "names:"]
    lines += [
        f"  {index}: {json.dumps(name, ensure_ascii=False)}"
        for index, name in enumerate(dataset.classes)
    ]
    gsds = {image.gsd_m for image in dataset.images}
    if len(gsds) == 1 and (gsd := gsds.pop()) is not None:
        lines.append(f"gsd_m: {gsd}")
    return "\n".join(lines) + "\n"
