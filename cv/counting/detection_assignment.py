"""Assign detections to piers: hulls to berths, containers to piers or to the deck of a hull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from cv.counting.pier_zones import Zone
from cv.geometry.arrays import BoolArray, Float64Array, Indices
from cv.geometry.oriented_boxes import OrientedBoxes

MIN_OVERLAP = 1 / 3
"""Minimum share of a hull's area inside a berth for the hull to be assigned to it."""
UNASSIGNED = -1
"""Pier index of a detection that is assigned to no pier."""
ON_LAND = -2
"""Pier index of a hull of which more lies on a pier than in a berth: a false detection."""


@dataclass(frozen=True, eq=False)
class ContainerAssignment:
    """The piers of containers, and which of them are on deck."""

    pier: Indices
    """(n,) index of the pier that each container is counted for, or `UNASSIGNED`."""
    aboard: BoolArray
    """(n,) True: on the deck of a hull."""


def assign_hulls(hulls: OrientedBoxes, zones: tuple[Zone, ...]) -> Indices:
    """Return the pier index (n,) of each of `hulls` (ground metres), `UNASSIGNED` or `ON_LAND`.

    A hull lies in the first berth with the largest share of it, at least `MIN_OVERLAP`. Berths that
    are buffers around piers overlap: among those with enough of it, the nearest pier is taken.
    """
    in_berth = area_shares(hulls, [zone.berth for zone in zones])
    declared = np.array([zone.declared for zone in zones])
    outlines = np.array([zone.outline for zone in zones], dtype=object)
    on_land = area_shares(hulls, [shapely.union_all([zone.outline for zone in zones])])[:, 0]
    best = in_berth.argmax(axis=1)
    distance = shapely.distance(hulls.polygons()[:, None], outlines[None, :])
    nearest = np.where(declared | (in_berth < MIN_OVERLAP), np.inf, distance).argmin(axis=1)
    best = np.where(declared[best] | (in_berth.max(axis=1) < MIN_OVERLAP), best, nearest)
    share = in_berth[np.arange(len(hulls)), best]
    pier = np.where(share >= MIN_OVERLAP, best, UNASSIGNED)
    return np.where(share >= on_land - 1e-9, pier, ON_LAND)


def assign_containers(
    containers: OrientedBoxes, zones: tuple[Zone, ...], hulls: OrientedBoxes, hull_piers: Indices
) -> ContainerAssignment:
    """Assign each container to the first hull, or else the first pier, that contains its centre.

    A container on a hull is aboard and is counted for the pier of that hull, `hull_piers` (hulls,).
    Boxes are in ground metres.
    """
    points = shapely.points(containers.centers)
    pier = np.full(len(containers), UNASSIGNED, np.int64)
    for i in range(len(zones) - 1, -1, -1):
        pier[shapely.intersects(zones[i].outline, points)] = i
    aboard = np.zeros(len(containers), dtype=bool)
    for polygon, hull_pier in zip(hulls.polygons(), hull_piers, strict=True):
        inside = shapely.intersects(polygon, points) & ~aboard
        aboard |= inside
        pier[inside] = hull_pier
    return ContainerAssignment(pier, aboard)


def area_shares(boxes: OrientedBoxes, shapes: list[shapely.Geometry]) -> Float64Array:
    """Return the share (boxes, shapes) of each box's area that lies in each shape."""
    polygons = boxes.polygons()[:, None]
    common = shapely.area(shapely.intersection(polygons, np.array(shapes, dtype=object)[None, :]))
    shares: Float64Array = common / np.maximum(boxes.areas, 1e-12)[:, None]
    return shares
