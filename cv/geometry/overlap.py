"""Intersections of oriented boxes: which pairs intersect, their common area, their IoU.

Two rectangles are disjoint if one of their four axes separates them (separating axis theorem).
Their common area follows by Green's theorem from the parts of each one's edges inside the other;
edges are clipped as by Liang and Barsky (1984) in the frame of one rectangle. Nothing is sorted, so
that many pairs are computed at once.
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
    i, j = _envelope_pairs(left, right)
    intersects = (_penetrations(left[i], right[j]) >= 0.0).all(axis=1)
    return _sorted_pairs(i[intersects], j[intersects])


def candidate_pairs(boxes: OrientedBoxes) -> tuple[Indices, Indices]:
    """Return rows (i, j), i < j, of all pairs of `boxes` whose envelopes intersect.

    Envelopes are axis-aligned, so these include all pairs that intersect. Sorted by i, then j.
    """
    i, j = _envelope_pairs(boxes, boxes)
    return _sorted_pairs(i[i < j], j[i < j])


def intersection_upper_bound(left: OrientedBoxes, right: OrientedBoxes) -> Float64Array:
    """Return upper bounds (n,) of the common area of row i of both; 0 for disjoint boxes.

    Much faster than `pairwise_intersections`.
    """
    depths = _penetrations(left, right).clip(0.0)
    sides = np.concatenate([left.values[:, 2:4], right.values[:, 2:4]], axis=1)
    reach = np.minimum(depths, sides)
    disjoint = (depths <= 0.0).any(axis=1)
    bound = np.minimum(reach[:, 0] * reach[:, 1], reach[:, 2] * reach[:, 3])
    return np.asarray(np.where(disjoint, 0.0, bound))


def intersection_lower_bound(left: OrientedBoxes, right: OrientedBoxes) -> Float64Array:
    """Return lower bounds (n,) of the common area of row i of both; exact for parallel boxes.

    That is the area that `left` shares with the largest box aligned with it that fits into
    `right`; 0 where none fits, as for boxes that lie across each other. Much faster than
    `pairwise_intersections`.
    """
    rotation = right.angles - left.angles
    along, across = np.abs(np.cos(rotation))[:, None], np.abs(np.sin(rotation))[:, None]
    own, others = left.values[:, 2:4] / 2, right.values[:, 2:4] / 2
    scaled = along * others - across * others[:, ::-1]
    inner = np.divide(scaled, along**2 - across**2, where=along > across, out=np.zeros_like(own))
    offset = np.abs(_in_frame(right.centers - left.centers, left))
    sides = np.minimum(own + inner - offset, 2.0 * np.minimum(own, inner)).clip(0.0)
    return np.asarray(sides.prod(axis=1))


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


def _envelope_pairs(left: OrientedBoxes, right: OrientedBoxes) -> tuple[Indices, Indices]:
    """Return rows of the pairs whose axis-aligned envelopes intersect."""
    around = _envelopes(right)
    i, j = shapely.STRtree(around).query(around if left is right else _envelopes(left))
    return i.astype(np.int64), j.astype(np.int64)


def _envelopes(boxes: OrientedBoxes) -> np.ndarray:
    """Return the axis-aligned envelopes (n,) of `boxes` as shapely polygons."""
    turned, reach = np.abs(boxes.axes), boxes.values[:, 2:4] / 2
    half = np.stack([(turned * reach).sum(axis=1), (turned[:, ::-1] * reach).sum(axis=1)], axis=1)
    low, high = boxes.centers - half, boxes.centers + half
    return np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))


def _penetrations(left: OrientedBoxes, right: OrientedBoxes) -> Float64Array:
    """Return how deep (n, 4) row i of both reach into each other; negative: disjoint.

    Measured along the two axes of `left`, then those of `right`.
    """
    offset = right.centers - left.centers
    rotation = right.angles - left.angles
    along, across = np.abs(np.cos(rotation))[:, None], np.abs(np.sin(rotation))[:, None]
    depths = []
    for one, other in ((left, right), (right, left)):
        own, others = one.values[:, 2:4] / 2, other.values[:, 2:4] / 2
        depths.append(
            own + along * others + across * others[:, ::-1] - np.abs(_in_frame(offset, one))
        )
    return np.concatenate(depths, axis=1)


def _in_frame(points: Float64Array, boxes: OrientedBoxes) -> Float64Array:
    """Return offsets `points` (n, ..., 2) along the long and short side of row i of `boxes`."""
    axes = boxes.axes.reshape(len(boxes), *[1] * (points.ndim - 2), 2)
    x, y = points[..., 0], points[..., 1]
    cos, sin = axes[..., 0], axes[..., 1]
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


def _sorted_pairs(i: Indices, j: Indices) -> tuple[Indices, Indices]:
    order = np.lexsort((j, i))
    return i[order], j[order]
