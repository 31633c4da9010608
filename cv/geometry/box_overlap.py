"""Intersections of oriented boxes: which pairs intersect, their common area, their IoU.

The common area of two rectangles follows by Green's theorem from the parts of each one's edges
inside the other; edges are clipped as by Liang and Barsky (1984) in the frame of one rectangle.
Nothing is sorted, so that many pairs are computed at once.
"""

from __future__ import annotations

import numpy as np
import shapely

from cv.geometry.arrays import Float64Array, Indices
from cv.geometry.oriented_boxes import OrientedBoxes

_CHUNK = 50_000
"""Pairs computed at a time."""
_SHRINK = 1.0 - 1e-12
"""One box is shrunk by this factor, so that coincident edges do not count twice."""
_IOU_DECIMALS = 10
"""IoUs are rounded to this many decimals, which removes rounding errors."""
_MIN_DIVISOR = 1e-300


def intersecting_pairs(left: OrientedBoxes, right: OrientedBoxes) -> tuple[Indices, Indices]:
    """Return rows (i of `left`, j of `right`) of all pairs that intersect, sorted by i, then j."""
    return _sorted_pairs(shapely.STRtree(right.polygons()).query(left.polygons(), "intersects"))


def candidate_pairs(boxes: OrientedBoxes) -> tuple[Indices, Indices]:
    """Return rows (i, j), i < j, of all pairs of `boxes` whose envelopes intersect.

    Envelopes are axis-aligned, so these include all pairs that intersect. Sorted by i, then j.
    """
    polygons = boxes.polygons()
    pairs = shapely.STRtree(polygons).query(polygons)
    return _sorted_pairs(pairs[:, pairs[0] < pairs[1]])


def pairwise_intersections(left: OrientedBoxes, right: OrientedBoxes) -> Float64Array:
    """Return the common areas (n,) of row i of `left` and row i of `right`."""
    common = np.zeros(len(left))
    for first in range(0, len(left), _CHUNK):
        part = slice(first, first + _CHUNK)
        common[part] = _common_areas(left[part], right[part])
    return common


def pairwise_ious(left: OrientedBoxes, right: OrientedBoxes) -> Float64Array:
    """Return the IoUs (n,) of row i of `left` and row i of `right`; 0 for boxes without area."""
    common = pairwise_intersections(left, right)
    union = left.areas + right.areas - common
    ious: Float64Array = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return ious.round(_IOU_DECIMALS)


def _sorted_pairs(pairs: Indices) -> tuple[Indices, Indices]:
    """Return both rows of `pairs` (2, n), sorted by the first, then the second."""
    i, j = pairs[:, np.lexsort(pairs[::-1])].astype(np.int64)
    return i, j


def _in_frame(points: Float64Array, boxes: OrientedBoxes) -> Float64Array:
    """Return offsets `points` (n, k, 2) along the long and short side of row i of `boxes`."""
    x, y = points[..., 0], points[..., 1]
    cos, sin = boxes.axes.T[..., None]
    return np.stack([x * cos + y * sin, y * cos - x * sin], axis=-1)


def _common_areas(left: OrientedBoxes, right: OrientedBoxes) -> Float64Array:
    """Return the common areas (n,), computed in the frame of `right`."""
    smaller = OrientedBoxes(right.values * np.array([1.0, 1.0, _SHRINK, _SHRINK, 1.0]))
    offset = (left.centers - right.centers)[:, None, :]
    start = _in_frame(_centered_corners(left) + offset, right)
    edge = np.roll(start, -1, axis=1) - start
    inside = _edge_shares_inside(start, edge, smaller)
    crossed = start[..., 0] * edge[..., 1] - start[..., 1] * edge[..., 0]
    others = _in_frame(_centered_corners(smaller) - offset, left)
    along = _edge_shares_inside(others, np.roll(others, -1, axis=1) - others, left)
    quarter = smaller.areas / 4
    area = 0.5 * (inside * crossed).sum(axis=1) + quarter * along.sum(axis=1)
    return np.asarray(area.clip(0.0, np.minimum(left.areas, right.areas)))


def _centered_corners(boxes: OrientedBoxes) -> Float64Array:
    """Return the corners (n, 4, 2) relative to each box's centre, which keeps precision."""
    return OrientedBoxes(boxes.values * np.array([0.0, 0.0, 1.0, 1.0, 1.0])).corners()


def _edge_shares_inside(
    start: Float64Array, edge: Float64Array, boxes: OrientedBoxes
) -> Float64Array:
    """Return the share (n, 4) of each edge that lies inside row i of `boxes`.

    Edges run from `start` along `edge`, both (n, 4, 2) in the frame of that box.
    """
    half = boxes.values[:, None, 2:4] / 2
    edge = np.where(np.abs(edge) < _MIN_DIVISOR, _MIN_DIVISOR, edge)
    one, other = (-half - start) / edge, (half - start) / edge
    enters = np.minimum(one, other).max(axis=2).clip(min=0.0)
    leaves = np.maximum(one, other).min(axis=2).clip(max=1.0)
    return np.asarray((leaves - enters).clip(min=0.0))
