"""Labelled images: outlines of objects in pixels, independent of the file format.

Pixel coordinates: x to the right, y down, (0, 0) the outer corner of the first pixel. An outline
keeps the points of its file in their order; only `cv.labels.outline_edits` changes outlines.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
from numpy.typing import ArrayLike

from cv.errors import DatasetError
from cv.geometry.arrays import Float64Array
from cv.io.terminal_text import quantity

RECTANGLE_PX = 0.01
"""Largest distance of four corners from those of a rectangle that they count as, pixels."""
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
"""Endings of image files, lower case."""
SPLITS = ("train", "val", "test")
"""Parts of a dataset that an image may belong to."""


@dataclass(frozen=True, eq=False)
class LabelledShape:
    """One labelled object."""

    kind: str
    """Name of its class, such as "container"."""
    outline: Float64Array
    """(k, 2) corners x, y in pixels, k >= 3, in ring order, the first not repeated."""
    ignore: bool = False
    """Whether training and evaluation leave it out ("difficult", "iscrowd")."""
    line: int = 0
    """Line of its label file, from 1; 0 where the format has no lines."""


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One image and the objects labelled in it, which may be none."""

    name: str
    """File name, with folders and "/" where the images of a dataset lie in several."""
    size: tuple[int, int] | None
    """Width, height in pixels; None where neither the labels nor an image give it."""
    shapes: tuple[LabelledShape, ...]
    """Its objects, in the order of the file."""
    gsd_m: float | None = None
    """Metres per pixel, where declared."""
    split: str = ""
    """One of SPLITS, or "" where the format has none."""

    @property
    def stem(self) -> str:
        """`name` without the ending of an image: the name of its label file."""
        path = PurePosixPath(self.name)
        return str(path.with_suffix("")) if path.suffix.lower() in IMAGE_ENDINGS else self.name


@dataclass(frozen=True, eq=False)
class LabelledDataset:
    """Labelled images with one list of classes."""

    classes: tuple[str, ...]
    """Names in order of the class index; empty where the format has no list of classes."""
    images: tuple[LabelledImage, ...]
    """In the order of the file or of their names."""
    skipped: tuple[str, ...] = ()
    """What each skipped entry of the file is, such as "shapes of type 'line'"."""

    def __len__(self) -> int:
        """Return the number of labelled objects."""
        return sum(len(image.shapes) for image in self.images)


def open_ring(points: ArrayLike) -> Float64Array:
    """Return `points` (k, 2) as an outline, a repeated first point dropped; raises ValueError."""
    outline = np.asarray(points, dtype=np.float64)
    if outline.ndim != 2 or outline.shape[1] != 2:
        raise ValueError("an outline is a list of points x, y")
    if len(outline) > 3 and np.array_equal(outline[0], outline[-1]):
        outline = outline[:-1]
    if len(outline) < 3:
        raise ValueError(f"an outline of {quantity(len(outline), 'point')}")
    if not np.isfinite(outline).all():
        raise ValueError("a coordinate that is not finite")
    return outline


def is_rectangle(outline: Float64Array, tolerance: float = RECTANGLE_PX) -> bool:
    """Return whether `outline` has four corners within `tolerance` pixels of a rectangle's."""
    if len(outline) != 4:
        return False
    middle = outline.mean(axis=0)
    half = np.hypot(*(outline[:2] - middle).T)
    skew = np.abs(outline[0] + outline[2] - 2 * middle).max()
    return bool(skew <= tolerance and abs(half[0] - half[1]) <= tolerance)


def rotated_box(
    pivot: ArrayLike, width: float, height: float, degrees: float, anchor: float = 0.5
) -> Float64Array:
    """Return (4, 2) corners of a box rotated clockwise by `degrees` about `pivot` (x, y; pixels).

    From the corner that is top left before the rotation, clockwise. `anchor` is where in the box
    the pivot is: 0 its top left corner, 0.5 its centre.
    """
    turn = math.radians(degrees)
    top = np.array([math.cos(turn), math.sin(turn)]) * width
    left = np.array([-math.sin(turn), math.cos(turn)]) * height
    shares = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - anchor
    corners: Float64Array = np.asarray(pivot) + shares[:, :1] * top + shares[:, 1:] * left
    return corners


def safe_name(name: str, subject: object) -> str:
    """Return the path `name`, with "/"; DatasetError where it is absolute or leads upwards."""
    path = PurePosixPath(name.replace("\\", "/"))
    windows = PureWindowsPath(name)
    control = any(ord(letter) < 32 for letter in name)
    if path.is_absolute() or windows.drive or ".." in path.parts or control or not path.name:
        limit = "a path inside its folder is needed"
        raise DatasetError(str(subject), f"it names {name[:200]!r}", limit, "Correct it.")
    return str(path)


def base_name(name: str, subject: object) -> str:
    """Return the last part of a path or URL of the annotator's computer, as `safe_name`."""
    return safe_name(name.replace("\\", "/").rpartition("/")[2], subject)


def make_dataset(
    images: Iterable[LabelledImage],
    subject: object,
    classes: Iterable[str] = (),
    skipped: Iterable[str] = (),
) -> LabelledDataset:
    """Return the dataset of `images`; classes that are not in `classes` follow in sorted order.

    Raises DatasetError, which names `subject`, where two images of a split have the same name.
    """
    images = tuple(images)
    for (_, name), count in Counter((image.split, image.name) for image in images).items():
        if count > 1:
            found, limit = f"two images are named {name!r}", "image names must be unique"
            raise DatasetError(str(subject), found, limit, "Rename one, or read single files.")
    known = list(dict.fromkeys(classes))
    used = {shape.kind for image in images for shape in image.shapes}
    return LabelledDataset((*known, *sorted(used - set(known))), images, tuple(skipped))
