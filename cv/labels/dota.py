"""DOTA: a text file for each image, a line for each object, corners in pixels.

    imagesource:GoogleEarth
    gsd:0.3
    x1 y1 x2 y2 x3 y3 x4 y4 category difficult

Source: the DOTA annotation format (captain-whu.github.io/DOTA/dataset.html) and the reader of
DOTA_devkit. Pixels with y down; the corners run clockwise in the image, the first is the "top left"
one of the object. `difficult` is 0 or 1 (2 means "very" in some sets) and may be missing. The two
header lines may be missing too; `gsd` may be "None". Written with 4 decimals: accurate to
0.00005 px. A class name with spaces would be read as two columns and is refused when written.
Folders: `images/` and `labelTxt/`, possibly below `train/` and `val/`.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

from cv.errors import DatasetError
from cv.io.terminal_text import quantity
from cv.labels.image_files import find_images, read_size
from cv.labels.label_files import LabelText, read_label_texts
from cv.labels.labelled_image import (
    SPLITS,
    LabelledDataset,
    LabelledImage,
    LabelledShape,
    make_dataset,
)
from cv.labels.text_labels import atomic_folder, parse_corners, require_lines, write_label_files

LABEL_FOLDERS = ("labelTxt", "labelTxt-v1.0", "labelTxt-v1.5")
"""Names of the folder of label files."""
_COLUMNS = "the columns are x1 y1 x2 y2 x3 y3 x4 y4 category [difficult]"


def read_dota(path: Path) -> LabelledDataset:
    """Return the dataset in the folder `path`, or of one label file; raises DatasetError.

    An image that is not in `images/` has the name of its label file and no size.
    """
    if path.is_file():
        return make_dataset([parse(next(read_label_texts(path, ".txt")), path.stem)], path)
    images: list[LabelledImage] = []
    for split, labels, pictures in find_dataset_parts(path):
        files = find_images(pictures) if pictures.is_dir() else {}
        for document in read_label_texts(labels, ".txt"):
            stem = Path(document.name).relative_to(labels).with_suffix("").as_posix()
            image = replace(parse(document, stem), split=split)
            if stem in files:
                name = files[stem].relative_to(pictures).as_posix()
                image = replace(image, name=name, size=read_size(files[stem]))
            images.append(image)
    return make_dataset(images, path)


def find_dataset_parts(path: Path) -> list[tuple[str, Path, Path]]:
    """Return split, folder of labels and folder of images of each part of the dataset `path`."""
    found = [
        (split, path / split / name, path / split / "images")
        for split in ("", *SPLITS)
        for name in LABEL_FOLDERS
        if (path / split / name).is_dir()
    ]
    return found or [("", path, path)]


def parse(document: LabelText, name: str) -> LabelledImage:
    """Return the image `name` with its labels; raises DatasetError on the first invalid line."""
    shapes = require_lines(document, parse_line, _COLUMNS)
    return LabelledImage(name, None, shapes, _gsd_m(document.text))


def parse_line(line: str) -> LabelledShape | None:
    """Return the object of one `line`, None for a header; raises ValueError with the problem."""
    words = line.split()
    if words[0].lower().startswith(("imagesource", "gsd")):
        return None
    if len(words) not in (9, 10):
        raise ValueError(f"{quantity(len(words), 'column')} instead of 9 or 10")
    corners = parse_corners(words[:8])
    difficult = words[9] if len(words) == 10 else "0"
    if difficult not in ("0", "1", "2"):
        raise ValueError(f"difficult is {difficult[:20]!r}, not 0 or 1")
    if re.fullmatch(r"[-+.\d]+(e[-+]?\d+)?", words[8], re.IGNORECASE):
        raise ValueError(f"the category is the number {words[8][:20]}, as in a line of YOLO-OBB")
    return LabelledShape(words[8], corners, difficult != "0")


def write_dota(dataset: LabelledDataset, folder: Path) -> None:
    """Create `folder` with `labelTxt/` for each split; raises DatasetError where it exists."""
    with atomic_folder(folder) as draft:
        write_label_files(dataset, draft, lambda split: Path(split, "labelTxt"), to_dota_text)


def to_dota_text(image: LabelledImage) -> str:
    """Return the label file of `image`; raises DatasetError on what the format cannot hold."""
    lines = ["imagesource:unknown", f"gsd:{image.gsd_m}"]
    for shape in image.shapes:
        if len(shape.outline) != 4 or len(shape.kind.split()) != 1:
            found = f"a {shape.kind!r} with {len(shape.outline)} corners"
            limit = "DOTA has four corners and class names without spaces"
            raise DatasetError(image.name, found, limit, "Make rectangles, rename the class.")
        numbers = " ".join(f"{value:.4f}" for value in shape.outline.ravel())
        lines.append(f"{numbers} {shape.kind} {int(shape.ignore)}")
    return "\n".join(lines) + "\n"


def _gsd_m(text: str) -> float | None:
    """Return the metres per pixel of the last header line `gsd:`; None where it has no number."""
    headers = [line for line in text.splitlines() if line.strip().lower().startswith("gsd")]
    try:
        gsd = float(headers[-1].partition(":")[2])
    except (IndexError, ValueError):
        return None
    return gsd if 0 < gsd < math.inf else None
