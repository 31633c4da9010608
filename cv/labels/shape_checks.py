"""What can be wrong with the outlines of one image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from cv.geometry.oriented_boxes import OrientedBoxes
from cv.geometry.overlap import intersecting_pairs, pairwise_ious
from cv.labels.check_report import CheckFinding, error_finding
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.labels.outline_edits import signed_area, smallest_rectangle

MIN_AREA = 0.01
"""An outline with less around it has no area, squared pixels."""
MAX_OUTSIDE = 0.01
"""Share of the image's side by which the middle of a box may lie outside, as in ultralytics, which
would leave the image out with all its labels. Corners may: an image cuts through objects."""
DUPLICATE_IOU = 0.95
"""Two boxes of one class that overlap more are the same one."""


def check_shapes(image: LabelledImage, file: object) -> Iterator[CheckFinding]:
    """An error for each shape of `image` that is wrong, at most one a shape, then the duplicates.

    `file` is the label file they stand in.
    """
    sound = []
    for number, shape in enumerate(image.shapes, 1):
        fault = _fault(shape, image.size)
        if fault is None:
            sound.append((number, shape))
            continue
        rule, text = fault
        yield error_finding(rule, file, _said(shape, number, text), shape.line)
    yield from _duplicates(sound, file)


def _said(shape: LabelledShape, number: int, text: str) -> str:
    return text if shape.line else f"shape {number}, {shape.kind}: {text}"


def _fault(shape: LabelledShape, size: tuple[int, int] | None) -> tuple[str, str] | None:
    """Rule and words of what is wrong with `shape`, None where nothing is."""
    outline = shape.outline
    polygon = shapely.Polygon(outline)
    if shapely.area(shapely.convex_hull(polygon)) < MIN_AREA:
        return "area", "a box without area"
    if not shapely.is_valid(polygon):
        return "order", "corners in the wrong order: the outline crosses itself"
    if signed_area(outline) < 0:
        return "order", "corners in the wrong order: they run counter-clockwise in the image"
    if size is None:
        return None
    if not polygon.intersects(shapely.box(0, 0, *size)):
        return "outside", f"the box lies outside the image of {size[0]} x {size[1]} px"
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle, slack = (low + high) / 2, MAX_OUTSIDE * np.array(size)
    where = f"the image of {size[0]} x {size[1]} px"
    if (middle < -slack).any() or (middle > size + slack).any():
        out = float(np.max([-middle, middle - size]))
        return "outside", f"the middle of the box lies {out:.1f} px outside {where}"
    if (high - low > size + slack).any():
        return "outside", f"the box is larger than {where}"
    return None


def _duplicates(sound: Sequence[tuple[int, LabelledShape]], file: object) -> Iterator[CheckFinding]:
    corners = [
        s.outline if len(s.outline) == 4 else smallest_rectangle(s.outline) for _, s in sound
    ]
    boxes = OrientedBoxes.from_corners(np.array(corners).reshape(-1, 4, 2))
    i, j = intersecting_pairs(boxes, boxes)
    near = np.hypot(*(boxes.centers[i] - boxes.centers[j]).T) < boxes.lengths[i] / 2
    chosen = near & (i < j)
    i, j = i[chosen], j[chosen]
    again: set[int] = set()
    for a, b, iou in zip(i, j, pairwise_ious(boxes[i], boxes[j]), strict=True):
        (first, one), (number, other) = sound[a], sound[b]
        if iou > DUPLICATE_IOU and one.kind == other.kind and number not in again:
            again.add(number)
            where = f"line {one.line}" if one.line else f"shape {first}"
            text = f"the same {one.kind} as {where} (IoU {iou:.2f})"
            yield error_finding("duplicate", file, _said(other, number, text), other.line)
