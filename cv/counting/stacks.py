"""Stacks: groups of containers that touch."""

from __future__ import annotations

import numpy as np
import shapely

from cv.counting.count import Stack
from cv.geometry.boxes import Indices, OrientedBoxes
from cv.geometry.grid import Ground

GAP_M = 0.6
"""Containers closer than this touch, metres: slots in a block are 0.3 to 0.5 m apart."""


def find_stacks(containers: OrientedBoxes, ground: Ground) -> tuple[Stack, ...]:
    """Groups of two and more of `containers` (ground metres), the largest first."""
    group = groups(containers)
    numbers, sizes = np.unique(group, return_counts=True)
    stacks = [_stack(containers[group == number], ground) for number in numbers[sizes > 1]]
    return tuple(sorted(stacks, key=lambda stack: (-stack.containers, stack.center)))


def groups(containers: OrientedBoxes) -> Indices:
    """(n,) number of the group that each of `containers` (metres) touches: the least row in it."""
    tree = shapely.STRtree(containers.polygons())
    left, right = tree.query(containers.polygons(), predicate="dwithin", distance=GAP_M)
    group = np.arange(len(containers))
    while True:
        least = group.copy()
        np.minimum.at(least, left, group[right])
        least = least[least]
        if (least == group).all():
            return group
        group = least


def _stack(containers: OrientedBoxes, ground: Ground) -> Stack:
    around = shapely.minimum_rotated_rectangle(shapely.union_all(containers.polygons()))
    corners = shapely.get_coordinates(around)[:4]
    box = OrientedBoxes.from_corners(corners)
    x, y = ground.to_pixel @ tuple(box.centers[0])
    return Stack(len(containers), float(box.lengths[0]), float(box.widths[0]), (x, y))
