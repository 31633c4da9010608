"""Labelled images as values: outlines of objects in pixels, whatever the file they came from.

The plane is that of the image: x to the right, y down, (0, 0) at the outer corner of the first
pixel. An outline keeps the points of its file, in their order; nothing is squared, clipped or
turned unless a function of `cv.labels.outline_edits` is asked to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
from numpy.typing import ArrayLike

from cv.errors import DatasetError
from cv.geometry.oriented_boxes import Floats, OrientedBoxes

RECTANGLE_PX = 0.01
"""Four corners are a rectangle where each is at most so far from it, pixels."""
ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
"""What counts as an image."""
SPLITS = ("train", "val", "test")
"""The parts of a dataset that its images may belong to."""


@dataclass(frozen=True, eq=False)
class LabelledShape:
    """One labelled object."""

    kind: str
    """Name of its class, such as "container"."""
    outline: Floats
    """(k, 2) corners x, y in pixels, k >= 3, in ring order, the first not repeated."""
    ignore: bool = False
    """Whether it is to be left out of training and judging ("difficult", "iscrowd")."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Name and value of what else the file says of it."""
    line: int = 0
    """Line of its label file, from 1; 0 where the format has no lines."""


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One image and everything labelled in it, which may be nothing."""

    name: str
    """File name, with folders and "/" where the images of a dataset lie in several."""
    size: tuple[int, int] | None
    """Width, height in pixels; None where neither the labels nor the image at hand tell."""
    shapes: tuple[LabelledShape, ...]
    """Its objects, in the order of the file."""
    gsd_m: float | None = None
    """Metres a pixel, where declared."""
    split: str = ""
    """One of SPLITS, or "" where the format does not tell."""

    @property
    def stem(self) -> str:
        """`name` without the ending of an image: what its label file is called."""
        path = PurePosixPath(self.name)
        return str(path.with_suffix("")) if path.suffix.lower() in ENDINGS else self.name

    def boxes(self) -> OrientedBoxes:
        """The rectangles through the middles of the sides of its outlines, one per shape, pixels.

        Raises ValueError where an outline has not four corners.
        """
        if any(len(shape.outline) != 4 for shape in self.shapes):
            raise ValueError(f"{self.name}: an outline has not four corners")
        corners = [shape.outline for shape in self.shapes]
        return OrientedBoxes.from_corners(np.array(corners).reshape(-1, 4, 2))


@dataclass(frozen=True, eq=False)
class LabelledDataset:
    """Labelled images of one set of classes."""

    classes: tuple[str, ...]
    """Names; a class has the index of its name."""
    images: tuple[LabelledImage, ...]
    """In the order of the file or of their names."""
    skipped: tuple[str, ...] = ()
    """A line for everything in the file that is no outline of an object and was not taken."""

    def __len__(self) -> int:
        return sum(len(image.shapes) for image in self.images)

    def index(self, kind: str) -> int:
        """The index of class `kind`; raises ValueError for one that is not of the dataset."""
        return self.classes.index(kind)


def open_ring(points: ArrayLike) -> Floats:
    """`points` (k, 2) as an outline, a repeated first point dropped.

    Raises ValueError on another shape, fewer than three points or a value that is not finite.
    """
    outline = np.asarray(points, dtype=np.float64)
    if outline.ndim != 2 or outline.shape[1] != 2:
        raise ValueError("an outline is a list of points x, y")
    if len(outline) > 3 and np.array_equal(outline[0], outline[-1]):
        outline = outline[:-1]
    if len(outline) < 3:
        raise ValueError(f"an outline of {len(outline)} points")
    if not np.isfinite(outline).all():
        raise ValueError("a coordinate that is not finite")
    return outline


def is_rectangle(outline: Floats, tolerance: float = RECTANGLE_PX) -> bool:
    """Whether `outline` has four corners within `tolerance` pixels of a rectangle's."""
    if len(outline) != 4:
        return False
    middle = outline.mean(axis=0)
    if np.abs(outline[0] + outline[2] - 2 * middle).max() > tolerance:
        return False
    half = np.hypot(*(outline[:2] - middle).T)
    return bool(abs(half[0] - half[1]) <= tolerance)


def safe_name(name: str, subject: object) -> str:
    """`name` of an image as a label file gives it, with "/"; raises DatasetError if it leaves.

    It must name something in the folder of the images: no absolute path, no drive, no "..".
    """
    path = PurePosixPath(name.replace("\\", "/"))
    windows = PureWindowsPath(name)
    hidden = any(ord(letter) < 32 for letter in name)
    if path.is_absolute() or windows.drive or ".." in path.parts or hidden or not path.name:
        raise DatasetError(
            str(subject),
            f"it names the image {name[:200]!r}",
            "an image is named by a path inside the folder of images",
            "Correct the name in the label file.",
        )
    return str(path)


def base_name(name: str, subject: object) -> str:
    """The last part of the path or address `name`, for formats that give the annotator's own."""
    return safe_name(name.replace("\\", "/").rpartition("/")[2], subject)


def dataset_of(
    images: Iterable[LabelledImage],
    subject: object,
    classes: Iterable[str] = (),
    left_out: Iterable[str] = (),
) -> LabelledDataset:
    """The dataset of `images`; classes that are not in `classes` follow in order of their names.

    Raises DatasetError, which names `subject`, where two images of a split have one name.
    """
    images = tuple(images)
    seen: set[tuple[str, str]] = set()
    for image in images:
        if (image.split, image.name) in seen:
            raise DatasetError(
                str(subject),
                f"two images are named {image.name!r}",
                "each image has a name of its own",
                "Rename one of them, or read the files one by one.",
            )
        seen.add((image.split, image.name))
    known = list(dict.fromkeys(classes))
    found = {shape.kind for image in images for shape in image.shapes}
    return LabelledDataset((*known, *sorted(found - set(known))), images, tuple(left_out))
