"""Overlay two arrays that are shifted against each other by whole pixels."""

from __future__ import annotations

from cv.geometry.arrays import Float32Array


def shifted_overlap(
    source: Float32Array, target: Float32Array, right: int, down: int
) -> tuple[Float32Array, Float32Array]:
    """Return the overlap when pixel (right, down) of `source` is laid on (0, 0) of `target`.

    Both are views of equal shape (rows, columns), empty where nothing overlaps.
    """
    rows, columns = target.shape
    if abs(right) >= columns or abs(down) >= rows:
        return source[:0, :0], target[:0, :0]
    source = source[max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)]
    target = target[max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)]
    return source, target
