"""Count the detections of one scene by pier. Pure functions: no I/O, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import shapely

from cv.counting.assignment import (
    ContainerAssignment,
    HullAssignment,
    assign_containers,
    assign_hulls,
)
from cv.counting.count import (
    UNKNOWN,
    BerthedHull,
    CountStatus,
    Estimate,
    PierCount,
    format_percentage,
)
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.stacks import find_stacks
from cv.counting.uncertainty import LEVEL, detection_probabilities, estimate_count
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


@dataclass(frozen=True, kw_only=True)
class SceneInfo:
    """What all counts of one scene have in common."""

    scene: str
    """Identifier of the scene."""
    acquired: datetime | None
    """Acquisition time, UTC."""
    radiometry: str
    """How pixel values became 8-bit colours."""
    model: str
    """sha256 of the model file, hexadecimal."""
    settings: str
    """sha256 of what else shapes the counts, see `PierCount.settings`."""
    calibrated: bool
    """Whether the model has a calibration."""

    def without_numbers(
        self,
        zones: Zones,
        index: int,
        visible: VisibleFractions | None,
        status: CountStatus,
        reason: str,
    ) -> PierCount:
        """Return a count of zone `index` without numbers; `visible` is None if not known."""
        zone = zones.zones[index]
        return PierCount(
            scene=self.scene,
            pier=zone.name,
            role=zone.role,
            acquired=self.acquired,
            status=status,
            reason=reason,
            visible_fraction=visible.outline if visible else None,
            berth_visible_fraction=visible.berth if visible else None,
            visibility=visible.basis if visible else "none",
            place=zone.digest,
            radiometry=self.radiometry,
            containers=UNKNOWN,
            teu=UNKNOWN,
            hulls=UNKNOWN,
            aboard=UNKNOWN,
            stacks=(),
            berthed=(),
            gsd_m=zones.ground.gsd_m,
            method="resolved",
            interval_level=LEVEL,
            interval_calibrated=self.calibrated,
            model=self.model,
            settings=self.settings,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class PierCounter:
    """The detections of one scene, assigned to classes, piers and decks."""

    card: ModelCard
    zones: Zones
    containers: Detections
    """Including candidates below the threshold, ground metres."""
    hulls: Detections
    """Including candidates below the threshold, ground metres."""
    hull_assignment: HullAssignment
    container_assignment: ContainerAssignment

    @classmethod
    def of(cls, card: ModelCard, zones: Zones, detections: Detections) -> PierCounter:
        """Assign `detections` (ground metres, including candidates below the threshold)."""
        containers = _of_class(detections, card, CONTAINER)
        hulls = _of_class(detections, card, HULL)
        hull_assignment = assign_hulls(hulls.boxes, zones.zones)
        above = _above_threshold(hulls, card, HULL)
        return cls(
            card=card,
            zones=zones,
            containers=containers,
            hulls=hulls,
            hull_assignment=hull_assignment,
            container_assignment=assign_containers(
                containers.boxes,
                zones.zones,
                hulls.boxes[above],
                HullAssignment(hull_assignment.pier[above], hull_assignment.afloat[above]),
            ),
        )

    def count(self, scene_info: SceneInfo, index: int, visible: VisibleFractions) -> PierCount:
        """Return the count of zone `index`, of which the fractions `visible` were seen."""
        zone = self.zones.zones[index]
        status, reason = _status(visible, zone)
        count = scene_info.without_numbers(self.zones, index, visible, status, reason)
        of_pier = self.container_assignment.pier == index
        pier_km2 = visible.outline * zone.outline.area / 1e6
        berth_km2 = (visible.berth or 0.0) * zone.berth.area / 1e6
        ones = np.ones(len(self.containers))
        if visible.outline > MIN_VISIBLE and CONTAINER in self.card.classes:
            ashore = of_pier & ~self.container_assignment.aboard
            counted = ashore & _above_threshold(self.containers, self.card, CONTAINER)
            teus = teu_of_lengths(self.containers.boxes.lengths)
            count = replace(
                count,
                containers=self._estimate(CONTAINER, ashore, ones, pier_km2),
                teu=self._estimate(CONTAINER, ashore, teus, pier_km2),
                stacks=find_stacks(self.containers.boxes[counted], self.zones.ground),
            )
        if (visible.berth or 0.0) > MIN_VISIBLE and HULL in self.card.classes:
            moored = self.hull_assignment.pier == index
            count = replace(
                count,
                hulls=self._estimate(HULL, moored, np.ones(len(self.hulls)), berth_km2),
                berthed=self._berthed(moored),
            )
            if CONTAINER in self.card.classes:
                aboard = of_pier & self.container_assignment.aboard
                count = replace(count, aboard=self._estimate(CONTAINER, aboard, ones, 0.0))
        return count

    def georeferenced_detections(self, grid: Grid) -> tuple[GeoreferencedDetection, ...]:
        """Return all detections above the thresholds, containers first; no hulls on piers."""
        containers = _above_threshold(self.containers, self.card, CONTAINER)
        hulls = _above_threshold(self.hulls, self.card, HULL) & self.hull_assignment.afloat
        return (
            *self._georeferenced(
                self.containers[containers],
                CONTAINER,
                self.container_assignment.pier[containers],
                self.container_assignment.aboard[containers],
                grid,
            ),
            *self._georeferenced(
                self.hulls[hulls],
                HULL,
                self.hull_assignment.pier[hulls],
                np.zeros(int(hulls.sum()), dtype=bool),
                grid,
            ),
        )

    def _estimate(
        self, name: str, chosen: BoolArray, weights: Float64Array, area_km2: float
    ) -> Estimate:
        scores = (self.containers if name == CONTAINER else self.hulls).scores[chosen]
        threshold, calibration = self.card.threshold(name), self.card.calibration(name)
        probabilities = detection_probabilities(scores, threshold, calibration)
        return estimate_count(
            weights[chosen], probabilities, scores >= threshold, area_km2, calibration
        )

    def _berthed(self, moored: BoolArray) -> tuple[BerthedHull, ...]:
        hulls = self.hulls[moored & _above_threshold(self.hulls, self.card, HULL)]
        centers = map_points(self.zones.ground.to_pixel, hulls.boxes.centers)
        return tuple(
            BerthedHull(length, beam, heading, score, (x, y))
            for length, beam, heading, score, (x, y) in zip(
                hulls.boxes.lengths.tolist(),
                hulls.boxes.widths.tolist(),
                self._headings(hulls).tolist(),
                hulls.scores.tolist(),
                centers.tolist(),
                strict=True,
            )
        )

    def _headings(self, detections: Detections) -> Float64Array:
        """Return the headings (n,) of the long sides, degrees clockwise from true north."""
        headings: Float64Array = np.mod(
            self.zones.ground.azimuth_deg + np.degrees(detections.boxes.angles), 180.0
        )
        return headings

    def _georeferenced(
        self, detections: Detections, kind: str, pier: Indices, aboard: BoolArray, grid: Grid
    ) -> tuple[GeoreferencedDetection, ...]:
        corners = map_points(self.zones.ground.to_pixel, detections.boxes.corners())
        names = [*(zone.name for zone in self.zones.zones), None]  # UNASSIGNED is the last
        headings = self._headings(detections)
        outlines = _outlines(grid, corners)
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
    if name not in card.classes:
        return np.zeros(0, dtype=bool)
    return detections.scores >= card.threshold(name)


def _status(visible: VisibleFractions, zone: Zone) -> tuple[CountStatus, str]:
    """Return status and reason: COUNTED if the hidden area is too small for an object."""
    berth = visible.berth if visible.berth is not None else 1.0
    seen = [f"{format_percentage(visible.outline)} of the pier"]
    seen += [f"{format_percentage(berth)} of its berth"] if visible.berth is not None else []
    reason = f"seen: {' and '.join(seen)}"
    if max(visible.outline, visible.berth or 0.0) <= MIN_VISIBLE:
        return CountStatus.NOT_VISIBLE, reason
    hidden = (1 - visible.outline) * zone.outline.area, (1 - berth) * zone.berth.area
    if hidden[0] >= FOOTPRINT_20FT_M2 or hidden[1] >= MIN_HULL_AREA_M2:
        return CountStatus.PARTIAL, reason
    return CountStatus.COUNTED, ""


def _outlines(grid: Grid, corners: Float64Array) -> Sequence[shapely.Polygon | None]:
    """Return boxes (n, 4, 2) as polygons in longitude, latitude; they may run beyond 180."""
    if grid.crs is None:
        return [None] * len(corners)
    lonlat = grid.to_lonlat(corners)
    first = lonlat[:, :1, 0]
    lonlat[..., 0] -= 360.0 * np.round((lonlat[..., 0] - first) / 360.0)
    return list(shapely.polygons(lonlat))
