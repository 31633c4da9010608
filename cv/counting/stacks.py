"""Stacks: groups of containers that touch."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from cv.counting.count import ContainerStack
from cv.geometry.grid import LocalPlane
from cv.geometry.oriented_boxes import Indices, OrientedBoxes, map_points

MAX_GAP_M = 0.6
"""Containers closer than this touch, metres: slots in a block are 0.3 to 0.5 m apart."""


def find_stacks(containers: OrientedBoxes, ground: LocalPlane) -> tuple[ContainerStack, ...]:
    """Groups of two and more of `containers` (ground metres), the largest first."""
    group = touching_groups(containers)
    order = np.argsort(group, kind="stable")
    _, number, sizes = np.unique(group[order], return_inverse=True, return_counts=True)
    points = containers.corners()[order].reshape(-1, 2)
    clouds = shapely.multipoints(points, indices=np.repeat(number, 4))
    several = sizes > 1
    around = _around(clouds[several])
    centers = map_points(ground.to_pixel, around.centers)
    stacks = [
        ContainerStack(count, length, width, (x, y))
        for count, length, width, (x, y) in zip(
            sizes[several].tolist(),
            around.lengths.tolist(),
            around.widths.tolist(),
            centers.tolist(),
            strict=True,
        )
    ]
    return tuple(sorted(stacks, key=lambda stack: (-stack.containers, stack.center)))


def touching_groups(containers: OrientedBoxes) -> Indices:
    """(n,) number of the group that each of `containers` (metres) touches: the least row in it."""
    roofs = containers.polygons()
    left, right = shapely.STRtree(roofs).query(roofs, predicate="dwithin", distance=MAX_GAP_M)
    group = np.arange(len(containers))
    while True:
        least = group.copy()
        np.minimum.at(least, left, group[right])
        least = least[least]
        if (least == group).all():
            return group
        group = least


def _around(clouds: NDArray[np.object_]) -> OrientedBoxes:
    """The smallest box around each of `clouds` (n,) of points."""
    boxes = shapely.minimum_rotated_rectangle(clouds)
    rings = shapely.get_coordinates(boxes).reshape(-1, 5, 2)
    return OrientedBoxes.from_corners(rings[:, :4])
