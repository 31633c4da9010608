"""What may be done to outlines, each only when asked by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import shapely

from cv.geometry.oriented_boxes import Floats
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, is_rectangle


@dataclass(frozen=True, eq=False)
class OutlineEdits:
    """A dataset some of whose shapes were changed or dropped."""

    dataset: LabelledDataset
    """With the shapes as they are now."""
    changed: int
    """Shapes that have another outline than before."""
    dropped: int = 0
    """Shapes of which nothing was left."""
    furthest_px: float = 0.0
    """How far a corner lies from where it was at most (Hausdorff distance), pixels."""


def smallest_rectangle(outline: Floats) -> Floats:
    """(4, 2) corners of the rectangle of least area around `outline` (k, 2), clockwise with y down.

    Degenerate outlines (points, lines) give degenerate rectangles. It lies along an edge of the
    convex hull (Freeman and Shapira 1975), so all of these are tried.
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
    corners: Floats = turned @ np.array([along[best], across[best]])
    return corners


def visible_part(corners: Floats, size: tuple[int, int]) -> Floats | None:
    """(4, 2) the rectangle, turned as the object, around what an image of `size` shows of it.

    `corners` (4, 2) are those of a rectangle; None where the image shows nothing. Where the image
    cuts a turned rectangle, corners of the result may still lie outside.
    """
    part = shapely.Polygon(corners).intersection(shapely.box(0, 0, *size))
    if part.area <= 0:
        return None
    seen = shapely.get_coordinates(part)
    axes = np.array([corners[1] - corners[0], corners[3] - corners[0]])
    shares = (seen - corners[0]) @ axes.T / (axes**2).sum(axis=1)
    low, high = np.clip(shares.min(axis=0), 0, 1), np.clip(shares.max(axis=0), 0, 1)
    ring = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    visible: Floats = corners[0] + ring @ axes
    return visible


def signed_area(outline: Floats) -> float:
    """Area of `outline` (k, 2) in squared pixels, positive where it runs clockwise with y down."""
    x, y = (outline - outline.mean(axis=0)).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def to_rectangles(dataset: LabelledDataset) -> OutlineEdits:
    """`dataset` with the smallest rectangle around each outline that is not a rectangle."""

    def squared(shape: LabelledShape, image: LabelledImage) -> LabelledShape:
        if is_rectangle(shape.outline):
            return shape
        return replace(shape, outline=smallest_rectangle(shape.outline))

    return _mapped(dataset, squared)


def clip_to_images(dataset: LabelledDataset) -> OutlineEdits:
    """`dataset` with the smallest rectangle around the part of each outline inside its image.

    Such a rectangle may still reach out a little where the image cuts a turned box, so its corners
    are moved onto the edge. Shapes outside are dropped; images of unknown size stay as they are.
    """

    def cut(shape: LabelledShape, image: LabelledImage) -> LabelledShape | None:
        if image.size is None or _inside(shape.outline, image.size):
            return shape
        part = shapely.make_valid(shapely.Polygon(shape.outline)).intersection(
            shapely.box(0, 0, *image.size)
        )
        if part.area <= 0:
            return None
        corners = smallest_rectangle(shapely.get_coordinates(part.convex_hull))
        return replace(shape, outline=np.clip(corners, 0.0, image.size))

    return _mapped(dataset, cut)


def with_split(dataset: LabelledDataset, every: int) -> LabelledDataset:
    """`dataset` whose images without a split are in "train", each `every`-th of them in "val"."""
    unsplit = [image.name for image in dataset.images if not image.split]
    val = set(sorted(unsplit)[every - 1 :: every])
    images = (
        image if image.split else replace(image, split="val" if image.name in val else "train")
        for image in dataset.images
    )
    return replace(dataset, images=tuple(images))


def _inside(outline: Floats, size: tuple[int, int]) -> bool:
    return bool((outline >= 0).all() and (outline <= size).all())


def _mapped(
    dataset: LabelledDataset, change: Callable[[LabelledShape, LabelledImage], LabelledShape | None]
) -> OutlineEdits:
    images: list[LabelledImage] = []
    moves: list[float] = []
    dropped = 0
    for image in dataset.images:
        now = [change(shape, image) for shape in image.shapes]
        kept = tuple(shape for shape in now if shape is not None)
        dropped += len(now) - len(kept)
        moves += [
            shapely.hausdorff_distance(shapely.Polygon(new.outline), shapely.Polygon(old.outline))
            for new, old in zip(now, image.shapes, strict=True)
            if new is not None and new is not old
        ]
        images.append(replace(image, shapes=kept))
    now_all = replace(dataset, images=tuple(images))
    return OutlineEdits(now_all, len(moves), dropped, float(max(moves, default=0.0)))
