"""DOTA: a text file for each image, a line for each object, corners in pixels.

    imagesource:GoogleEarth
    gsd:0.3
    x1 y1 x2 y2 x3 y3 x4 y4 category difficult

Source: the DOTA annotation format (captain-whu.github.io/DOTA/dataset.html) and the reader of
DOTA_devkit. Pixels with y down; the corners run clockwise as seen in the image, the first is the
"top left" one of the object. `difficult` is 0 or 1 (2 means "very" in some sets) and may be
missing. The two header lines may be missing too; `gsd` may be "None". Written with 4 decimals:
corners are kept within 0.00005 px. A class name with spaces cannot be told from the columns and is
refused when written. Folders: `images/` and `labelTxt/`, possibly below `train/` and `val/`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from cv.errors import DatasetError
from cv.geometry.oriented_boxes import Floats
from cv.labels.image_files import find_images, read_size
from cv.labels.label_documents import LabelDocument, read_documents
from cv.labels.labelled_image import (
    SPLITS,
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    dataset_of,
)
from cv.labels.output_folder import atomic_folder, label_file_paths

LABELS = ("labelTxt", "labelTxt-v1.0", "labelTxt-v1.5")
"""Names of the folder of label files."""
_COLUMNS = "x1 y1 x2 y2 x3 y3 x4 y4 category [difficult]"


def read(path: Path) -> LabelledDataset:
    """The dataset in folder `path`, or the one label file `path`.

    Sizes are those of the images in `images/`, None where they are not there; an image that is not
    there is named as its label file, without an ending. Raises DatasetError.
    """
    if path.is_file():
        image = parse(next(read_documents(path, ".txt")), path.stem)
        return dataset_of([image], path)
    images: list[LabelledImage] = []
    for split, labels, pictures in parts_of(path):
        at_hand = find_images(pictures) if pictures.is_dir() else {}
        for document in read_documents(labels, ".txt"):
            stem = Path(document.name).relative_to(labels).with_suffix("").as_posix()
            image = replace(parse(document, stem), split=split)
            if stem in at_hand:
                name = at_hand[stem].relative_to(pictures).as_posix()
                image = replace(image, name=name, size=read_size(at_hand[stem]))
            images.append(image)
    return dataset_of(images, path)


def parts_of(path: Path) -> list[tuple[str, Path, Path]]:
    """Split, folder of labels and folder of images of each part of the dataset in `path`."""
    found = [
        (split, folder / name, folder / "images")
        for split, folder in (("", path), *((split, path / split) for split in SPLITS))
        for name in LABELS
        if (folder / name).is_dir()
    ]
    return found or [("", path, path)]


def parse(document: LabelDocument, name: str) -> LabelledImage:
    """The image called `name` that `document` labels; raises DatasetError on the first bad line."""
    shapes: list[LabelledShape] = []
    gsd = None
    for number, line in enumerate(document.text.splitlines(), 1):
        words = line.split()
        if not words or words[0].lower().startswith("imagesource"):
            continue
        if words[0].lower().startswith("gsd"):
            gsd = _gsd(line)
            continue
        try:
            shapes.append(replace(parse_line(line), line=number))
        except ValueError as error:
            raise DatasetError(
                f"{document.name}, line {number}",
                str(error),
                f"the columns are {_COLUMNS}",
                "Correct the line.",
            ) from error
    return LabelledImage(name, None, tuple(shapes), gsd)


def parse_line(line: str) -> LabelledShape:
    """The object of one `line`; raises ValueError, which says what is wrong with it."""
    words = line.split()
    if len(words) not in (9, 10):
        raise ValueError(f"{len(words)} columns instead of 9 or 10")
    corners = _corners(words[:8])
    difficult = words[9] if len(words) == 10 else "0"
    if difficult not in ("0", "1", "2"):
        raise ValueError(f"difficult is {difficult[:20]!r}, not 0 or 1")
    if re.fullmatch(r"[-+.\d]+(e[-+]?\d+)?", words[8], re.IGNORECASE):
        raise ValueError(f"the category is the number {words[8][:20]}, as in a line of YOLO-OBB")
    return LabelledShape(words[8], corners, difficult != "0")


def write(dataset: LabelledDataset, folder: Path) -> None:
    """Makes `folder` with `labelTxt/` for each split; raises DatasetError where it exists."""
    with atomic_folder(folder) as draft:
        for image, path in label_file_paths(
            dataset, lambda split: Path(split) / "labelTxt", folder
        ):
            target = draft / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text_of(image), encoding="utf-8")


def text_of(image: LabelledImage) -> str:
    """The label file of `image`; raises DatasetError on what the format cannot say."""
    lines = ["imagesource:unknown", f"gsd:{image.gsd_m}"]
    for shape in image.shapes:
        if len(shape.outline) != 4 or len(shape.kind.split()) != 1:
            raise DatasetError(
                image.name,
                f"a {shape.kind!r} with {len(shape.outline)} corners",
                "DOTA has four corners and class names without spaces",
                "Square the outlines, rename the class.",
            )
        numbers = " ".join(f"{value:.4f}" for value in shape.outline.ravel())
        lines.append(f"{numbers} {shape.kind} {int(shape.ignore)}")
    return "\n".join(lines) + "\n"


def _corners(words: list[str]) -> Floats:
    try:
        corners = np.array([float(word) for word in words]).reshape(4, 2)
    except ValueError as error:
        raise ValueError(f"a coordinate is no number: {' '.join(words)[:80]}") from error
    if not np.isfinite(corners).all():
        raise ValueError("a coordinate is not finite")
    return corners


def _gsd(line: str) -> float | None:
    try:
        value = float(line.partition(":")[2])
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0 else None
