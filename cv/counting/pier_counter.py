"""The tally: detections, places and visibility become one count per pier. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from cv.counting.assignment import (
    ContainerAssignment,
    HullAssignment,
    assign_containers,
    assign_hulls,
)
from cv.counting.count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.percentage import format_percentage
from cv.counting.stacks import find_stacks
from cv.counting.uncertainty import LEVEL, detection_probabilities, estimate_count
from cv.counting.zones import MIN_ZONE_AREA_M2, Zone, Zones
from cv.detector.detections import Detections
from cv.detector.model_card import CONTAINER, HULL, ModelCard
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import Floats, Indices, map_points

Mask = NDArray[np.bool_]

LONG_BOX_M = 9.1
"""Boxes longer than this are 40 or 45 ft ones and count as 2 TEU: midway from 6.06 to 12.19 m."""
MIN_HULL_AREA_M2 = 300.0
"""Area of a small ship, 40 x 7.5 m."""
MIN_VISIBLE = 0.05
"""Up to this visible fraction a pier counts as not seen."""


@dataclass(frozen=True)
class VisibleFractions:
    """How much of one place a scene shows."""

    outline: float
    """Share of the pier's area that was seen, 0 to 1."""
    berth: float | None
    """Share of the berth's area that was seen, 0 to 1; None for a pier without a berth."""
    basis: str
    """What the shares rest on."""


@dataclass(frozen=True)
class SceneInfo:
    """What all counts of one scene have in common."""

    scene: str
    """Identifier of the scene."""
    acquired: datetime | None
    """When it was taken, UTC."""
    radiometry: str
    """How its values became colours."""
    model: str
    """sha256 of the model."""
    settings: str
    """sha256 of what else shapes the counts, see Count."""
    calibrated: bool
    """Whether the model has a calibration."""

    def blank(
        self,
        places: Zones,
        position: int,
        view: VisibleFractions | None,
        status: CountStatus,
        reason: str,
    ) -> PierCount:
        """The count of the place at `position` without any number; None: the view is not known."""
        place = places.zones[position]
        return PierCount(
            scene=self.scene,
            pier=place.name,
            role=place.role,
            acquired=self.acquired,
            status=status,
            reason=reason,
            visible_fraction=view.outline if view else None,
            berth_visible_fraction=view.berth if view else None,
            visibility=view.basis if view else "none",
            place=place.digest,
            radiometry=self.radiometry,
            containers=UNKNOWN,
            teu=UNKNOWN,
            hulls=UNKNOWN,
            aboard=UNKNOWN,
            stacks=(),
            berthed=(),
            gsd_m=places.ground.gsd_m,
            method="resolved",
            interval_level=LEVEL,
            interval_calibrated=self.calibrated,
            model=self.model,
            settings=self.settings,
        )


@dataclass(frozen=True, eq=False)
class PierCounter:
    """Detections of one scene, sorted out by class, pier and deck."""

    card: ModelCard
    zones: Zones
    containers: Detections
    """Candidates, ground metres."""
    hulls: Detections
    """Candidates, ground metres."""
    hull_assignment: HullAssignment
    """Where the hulls lie."""
    container_assignment: ContainerAssignment
    """Where the containers stand."""

    @classmethod
    def of(cls, card: ModelCard, places: Zones, detections: Detections) -> PierCounter:
        """Sorts out `detections` (ground metres, candidates below the threshold included)."""
        containers = _of_class(detections, card, CONTAINER)
        hulls = _of_class(detections, card, HULL)
        moorings = assign_hulls(hulls.boxes, places.zones)
        sure = _kept(hulls, card, HULL)
        firm = HullAssignment(moorings.pier[sure], moorings.afloat[sure])
        footing = assign_containers(containers.boxes, places.zones, hulls.boxes[sure], firm)
        return cls(card, places, containers, hulls, moorings, footing)

    def count(self, header: SceneInfo, position: int, view: VisibleFractions) -> PierCount:
        """The count of the place at `position`, of which `view` was seen."""
        status, reason = _status(view, self.zones.zones[position])
        count = header.blank(self.zones, position, view, status, reason)
        here, place = self.container_assignment.pier == position, self.zones.zones[position]
        seen_km2 = view.outline * place.outline.area / 1e6
        afloat_km2 = (view.berth or 0.0) * place.berth.area / 1e6
        if view.outline > MIN_VISIBLE and CONTAINER in self.card.classes:
            ashore = here & ~self.container_assignment.aboard
            standing = self.containers.boxes[ashore & _kept(self.containers, self.card, CONTAINER)]
            count = replace(
                count,
                containers=self._estimate(CONTAINER, ashore, self._ones, seen_km2),
                teu=self._estimate(CONTAINER, ashore, self._teu, seen_km2),
                stacks=find_stacks(standing, self.zones.ground),
            )
        if (view.berth or 0.0) > MIN_VISIBLE and HULL in self.card.classes:
            moored = self.hull_assignment.pier == position
            count = replace(
                count,
                hulls=self._estimate(HULL, moored, np.ones(len(self.hulls)), afloat_km2),
                berthed=self._berthed(moored),
            )
            if CONTAINER in self.card.classes:
                aboard = here & self.container_assignment.aboard
                on_deck = self._estimate(CONTAINER, aboard, self._ones, 0.0)
                count = replace(count, aboard=on_deck)
        return count

    def georeferenced_detections(self, grid: Grid) -> tuple[GeoreferencedDetection, ...]:
        """Every detection that is kept, containers first; a hull that lies on a pier is none."""
        boxes = _kept(self.containers, self.card, CONTAINER)
        ships = _kept(self.hulls, self.card, HULL) & self.hull_assignment.afloat
        return (
            *self._sightings(
                self.containers[boxes],
                CONTAINER,
                self.container_assignment.pier[boxes],
                self.container_assignment.aboard[boxes],
                grid,
            ),
            *self._sightings(
                self.hulls[ships],
                HULL,
                self.hull_assignment.pier[ships],
                np.zeros(int(ships.sum()), dtype=bool),
                grid,
            ),
        )

    @property
    def _ones(self) -> Floats:
        return np.ones(len(self.containers))

    @property
    def _teu(self) -> Floats:
        return np.where(self.containers.boxes.lengths > LONG_BOX_M, 2.0, 1.0)

    def _estimate(self, name: str, chosen: Mask, weights: Floats, area_km2: float) -> Estimate:
        scores = (self.containers if name == CONTAINER else self.hulls).scores[chosen]
        threshold, calibration = self.card.threshold(name), self.card.calibration(name)
        chances = detection_probabilities(scores, threshold, calibration)
        return estimate_count(weights[chosen], chances, scores >= threshold, area_km2, calibration)

    def _berthed(self, moored: Mask) -> tuple[BerthedHull, ...]:
        hulls = self.hulls[moored & _kept(self.hulls, self.card, HULL)]
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

    def _headings(self, detections: Detections) -> Floats:
        headings: Floats = np.mod(
            self.zones.ground.azimuth_deg + np.degrees(detections.boxes.angles), 180.0
        )
        return headings

    def _sightings(
        self, detections: Detections, kind: str, pier: Indices, aboard: Mask, grid: Grid
    ) -> tuple[GeoreferencedDetection, ...]:
        corners = map_points(self.zones.ground.to_pixel, detections.boxes.corners())
        names = [*(place.name for place in self.zones.zones), None]  # -1, nowhere, is the last
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


def _kept(detections: Detections, card: ModelCard, name: str) -> Mask:
    if name not in card.classes:
        return np.zeros(0, dtype=bool)
    return detections.scores >= card.threshold(name)


def _status(view: VisibleFractions, place: Zone) -> tuple[CountStatus, str]:
    """A pier is seen as a whole where nothing that is counted could be in what is hidden."""
    berth = view.berth if view.berth is not None else 1.0
    seen = [f"{format_percentage(view.outline)} of the pier"]
    seen += [f"{format_percentage(berth)} of its berth"] if view.berth is not None else []
    reason = f"seen: {' and '.join(seen)}"
    if max(view.outline, view.berth or 0.0) <= MIN_VISIBLE:
        return CountStatus.NOT_VISIBLE, reason
    hidden = (1 - view.outline) * place.outline.area, (1 - berth) * place.berth.area
    if hidden[0] >= MIN_ZONE_AREA_M2 or hidden[1] >= MIN_HULL_AREA_M2:
        return CountStatus.PARTIAL, reason
    return CountStatus.COUNTED, ""


def _outlines(grid: Grid, corners: Floats) -> Sequence[shapely.Polygon | None]:
    """The boxes (n, 4, 2) in longitude, latitude; one across the antimeridian runs beyond 180."""
    if grid.crs is None:
        return [None] * len(corners)
    lonlat = grid.to_lonlat(corners)
    first = lonlat[:, :1, 0]
    lonlat[..., 0] -= 360.0 * np.round((lonlat[..., 0] - first) / 360.0)
    return list(shapely.polygons(lonlat))
