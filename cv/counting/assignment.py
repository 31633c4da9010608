"""Which detection belongs to which pier, and which containers lie on a ship."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from cv.counting.zones import Zone
from cv.geometry.oriented_boxes import Floats, Indices, OrientedBoxes

MIN_OVERLAP = 1 / 3
"""Least part of a hull's area in a berth for the hull to lie there."""
UNASSIGNED = -1
"""Pier of a detection that belongs to none."""


@dataclass(frozen=True, eq=False)
class HullAssignment:
    """Where hulls lie."""

    pier: Indices
    """(n,) position of the pier in whose berth each hull lies, or `NOWHERE`."""
    afloat: NDArray[np.bool_]
    """(n,) False for a hull that lies more on a pier than in a berth: it cannot be one."""


@dataclass(frozen=True, eq=False)
class ContainerAssignment:
    """Where containers stand."""

    pier: Indices
    """(n,) position of the pier each container counts for, or `NOWHERE`."""
    aboard: NDArray[np.bool_]
    """(n,) True for containers on the deck of a hull."""


def assign_hulls(hulls: OrientedBoxes, places: tuple[Zone, ...]) -> HullAssignment:
    """Each hull goes to the berth that holds most of it, at least `LIES_IN`; ties to the first.

    Berths that are mere buffers overlap: among those that hold a hull the nearest outline counts.
    """
    if not len(hulls):
        return HullAssignment(np.zeros(0, np.int64), np.zeros(0, dtype=bool))
    in_berth = _shares(hulls, [place.berth for place in places])
    declared = np.array([place.declared for place in places])
    outlines = np.array([place.outline for place in places], dtype=object)
    on_land = _shares(hulls, [shapely.union_all([place.outline for place in places])])[:, 0]
    best = in_berth.argmax(axis=1)
    away = shapely.distance(hulls.polygons()[:, None], outlines[None, :])
    nearest = np.where(declared | (in_berth < MIN_OVERLAP), np.inf, away).argmin(axis=1)
    best = np.where(declared[best] | (in_berth.max(axis=1) < MIN_OVERLAP), best, nearest)
    share = in_berth[np.arange(len(hulls)), best]
    afloat = share >= on_land - 1e-9
    return HullAssignment(np.where(afloat & (share >= MIN_OVERLAP), best, UNASSIGNED), afloat)


def assign_containers(
    containers: OrientedBoxes,
    places: tuple[Zone, ...],
    hulls: OrientedBoxes,
    moorings: HullAssignment,
) -> ContainerAssignment:
    """A container whose middle is in a hull afloat is aboard and goes where that hull goes.

    Any other one goes to the first pier whose outline holds its middle.
    """
    points = shapely.points(containers.centers)
    pier = np.full(len(containers), UNASSIGNED, np.int64)
    for i in range(len(places) - 1, -1, -1):
        pier[shapely.intersects(places[i].outline, points)] = i
    aboard = np.zeros(len(containers), dtype=bool)
    for polygon, berth, afloat in zip(
        hulls.polygons(), moorings.pier, moorings.afloat, strict=True
    ):
        inside = shapely.intersects(polygon, points) & ~aboard
        if afloat:
            aboard |= inside
            pier[inside] = berth
    return ContainerAssignment(pier, aboard)


def _shares(boxes: OrientedBoxes, shapes: list[shapely.Geometry]) -> Floats:
    """(boxes, shapes): the part of each box's area that lies in each shape."""
    polygons = boxes.polygons()[:, None]
    shared = shapely.area(shapely.intersection(polygons, np.array(shapes, dtype=object)[None, :]))
    shares: Floats = shared / np.maximum(boxes.areas, 1e-12)[:, None]
    return shares
