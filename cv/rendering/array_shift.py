"""Two fields, one moved over the other by whole pixels."""

from __future__ import annotations

from cv.rendering.canvas import Floats


def shifted_overlap(source: Floats, target: Floats, right: int, down: int) -> tuple[Floats, Floats]:
    """The parts that lie on each other when pixel (right, down) of source comes to 0, 0 of target.

    Views of both (rows, columns), of one shape; empty where nothing lies on anything.
    """
    rows, columns = target.shape
    if abs(right) >= columns or abs(down) >= rows:
        return source[:0, :0], target[:0, :0]
    source = source[max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)]
    target = target[max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)]
    return source, target
