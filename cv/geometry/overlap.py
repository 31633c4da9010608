"""What boxes share: which of them meet, and how large a part they have in common.

Two rectangles are apart where one of their four axes parts them (separating axis theorem). The area
that two share follows from the parts of either one's edges that lie in the other (Green's theorem),
each cut out as by Liang and Barsky (1984), in the frame of one of them; nothing is sorted, so that
many pairs are done at once.
"""

from __future__ import annotations

import numpy as np
import shapely

from cv.geometry.oriented_boxes import Floats, Indices, OrientedBoxes

_CHUNK = 50_000
"""Pairs at a time."""
_SHRUNK = 1.0 - 1e-12
"""Edges that lie on each other must not count twice: one box is so much smaller."""
_DIGITS = 10
"""To so many decimals an IoU is told: the rest is of arithmetic."""
_TINY = 1e-300


def intersecting_pairs(left: OrientedBoxes, right: OrientedBoxes) -> tuple[Indices, Indices]:
    """Rows (i of `left`, j of `right`) of all pairs that meet, sorted by i, then j."""
    i, j = _close(left, right)
    meet = (_depths(left[i], right[j]) >= 0.0).all(axis=1)
    return _ordered(i[meet], j[meet])


def candidate_pairs(boxes: OrientedBoxes) -> tuple[Indices, Indices]:
    """Rows (i, j), i < j, of all pairs of `boxes` that meet, and of others whose upright envelopes
    do, sorted by i, then j."""
    i, j = _close(boxes, boxes)
    return _ordered(i[i < j], j[i < j])


def intersection_upper_bound(left: OrientedBoxes, right: OrientedBoxes) -> Floats:
    """(n,) areas that row i of both can share at most: quick, and 0 for all that are apart."""
    depths = _depths(left, right).clip(0.0)
    sides = np.concatenate([left.values[:, 2:4], right.values[:, 2:4]], axis=1)
    reach = np.minimum(depths, sides)
    apart = (depths <= 0.0).any(axis=1)
    bound = np.minimum(reach[:, 0] * reach[:, 1], reach[:, 2] * reach[:, 3])
    return np.asarray(np.where(apart, 0.0, bound))


def intersection_lower_bound(left: OrientedBoxes, right: OrientedBoxes) -> Floats:
    """(n,) areas that row i of both share at least: quick, and all of it where they are parallel.

    What the upright rectangle shares, in the frame of `left`, that fits into `right` from edge to
    edge; 0 where none fits, as between boxes that lie across each other.
    """
    turn = right.angles - left.angles
    along, across = np.abs(np.cos(turn))[:, None], np.abs(np.sin(turn))[:, None]
    own, others = left.values[:, 2:4] / 2, right.values[:, 2:4] / 2
    fitting = along * others - across * others[:, ::-1]
    inner = np.divide(fitting, along**2 - across**2, where=along > across, out=np.zeros_like(own))
    off = np.abs(_turned(right.centers - left.centers, left))
    sides = np.minimum(own + inner - off, 2.0 * np.minimum(own, inner)).clip(0.0)
    return np.asarray(sides.prod(axis=1))


def pairwise_intersections(left: OrientedBoxes, right: OrientedBoxes) -> Floats:
    """(n,) areas that row i of `left` shares with row i of `right`."""
    shared = np.zeros(len(left))
    for first in range(0, len(left), _CHUNK):
        part = slice(first, first + _CHUNK)
        shared[part] = _shared(left[part], right[part])
    return shared


def pairwise_ious(left: OrientedBoxes, right: OrientedBoxes) -> Floats:
    """(n,) intersection over union of row i of `left` and row i of `right`, 0 for empty boxes."""
    shared = pairwise_intersections(left, right)
    union = left.areas + right.areas - shared
    ious: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ious.round(_DIGITS)


def _close(left: OrientedBoxes, right: OrientedBoxes) -> tuple[Indices, Indices]:
    """Pairs whose upright envelopes meet."""
    around = _envelopes(right)
    i, j = shapely.STRtree(around).query(around if left is right else _envelopes(left))
    return i.astype(np.int64), j.astype(np.int64)


def _envelopes(boxes: OrientedBoxes) -> np.ndarray:
    turned, reach = np.abs(boxes.axes), boxes.values[:, 2:4] / 2
    half = np.stack([(turned * reach).sum(axis=1), (turned[:, ::-1] * reach).sum(axis=1)], axis=1)
    low, high = boxes.centers - half, boxes.centers + half
    return np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))


def _depths(left: OrientedBoxes, right: OrientedBoxes) -> Floats:
    """(n, 4) how deep row i of both reach into each other along the axes of `left`, then `right`;
    below zero: apart."""
    off = right.centers - left.centers
    turn = right.angles - left.angles
    along, across = np.abs(np.cos(turn))[:, None], np.abs(np.sin(turn))[:, None]
    depths = []
    for one, other in ((left, right), (right, left)):
        own, others = one.values[:, 2:4] / 2, other.values[:, 2:4] / 2
        depths.append(own + along * others + across * others[:, ::-1] - np.abs(_turned(off, one)))
    return np.concatenate(depths, axis=1)


def _turned(points: Floats, boxes: OrientedBoxes) -> Floats:
    """Offsets (n, ..., 2) along the long and the short side of row i of `boxes`."""
    axes = boxes.axes.reshape(len(boxes), *[1] * (points.ndim - 2), 2)
    x, y = points[..., 0], points[..., 1]
    cos, sin = axes[..., 0], axes[..., 1]
    return np.stack([x * cos + y * sin, y * cos - x * sin], axis=-1)


def _shared(left: OrientedBoxes, right: OrientedBoxes) -> Floats:
    """(n,) areas in common, in the frame of `right`."""
    smaller = OrientedBoxes(right.values * np.array([1.0, 1.0, _SHRUNK, _SHRUNK, 1.0]))
    off = (left.centers - right.centers)[:, None, :]
    start = _turned(_around(left) + off, right)
    way = np.roll(start, -1, axis=1) - start
    inside = _lengths_inside(start, way, smaller)
    crossed = start[..., 0] * way[..., 1] - start[..., 1] * way[..., 0]
    others = _turned(_around(smaller) - off, left)
    along = _lengths_inside(others, np.roll(others, -1, axis=1) - others, left)
    quarter = smaller.areas / 4
    area = 0.5 * (inside * crossed).sum(axis=1) + quarter * along.sum(axis=1)
    return np.asarray(area.clip(0.0, np.minimum(left.areas, right.areas)))


def _around(boxes: OrientedBoxes) -> Floats:
    """(n, 4, 2) corners from each box's own middle: far from the origin digits would be lost."""
    return OrientedBoxes(boxes.values * np.array([0.0, 0.0, 1.0, 1.0, 1.0])).corners()


def _lengths_inside(start: Floats, way: Floats, boxes: OrientedBoxes) -> Floats:
    """(n, 4) share of each edge that lies in row i of `boxes`, in whose frame they are given."""
    half = boxes.values[:, None, 2:4] / 2
    way = np.where(np.abs(way) < _TINY, _TINY, way)
    one, other = (-half - start) / way, (half - start) / way
    enters = np.minimum(one, other).max(axis=2).clip(min=0.0)
    leaves = np.maximum(one, other).min(axis=2).clip(max=1.0)
    return np.asarray((leaves - enters).clip(min=0.0))


def _ordered(i: Indices, j: Indices) -> tuple[Indices, Indices]:
    order = np.lexsort((j, i))
    return i[order], j[order]
