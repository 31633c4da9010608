"""Check the outlines of one image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from cv.geometry.box_overlap import intersecting_pairs, pairwise_ious
from cv.labels.check_report import CheckFinding, error_finding
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.labels.outline_edits import boxes_around, signed_area

MIN_AREA = 0.01
"""Smallest area of the convex hull of an outline, square pixels."""
MAX_OUTSIDE = 0.01
"""Largest distance of the middle of a box from the image, as a share of the image's side; as in
ultralytics, which otherwise drops the image with all its labels. Corners may lie outside."""
DUPLICATE_IOU = 0.95
"""Two boxes of one class with a larger IoU are the same object."""


def check_shapes(image: LabelledImage, file: object) -> Iterator[CheckFinding]:
    """Yield an error for each invalid or repeated shape of `image`, whose label file is `file`."""
    valid = []
    for number, shape in enumerate(image.shapes, 1):
        problem = _problem(shape, image.size)
        if problem is None:
            valid.append((number, shape))
        else:
            yield _finding(file, shape, number, *problem)
    yield from _duplicates(valid, file)


def _finding(file: object, shape: LabelledShape, number: int, rule: str, text: str) -> CheckFinding:
    """Return an error about `shape`, named by its `number` where it has no line."""
    where = "" if shape.line else f"shape {number}, {shape.kind}: "
    return error_finding(rule, file, f"{where}{text}", shape.line)


def _problem(shape: LabelledShape, size: tuple[int, int] | None) -> tuple[str, str] | None:
    """Return the rule that `shape` breaks and a description, None if it is valid."""
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
    where = f"the image of {size[0]} x {size[1]} px"
    if not polygon.intersects(shapely.box(0, 0, *size)):
        return "outside", f"the box lies outside {where}"
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle, slack = (low + high) / 2, MAX_OUTSIDE * np.array(size)
    if (middle < -slack).any() or (middle > size + slack).any():
        out = float(np.max([-middle, middle - size]))
        return "outside", f"the middle of the box lies {out:.1f} px outside {where}"
    if (high - low > size + slack).any():
        return "outside", f"the box is larger than {where}"
    return None


def _duplicates(valid: Sequence[tuple[int, LabelledShape]], file: object) -> Iterator[CheckFinding]:
    boxes = boxes_around(shape for _, shape in valid)
    i, j = intersecting_pairs(boxes, boxes)
    near = np.hypot(*(boxes.centers[i] - boxes.centers[j]).T) < boxes.lengths[i] / 2
    i, j = i[near & (i < j)], j[near & (i < j)]
    reported: set[int] = set()
    for a, b, iou in zip(i, j, pairwise_ious(boxes[i], boxes[j]), strict=True):
        (first, one), (number, other) = valid[a], valid[b]
        if iou > DUPLICATE_IOU and one.kind == other.kind and number not in reported:
            reported.add(number)
            where = f"line {one.line}" if one.line else f"shape {first}"
            text = f"the same {one.kind} as {where} (IoU {iou:.2f})"
            yield _finding(file, other, number, "duplicate", text)
