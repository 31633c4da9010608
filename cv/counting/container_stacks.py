"""Stacks: groups of touching containers."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from cv.counting.pier_count import ContainerStack
from cv.geometry.arrays import Indices
from cv.geometry.grid import LocalPlane
from cv.geometry.oriented_boxes import OrientedBoxes, map_points

MAX_GAP_M = 0.6
"""Containers no further apart than this touch, metres: slots in a block are 0.3 to 0.5 m
apart."""


def find_stacks(containers: OrientedBoxes, ground: LocalPlane) -> tuple[ContainerStack, ...]:
    """Return the groups of at least two of `containers` (ground metres), the largest first."""
    group = touching_groups(containers)
    order = np.argsort(group, kind="stable")
    _, stack_index, sizes = np.unique(group[order], return_inverse=True, return_counts=True)
    corners = containers.corners()[order].reshape(-1, 2)
    stack_corners = shapely.multipoints(corners, indices=np.repeat(stack_index, 4))
    is_stack = sizes > 1
    rectangles = _minimum_rectangles(stack_corners[is_stack])
    centers = map_points(ground.to_pixel, rectangles.centers).tolist()
    lengths, widths = rectangles.lengths.tolist(), rectangles.widths.tolist()
    stacks = map(ContainerStack, sizes[is_stack].tolist(), lengths, widths, map(tuple, centers))
    return tuple(sorted(stacks, key=lambda stack: (-stack.containers, stack.center)))


def touching_groups(containers: OrientedBoxes) -> Indices:
    """Return the group (n,) of each of `containers` (metres): the smallest row index in it."""
    roofs = containers.polygons()
    left, right = shapely.STRtree(roofs).query(roofs, predicate="dwithin", distance=MAX_GAP_M)
    group = np.arange(len(containers))
    while True:
        lowest = group.copy()
        np.minimum.at(lowest, left, group[right])
        lowest = lowest[lowest]
        if (lowest == group).all():
            return group
        group = lowest


def _minimum_rectangles(points: NDArray[np.object_]) -> OrientedBoxes:
    """Return the minimum rotated rectangle around each of `points` (n,) MultiPoints."""
    boxes = shapely.minimum_rotated_rectangle(points)
    rings = shapely.get_coordinates(boxes).reshape(-1, 5, 2)
    return OrientedBoxes.from_corners(rings[:, :4])
