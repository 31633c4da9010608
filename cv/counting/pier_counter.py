"""Count the detections of one scene by pier. Pure functions: no I/O, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.container_stacks import find_stacks
from cv.counting.detection_assignment import (
    MIN_OVERLAP,
    ON_LAND,
    UNASSIGNED,
    ContainerAssignment,
    area_shares,
    assign_containers,
    assign_hulls,
)
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.pier_count import BerthedHull, CountStatus, Estimate, PierCount
from cv.counting.pier_zones import Zones
from cv.counting.seen_ground import SeenZone
from cv.counting.uncertainty import (
    CLEAR_RECALL,
    CONTAINER_DENSITY,
    HULL_DENSITY,
    TEU_DENSITY,
    DensityPrior,
    estimate_count,
    least_recall,
)
from cv.detector.detections import Detections
from cv.detector.model_card import CONTAINER, HULL, ModelCard
from cv.geometry.arrays import BoolArray, Float64Array, Indices
from cv.geometry.container_sizes import teu_of_lengths
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import map_points

MISPLACED_HULL = "a hull lies on the outline: is the outline or the georeference off?"
BOXES_ON_WATER = "containers lie in the berth, but no hull was found under them"
"""Reasons of counts that contradict themselves."""
MIN_AFLOAT = 3
"""Containers in a berth without a hull from which on they are no chance detections."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PierCounter:
    """The detections of one scene, assigned to classes, piers and decks."""

    card: ModelCard
    zones: Zones
    containers: Detections
    """Including candidates below the threshold, ground metres."""
    container_assignment: ContainerAssignment
    hulls: Detections
    """Likewise, without those on land."""
    hull_piers: Indices
    """(hulls,) index of the pier in whose berth each hull lies, or `UNASSIGNED`."""
    seen: tuple[SeenZone, ...]
    """What the scene shows of each zone."""
    misplaced: Detections
    """Hulls above the threshold that lie on a pier."""

    @classmethod
    def of(
        cls, card: ModelCard, zones: Zones, seen: tuple[SeenZone, ...], detections: Detections
    ) -> PierCounter:
        """Assign `detections` (ground metres, including candidates below the threshold)."""
        containers, hulls = (_of_class(detections, card, name) for name in (CONTAINER, HULL))
        piers = assign_hulls(hulls.boxes, zones.zones)
        misplaced = misplaced_hulls(card, zones, detections)
        hulls, piers = hulls[piers != ON_LAND], piers[piers != ON_LAND]
        piers = _outside(hulls, piers, [zone.berth.unfit if zone.berth else None for zone in seen])
        above = _above_threshold(hulls, card, HULL)
        assignment = assign_containers(
            containers.boxes, zones.zones, hulls.boxes[above], piers[above]
        )
        ashore = np.where(assignment.aboard, UNASSIGNED, assignment.pier)
        counted = _outside(containers, ashore, [zone.outline.unfit for zone in seen])
        return cls(
            card=card,
            zones=zones,
            containers=containers,
            container_assignment=replace(
                assignment, pier=np.where(assignment.aboard, assignment.pier, counted)
            ),
            hulls=hulls,
            hull_piers=piers,
            seen=seen,
            misplaced=misplaced,
        )

    def count(self, unknown: PierCount, index: int) -> PierCount:
        """Return `unknown`, the count of zone `index` without numbers, with the known ones."""
        zone, seen, count = self.zones.zones[index], self.seen[index], unknown
        of_pier = self.container_assignment.pier == index
        ones = np.ones(len(self.containers))
        recalls = []
        if seen.outline.known and CONTAINER in self.card.classes:
            area_km2 = seen.outline.fraction * zone.outline.area / 1e6
            ashore = of_pier & ~self.container_assignment.aboard
            counted = ashore & _above_threshold(self.containers, self.card, CONTAINER)
            least = least_recall(seen.outline.recall, self.containers.scores[counted])
            recalls += [seen.outline.recall, least]
            teus = teu_of_lengths(self.containers.boxes.lengths)
            recall, prior = seen.outline.recall, CONTAINER_DENSITY
            count = replace(
                count,
                containers=self._estimate(CONTAINER, ashore, ones, area_km2, recall, prior),
                teu=self._estimate(CONTAINER, ashore, teus, area_km2, recall, TEU_DENSITY),
                stacks=find_stacks(self.containers.boxes[counted], self.zones.ground),
            )
        contradictions = self._contradictions(index)
        hulls_known = seen.berth is not None and seen.berth.known and HULL in self.card.classes
        if seen.berth is not None and hulls_known and MISPLACED_HULL not in contradictions:
            area_km2 = seen.berth.fraction * zone.berth.area / 1e6
            recalls.append(seen.berth.recall)
            moored = self.hull_piers == index
            hulls = self._estimate(
                HULL, moored, np.ones(len(self.hulls)), area_km2, seen.berth.recall, HULL_DENSITY
            )
            count = replace(count, hulls=hulls, berthed=self._berthed(moored))
            sure = bool(hulls.value) or seen.berth.recall >= CLEAR_RECALL
            if self._decks_known(index) and sure and BOXES_ON_WATER not in contradictions:
                count = replace(count, aboard=self._aboard(index))
        if contradictions and seen.known:
            reason = "; ".join(filter(None, [count.reason, *contradictions]))
            count = replace(count, status=CountStatus.PARTIAL, reason=reason)
        in_domain = all(recall >= CLEAR_RECALL for recall in recalls)
        return replace(count, interval_calibrated=count.interval_calibrated and in_domain)

    @property
    def container_lengths(self) -> Float64Array:
        """Lengths (n,) of all containers above the threshold, metres."""
        above = _above_threshold(self.containers, self.card, CONTAINER)
        return self.containers.boxes.lengths[above]

    def _contradictions(self, index: int) -> list[str]:
        """Return in which ways the detections on a pier contradict its outline and berth."""
        zone, found = self.zones.zones[index], []
        if (area_shares(self.misplaced.boxes, [zone.outline]) >= MIN_OVERLAP).any():
            found.append(MISPLACED_HULL)
        if zone.declared and not zone.outline.equals(zone.berth):
            floating = self.containers[
                (self.container_assignment.pier == UNASSIGNED)
                & _above_threshold(self.containers, self.card, CONTAINER)
            ]
            afloat = shapely.intersects(zone.berth, shapely.points(floating.boxes.centers))
            if afloat.sum() >= MIN_AFLOAT:
                found.append(BOXES_ON_WATER)
        return found

    def georeferenced_detections(self, grid: Grid) -> tuple[GeoreferencedDetection, ...]:
        """Return all detections above the thresholds, containers first; hulls on piers are last."""
        piers, aboard = self.container_assignment.pier, self.container_assignment.aboard
        ashore = np.zeros(len(self.hulls), dtype=bool)
        nowhere = np.full(len(self.misplaced), UNASSIGNED)
        return (
            *self._georeferenced(self.containers, CONTAINER, piers, aboard, grid),
            *self._georeferenced(self.hulls, HULL, self.hull_piers, ashore, grid),
            *self._georeferenced(self.misplaced, HULL, nowhere, nowhere >= 0, grid),
        )

    def _estimate(
        self,
        name: str,
        chosen: BoolArray,
        weights: Float64Array,
        area_km2: float,
        recall: float,
        prior: DensityPrior,
    ) -> Estimate:
        scores = (self.containers if name == CONTAINER else self.hulls).scores[chosen]
        threshold, calibration = self.card.threshold(name), self.card.calibration(name)
        least = least_recall(recall, scores[scores >= threshold]) if name == CONTAINER else 1.0
        return estimate_count(
            weights[chosen], scores, threshold, area_km2, calibration, recall, prior, least
        )

    def _decks_known(self, index: int) -> bool:
        decks = self.seen[index].decks
        return CONTAINER in self.card.classes and decks is not None and decks.known

    def _aboard(self, index: int) -> Estimate:
        """Return the containers on the decks of the hulls at the berth of zone `index`."""
        decks, aboard = self.seen[index].decks, self.container_assignment.aboard
        hulls = self.hulls[self.hull_piers == index]
        hulls = hulls[_above_threshold(hulls, self.card, HULL)]
        recall = decks.recall if decks else 1.0
        area_km2 = float(hulls.boxes.areas.sum()) / 1e6 if recall < CLEAR_RECALL else 0.0
        chosen = (self.container_assignment.pier == index) & aboard
        ones = np.ones(len(self.containers))
        return self._estimate(CONTAINER, chosen, ones, area_km2, recall, CONTAINER_DENSITY)

    def _berthed(self, moored: BoolArray) -> tuple[BerthedHull, ...]:
        hulls = self.hulls[moored & _above_threshold(self.hulls, self.card, HULL)]
        lengths, widths = hulls.boxes.lengths.tolist(), hulls.boxes.widths.tolist()
        headings, scores = self._headings(hulls).tolist(), hulls.scores.tolist()
        centers = map(tuple, map_points(self.zones.ground.to_pixel, hulls.boxes.centers).tolist())
        return tuple(map(BerthedHull, lengths, widths, headings, scores, centers))

    def _headings(self, detections: Detections) -> Float64Array:
        """Return the headings (n,) of the long sides, degrees clockwise from true north."""
        degrees = self.zones.ground.azimuth_deg + np.degrees(detections.boxes.angles)
        return np.mod(degrees, 180.0)

    def _georeferenced(
        self, detections: Detections, kind: str, pier: Indices, aboard: BoolArray, grid: Grid
    ) -> tuple[GeoreferencedDetection, ...]:
        above = _above_threshold(detections, self.card, kind)
        detections, pier, aboard = detections[above], pier[above], aboard[above]
        corners = map_points(self.zones.ground.to_pixel, detections.boxes.corners())
        names = [*(zone.name for zone in self.zones.zones), None]  # UNASSIGNED is the last
        headings = self._headings(detections)
        outlines = _outlines(grid, self.zones.unshifted_pixels(corners))
        return tuple(
            GeoreferencedDetection(
                kind=kind,
                score=float(detections.scores[i]),
                corners=tuple((x, y) for x, y in corners[i].tolist()),
                outline=outlines[i],
                length_m=float(detections.boxes.lengths[i]),
                width_m=float(detections.boxes.widths[i]),
                heading_deg=float(headings[i]),
                aboard=bool(aboard[i]),
                pier=names[pier[i]],
            )
            for i in range(len(detections))
        )


def misplaced_hulls(card: ModelCard, zones: Zones, detections: Detections) -> Detections:
    """Return the hulls above the threshold of which much lies on a pier, and more than in a berth.

    They show that the outline of the pier or the georeference of the scene is off.
    """
    hulls = _of_class(detections, card, HULL)
    hulls = hulls[_above_threshold(hulls, card, HULL)]
    hulls = hulls[assign_hulls(hulls.boxes, zones.zones) == ON_LAND]
    on_pier = area_shares(hulls.boxes, [zone.outline for zone in zones.zones])
    return hulls[on_pier.max(axis=1, initial=0.0) >= MIN_OVERLAP]


def _outside(
    detections: Detections, piers: Indices, unfit: Sequence[BaseGeometry | None]
) -> Indices:
    """Return `piers` (n,) of detections, `UNASSIGNED` in the unfit ground of their pier."""
    points, kept = shapely.points(detections.boxes.centers), piers.copy()
    for index, ground in enumerate(unfit):
        if ground is not None and not ground.is_empty:
            kept[(piers == index) & shapely.intersects(ground, points)] = UNASSIGNED
    return kept


def _of_class(detections: Detections, card: ModelCard, name: str) -> Detections:
    if name not in card.classes:
        return Detections.empty()
    return detections[detections.classes == card.classes.index(name)]


def _above_threshold(detections: Detections, card: ModelCard, name: str) -> BoolArray:
    threshold = card.threshold(name) if name in card.classes else np.inf
    return detections.scores >= threshold


def _outlines(grid: Grid, corners: Float64Array) -> list[shapely.Polygon | None]:
    """Return boxes (n, 4, 2) as polygons in longitude, latitude; they may run beyond 180."""
    if grid.crs is None:
        return [None] * len(corners)
    lonlat = grid.to_lonlat(corners)
    lonlat[..., 0] -= 360.0 * np.round((lonlat[..., 0] - lonlat[:, :1, 0]) / 360.0)
    return list(shapely.polygons(lonlat))
