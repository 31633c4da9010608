"""Edits of labelled datasets, which readers and writers never make on their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from cv.errors import DatasetError
from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, is_rectangle


@dataclass(frozen=True, eq=False)
class OutlineEdits:
    """A dataset after an edit, with the numbers of changed and dropped shapes."""

    dataset: LabelledDataset
    """The dataset with the edited shapes."""
    changed: int
    """Number of shapes with another outline than before."""
    dropped: int = 0
    """Number of shapes that were removed."""
    furthest_px: float = 0.0
    """Largest distance between an old and a new outline (Hausdorff distance), pixels."""


def smallest_rectangle(outline: Float64Array) -> Float64Array:
    """Return (4, 2) corners of the smallest rectangle around `outline` (k, 2), clockwise, y down.

    The rectangle of minimum area has a side on an edge of the convex hull (Freeman and Shapira
    1975), so all of these are tried. Points and lines give degenerate rectangles.
    """
    hull = shapely.get_coordinates(shapely.MultiPoint(outline).convex_hull)
    edges = np.diff(hull, axis=0)
    lengths = np.hypot(*edges.T)
    along = edges[lengths > 0] / lengths[lengths > 0, None]
    if not len(along):
        along = np.array([[1.0, 0.0]])
    across = np.column_stack([-along[:, 1], along[:, 0]])
    u, v = outline @ along.T, outline @ across.T
    best = int(np.argmin(np.ptp(u, axis=0) * np.ptp(v, axis=0)))
    (left, right), (top, bottom) = ((x[:, best].min(), x[:, best].max()) for x in (u, v))
    turned = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return np.asarray(turned @ np.array([along[best], across[best]]))


def rectangle_around(outline: Float64Array) -> Float64Array:
    """Return `outline` itself if it is a rectangle, else the smallest rectangle around it."""
    return outline if is_rectangle(outline) else smallest_rectangle(outline)


def boxes_around(shapes: Iterable[LabelledShape]) -> OrientedBoxes:
    """Return the box of each of `shapes`, pixels; the smallest where it has no four corners."""
    outlines = [shape.outline for shape in shapes]
    corners = [ring if len(ring) == 4 else smallest_rectangle(ring) for ring in outlines]
    return OrientedBoxes.from_corners(np.array(corners).reshape(-1, 4, 2))


def visible_part(corners: Float64Array, size: tuple[int, int]) -> Float64Array | None:
    """Return the rectangle, rotated like the object, around its part inside an image of `size`.

    `corners` (4, 2) are those of a rectangle, and so are the returned ones; None where no part is
    inside. Where the edge of the image cuts a rotated rectangle, corners may still lie outside.
    """
    part = shapely.Polygon(corners).intersection(shapely.box(0, 0, *size))
    if part.area <= 0:
        return None
    inside = shapely.get_coordinates(part)
    axes = np.array([corners[1] - corners[0], corners[3] - corners[0]])
    shares = (inside - corners[0]) @ axes.T / (axes**2).sum(axis=1)
    low, high = np.clip(shares.min(axis=0), 0, 1), np.clip(shares.max(axis=0), 0, 1)
    ring = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    return np.asarray(corners[0] + ring @ axes)


def signed_area(outline: Float64Array) -> float:
    """Return the area of `outline` (k, 2) in square pixels, positive if clockwise with y down."""
    x, y = (outline - outline.mean(axis=0)).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def to_rectangles(dataset: LabelledDataset) -> OutlineEdits:
    """Return `dataset` with the smallest rectangle around each outline that is not a rectangle."""

    def rectangle(shape: LabelledShape, image: LabelledImage) -> LabelledShape:
        corners = rectangle_around(shape.outline)
        return shape if corners is shape.outline else replace(shape, outline=corners)

    return _edited(dataset, rectangle)


def clip_to_images(dataset: LabelledDataset) -> OutlineEdits:
    """Return `dataset` with the smallest rectangle around each outline's part inside its image.

    Where the image cuts a rotated box, corners of that rectangle may lie outside and are moved onto
    the edge. Shapes outside are dropped; images of unknown size are not changed.
    """

    def clipped(shape: LabelledShape, image: LabelledImage) -> LabelledShape | None:
        if image.size is None or ((shape.outline >= 0) & (shape.outline <= image.size)).all():
            return shape
        whole = shapely.make_valid(shapely.Polygon(shape.outline))
        part = whole.intersection(shapely.box(0, 0, *image.size))
        if part.area <= 0:
            return None
        corners = smallest_rectangle(shapely.get_coordinates(part.convex_hull))
        return replace(shape, outline=np.clip(corners, 0.0, image.size))

    return _edited(dataset, clipped)


def with_classes(dataset: LabelledDataset, classes: Sequence[str]) -> LabelledDataset:
    """Return `dataset` with `classes` in this order, which its objects match in any case.

    A class may have no objects. Raises DatasetError where an object has another class, or where one
    class is named twice.
    """
    names = {name.casefold(): name for name in classes}
    if len(names) < len(classes) or not all(names):
        limit = "each class has a name of its own"
        raise DatasetError("classes", ",".join(classes), limit, "Name each once.")
    kinds = {shape.kind for image in dataset.images for shape in image.shapes}
    others = sorted(kind for kind in kinds if kind.casefold() not in names)
    if others:
        found = f"objects are of class {', '.join(others)}"
        limit = f"the wanted classes are {', '.join(classes)}"
        raise DatasetError("classes", found, limit, "Name their classes too, or label them again.")

    def renamed(image: LabelledImage) -> LabelledImage:
        shapes = (replace(s, kind=names[s.kind.casefold()]) for s in image.shapes)
        return replace(image, shapes=tuple(shapes))

    return replace(dataset, classes=tuple(classes), images=tuple(map(renamed, dataset.images)))


def with_split(dataset: LabelledDataset, every: int) -> LabelledDataset:
    """Return `dataset` with images without a split in "train", each `every`-th of them in "val"."""
    unsplit = [image.name for image in dataset.images if not image.split]
    val = set(sorted(unsplit)[every - 1 :: every])
    images = (
        image if image.split else replace(image, split="val" if image.name in val else "train")
        for image in dataset.images
    )
    return replace(dataset, images=tuple(images))


def _edited(
    dataset: LabelledDataset, edit: Callable[[LabelledShape, LabelledImage], LabelledShape | None]
) -> OutlineEdits:
    """Apply `edit` to each shape; None drops it."""
    images: list[LabelledImage] = []
    moves: list[float] = []
    dropped = 0
    for image in dataset.images:
        edited = [edit(shape, image) for shape in image.shapes]
        kept = tuple(shape for shape in edited if shape is not None)
        dropped += len(edited) - len(kept)
        moves += [
            shapely.hausdorff_distance(shapely.Polygon(new.outline), shapely.Polygon(old.outline))
            for new, old in zip(edited, image.shapes, strict=True)
            if new is not None and new is not old
        ]
        images.append(replace(image, shapes=kept))
    result = replace(dataset, images=tuple(images))
    return OutlineEdits(result, len(moves), dropped, float(max(moves, default=0.0)))
