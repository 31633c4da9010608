"""Count the detections of one scene by pier. Pure functions: no I/O, no network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from cv.counting.assignment import ON_LAND, ContainerAssignment, assign_containers, assign_hulls
from cv.counting.count import BerthedHull, CountStatus, Estimate, PierCount, format_percentage
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.stacks import find_stacks
from cv.counting.uncertainty import estimate_count
from cv.counting.zones import Zone, Zones
from cv.detector.detections import Detections
from cv.detector.model_card import CONTAINER, HULL, ModelCard
from cv.geometry.arrays import BoolArray, Float64Array, Indices
from cv.geometry.container_sizes import FOOTPRINT_20FT_M2, teu_of_lengths
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import map_points

MIN_HULL_AREA_M2 = 300.0
"""Area of a small ship, 40 x 7.5 m, square metres."""
MIN_VISIBLE = 0.05
"""Up to this visible fraction a pier or berth gets no number."""


@dataclass(frozen=True)
class VisibleFractions:
    """The visible fractions of one zone."""

    outline: float
    """Visible share of the pier's area, 0 to 1."""
    berth: float | None
    """Visible share of the berth's area, 0 to 1; None for a pier without a berth."""
    basis: str
    """Their source, see `PierCount.visibility`."""

    @property
    def sufficient(self) -> bool:
        """Whether enough of the pier or its berth was visible for a number."""
        return max(self.outline, self.berth or 0.0) > MIN_VISIBLE

    def status(self, zone: Zone) -> tuple[CountStatus, str]:
        """Return status and reason: COUNTED if the hidden area is too small for an object."""
        reason = f"seen: {format_percentage(self.outline)} of the pier"
        if self.berth is not None:
            reason += f" and {format_percentage(self.berth)} of its berth"
        if not self.sufficient:
            return CountStatus.NOT_VISIBLE, reason
        berth = 1.0 if self.berth is None else self.berth
        hidden = (1 - self.outline) * zone.outline.area, (1 - berth) * zone.berth.area
        if hidden[0] >= FOOTPRINT_20FT_M2 or hidden[1] >= MIN_HULL_AREA_M2:
            return CountStatus.PARTIAL, reason
        return CountStatus.COUNTED, ""


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

    @classmethod
    def of(cls, card: ModelCard, zones: Zones, detections: Detections) -> PierCounter:
        """Assign `detections` (ground metres, including candidates below the threshold)."""
        containers, hulls = (_of_class(detections, card, name) for name in (CONTAINER, HULL))
        piers = assign_hulls(hulls.boxes, zones.zones)
        hulls, piers = hulls[piers != ON_LAND], piers[piers != ON_LAND]
        above = _above_threshold(hulls, card, HULL)
        return cls(
            card=card,
            zones=zones,
            containers=containers,
            container_assignment=assign_containers(
                containers.boxes, zones.zones, hulls.boxes[above], piers[above]
            ),
            hulls=hulls,
            hull_piers=piers,
        )

    def count(self, unknown: PierCount, index: int, visible: VisibleFractions) -> PierCount:
        """Return `unknown`, the count of zone `index` without numbers, with those of `visible`."""
        zone, count = self.zones.zones[index], unknown
        of_pier = self.container_assignment.pier == index
        ones = np.ones(len(self.containers))
        if visible.outline > MIN_VISIBLE and CONTAINER in self.card.classes:
            area_km2 = visible.outline * zone.outline.area / 1e6
            ashore = of_pier & ~self.container_assignment.aboard
            counted = ashore & _above_threshold(self.containers, self.card, CONTAINER)
            teus = teu_of_lengths(self.containers.boxes.lengths)
            count = replace(
                count,
                containers=self._estimate(CONTAINER, ashore, ones, area_km2),
                teu=self._estimate(CONTAINER, ashore, teus, area_km2),
                stacks=find_stacks(self.containers.boxes[counted], self.zones.ground),
            )
        if (visible.berth or 0.0) > MIN_VISIBLE and HULL in self.card.classes:
            area_km2 = (visible.berth or 0.0) * zone.berth.area / 1e6
            moored = self.hull_piers == index
            count = replace(
                count,
                hulls=self._estimate(HULL, moored, np.ones(len(self.hulls)), area_km2),
                berthed=self._berthed(moored),
            )
            if CONTAINER in self.card.classes:
                aboard = of_pier & self.container_assignment.aboard
                count = replace(count, aboard=self._estimate(CONTAINER, aboard, ones, 0.0))
        return count

    def georeferenced_detections(self, grid: Grid) -> tuple[GeoreferencedDetection, ...]:
        """Return all detections above the thresholds, containers first; no hulls on piers."""
        piers, aboard = self.container_assignment.pier, self.container_assignment.aboard
        ashore = np.zeros(len(self.hulls), dtype=bool)
        return (
            *self._georeferenced(self.containers, CONTAINER, piers, aboard, grid),
            *self._georeferenced(self.hulls, HULL, self.hull_piers, ashore, grid),
        )

    def _estimate(
        self, name: str, chosen: BoolArray, weights: Float64Array, area_km2: float
    ) -> Estimate:
        scores = (self.containers if name == CONTAINER else self.hulls).scores[chosen]
        threshold, calibration = self.card.threshold(name), self.card.calibration(name)
        return estimate_count(weights[chosen], scores, threshold, area_km2, calibration)

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
