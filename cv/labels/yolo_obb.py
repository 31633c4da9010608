"""YOLO-OBB: dataset.yaml, and a text file for each image with corners as shares of its sides.

    class_index x1 y1 x2 y2 x3 y3 x4 y4

Source: docs.ultralytics.com/datasets/obb. x is divided by the width and y by the height of the
image; y down, (0, 0) the outer corner of the first pixel. The corners are in ring order, from any
corner and in either sense: ultralytics takes the smallest rectangle around them, Pierwatch writes
them as they are. Written with 9 decimals: accurate to 0.00001 px in an image of 20000 px.
Corners outside of the image are read and written as they are. The check of a dataset reports them,
because ultralytics drops an image with all its labels where the upright box around one has its
middle outside or is larger than the image (both by more than 1 %). The format has no "difficult"
objects: those are omitted when written. An image without objects has an empty label file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from cv.errors import DatasetError
from cv.io.terminal_text import quantity
from cv.labels.dataset_yaml import DatasetYaml, label_path, read_dataset_yaml
from cv.labels.image_files import read_size
from cv.labels.label_files import LabelText, read_label_texts
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, make_dataset
from cv.labels.text_labels import atomic_folder, parse_corners, require_lines, write_label_files

COLUMNS, DECIMALS = 9, 9


def read_yolo(file: Path) -> LabelledDataset:
    """Return the dataset of the dataset.yaml `file`; raises DatasetError on the first problem."""
    manifest = read_dataset_yaml(file)
    images = [_image(manifest, split, path) for split, path in manifest.images()]
    return make_dataset(images, file, manifest.names)


def _image(manifest: DatasetYaml, split: str, path: Path) -> LabelledImage:
    size, labels = read_size(path), label_path(path)
    if not labels.is_file():  # it may be empty or not labelled yet
        found, limit = f"no label file {labels.name}", "an image without objects has an empty one"
        raise DatasetError(path, found, limit, "Label it, add an empty file, or remove the image.")
    shapes = parse(next(read_label_texts(labels, ".txt")), size, manifest.names)
    return LabelledImage(manifest.name_of(path), size, shapes, manifest.gsd_m, split)


def parse(
    document: LabelText, size: tuple[int, int], names: tuple[str, ...]
) -> tuple[LabelledShape, ...]:
    """Return the objects of an image of `size` (w, h; pixels); raises DatasetError."""
    columns = "a line is a class index and four corners x, y as shares of the image"
    return require_lines(document, partial(parse_line, size=size, names=names), columns)


def parse_line(line: str, size: tuple[int, int], names: tuple[str, ...]) -> LabelledShape:
    """Return the object of one `line`; raises ValueError that describes the problem."""
    words = line.split()
    if len(words) != COLUMNS:
        raise ValueError(f"{quantity(len(words), 'column')} instead of {COLUMNS}")
    try:
        index = int(words[0])
    except ValueError as error:
        raise ValueError(f"the class index is {words[0][:20]!r}, not a whole number") from error
    if not 0 <= index < len(names):
        raise ValueError(f"class index {index}, but there are the classes 0 to {len(names) - 1}")
    return LabelledShape(names[index], parse_corners(words[1:]) * size)


def write_yolo(
    dataset: LabelledDataset, folder: Path, source: Callable[[LabelledImage], Path] | None = None
) -> None:
    """Create `folder` with dataset.yaml and labels/<split>/; raises DatasetError where it exists.

    `source` returns the file of an image, which is copied to images/<split>/; None copies none. An
    image without a split goes to "train". "difficult" shapes are omitted.
    """
    images = tuple(replace(image, split=image.split or "train") for image in dataset.images)
    dataset = replace(dataset, images=images)
    with atomic_folder(folder) as draft:
        to_text = partial(to_yolo_text, classes=dataset.classes)
        write_label_files(dataset, draft, lambda split: Path("labels", split), to_text)
        for split in ("train", "val"):
            (draft / "images" / split).mkdir(parents=True, exist_ok=True)
        if source is not None:
            for image in images:
                target = draft / "images" / image.split / PurePosixPath(image.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source(image), target)
        (draft / "dataset.yaml").write_text(_dataset_yaml(dataset), encoding="utf-8")


def to_yolo_text(image: LabelledImage, classes: tuple[str, ...]) -> str:
    """Return the label file of `image`; raises DatasetError on what the format cannot hold."""
    lines = []
    for shape in image.shapes:
        if shape.ignore:
            continue
        if image.size is None or len(shape.outline) != 4:
            found = f"size {image.size}, an outline of {len(shape.outline)} corners"
            limit = "YOLO-OBB has four corners as shares of the size"
            remedy = "Name the folder of the images, convert the outlines to rectangles."
            raise DatasetError(image.name, found, limit, remedy)
        shares = " ".join(f"{value:.{DECIMALS}f}" for value in (shape.outline / image.size).ravel())
        lines.append(f"{classes.index(shape.kind)} {shares}\n")
    return "".join(lines)


def _dataset_yaml(dataset: LabelledDataset) -> str:
    """Return dataset.yaml; names are quoted as in JSON, which YAML reads."""
    splits = sorted({"train", "val"} | {image.split for image in dataset.images})
    lines = [*(f"{split}: images/{split}" for split in splits), "names:"]
    names = (json.dumps(name, ensure_ascii=False) for name in dataset.classes)
    lines += [f"  {index}: {name}" for index, name in enumerate(names)]
    gsds = {image.gsd_m for image in dataset.images}
    if len(gsds) == 1 and (gsd := gsds.pop()) is not None:
        lines.append(f"gsd_m: {gsd}")
    return "\n".join(lines) + "\n"
