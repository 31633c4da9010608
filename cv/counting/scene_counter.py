"""A visit: one scene, one site and one detector, ready to be counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.assignment import MIN_OVERLAP
from cv.counting.count import CountStatus
from cv.counting.counts import SceneCounts
from cv.counting.pier_counter import (
    LONG_BOX_M,
    MIN_HULL_AREA_M2,
    MIN_VISIBLE,
    PierCounter,
    SceneInfo,
    VisibleFractions,
)
from cv.counting.stacks import MAX_GAP_M
from cv.counting.uncertainty import LEVEL, SHARED_ERROR, STEEPNESS
from cv.counting.zones import MIN_ZONE_AREA_M2, Zone, Zones, transform_geometry
from cv.detector.detections import Detections
from cv.detector.detector import CANDIDATE_FRACTION, Detector
from cv.detector.model_card import CONTAINER, HULL, InferencePass, ModelCard
from cv.detector.runtimes.engine import InferenceEngine
from cv.detector.sliced_inference import SideTask
from cv.io.hashing import sha256
from cv.scene.nodata_collar import MIN_COLLAR_M2
from cv.scene.scene import Scene
from cv.scene.visibility import Visibility, VisibilityQuery
from cv.site import BERTH_BUFFER_M, Site

METHOD_VERSION = 5
"""Raised when the same scene, site and model would be counted otherwise than before."""
MAX_HULL_LENGTH_M = 400.0
"""Hulls up to this length are found whole, wherever they lie in a berth."""
_CONSTANTS = (
    METHOD_VERSION,
    MAX_HULL_LENGTH_M,
    LEVEL,
    SHARED_ERROR,
    STEEPNESS,
    CANDIDATE_FRACTION,
    BERTH_BUFFER_M,
    MIN_OVERLAP,
    LONG_BOX_M,
    MIN_VISIBLE,
    MIN_ZONE_AREA_M2,
    MIN_HULL_AREA_M2,
    MAX_GAP_M,
    MIN_COLLAR_M2,
)
"""What shapes a count beside scene, site and model."""
GSD_TOLERANCE = 0.02
"""How far a scene's GSD may leave the model's range, as a part of it: GSDs are rounded."""


@dataclass(frozen=True)
class SceneCounter:
    """What is needed to count one scene."""

    scene: Scene
    detector: Detector
    zones: Zones
    scene_info: SceneInfo

    @classmethod
    def of(cls, scene: Scene, site: Site | None, detector: Detector) -> SceneCounter:
        """The visit of `scene`; None for `site` makes the whole image one place.

        Raises CoverageError where no pier meets the scene.
        """
        if site is None:
            places = Zones.whole(scene.grid, scene.id)
        else:
            places = Zones.of_site(site, scene.grid, str(scene.path))
        header = SceneInfo(
            scene=scene.id,
            acquired=scene.acquired,
            radiometry=scene.radiometry.summary,
            model=detector.digest,
            settings=_settings(scene, site, places, detector.engine),
            calibrated=detector.card.calibrated,
        )
        return cls(scene, detector, places, header)

    def count(self) -> SceneCounts:
        """One count per place; raises SceneError for unreadable pixels, and InferenceError."""
        surveys = [self._survey(place) for place in self.zones.zones]
        fault = _out_of_range(self.zones.ground.gsd_m, self.detector.card)
        if fault:
            return self._blank(self._views(surveys), CountStatus.OUT_OF_RANGE, fault)
        with ThreadPoolExecutor(1) as aside:
            aside.submit(lambda: self.scene.digest)  # the scene keeps it
            found = self.detections([part.query for survey in surveys for part in survey.parts])
            views = self._views(surveys)
        if all(max(view.outline, view.berth or 0.0) <= MIN_VISIBLE for view in views):
            return self._blank(views, CountStatus.NOT_VISIBLE, "nothing of the pier was seen")
        tally = PierCounter.of(self.detector.card, self.zones, found)
        counts = tuple(tally.count(self.scene_info, i, view) for i, view in enumerate(views))
        return SceneCounts(
            self.scene.id,
            self.scene.digest,
            counts,
            tally.georeferenced_detections(self.scene.grid),
        )

    def failed(self, reason: str) -> SceneCounts:
        """Counts without numbers, for a scene whose counting broke off because of `reason`."""
        unknown: list[VisibleFractions | None] = [None for _ in self.zones.zones]
        return self._blank(unknown, CountStatus.FAILED, reason)

    def detections(self, errands: Sequence[SideTask] = ()) -> Detections:
        """All that the detector sees where it matters, candidates included, ground metres.

        Hulls are looked for before containers: their decks may lie beyond the berths. `errands`:
        see `Detector.detect`.
        """
        card, to_pixel = self.detector.card, self.zones.ground.to_pixel
        found = Detections.empty()
        for look in sorted(card.passes, key=lambda look: CONTAINER in look.classes):
            region = self._region_for(look, found).intersection(self.footprint)
            seen = self.detector.detect(look, self.scene, to_pixel, region, errands)
            errands = ()
            found = Detections.concatenate([found, seen])
        return found.ranked()

    def _region_for(self, look: InferencePass, hulls: Detections) -> BaseGeometry:
        """Where `look` has to look, ground metres; `hulls` are those found so far."""
        shapes: list[BaseGeometry] = []
        if HULL in look.classes:  # so far beyond its berth can the middle of a hull be, or its deck
            beyond = (1.0 if CONTAINER in look.classes else 0.5) - MIN_OVERLAP
            shapes += [p.berth.buffer(beyond * MAX_HULL_LENGTH_M) for p in self.zones.zones]
        if CONTAINER in look.classes:
            sure = hulls.scores >= np.array(self.detector.card.thresholds)[hulls.classes]
            shapes += [place.outline for place in self.zones.zones]
            shapes += list(hulls.boxes[sure].polygons())
        return shapely.union_all(shapes)

    def _blank(
        self, views: Sequence[VisibleFractions | None], status: CountStatus, reason: str
    ) -> SceneCounts:
        blanks = tuple(
            self.scene_info.blank(self.zones, i, view, status, reason)
            for i, view in enumerate(views)
        )
        return SceneCounts(self.scene.id, self.scene.digest, blanks, ())

    @property
    def footprint(self) -> BaseGeometry:
        """The scene's outline, ground metres."""
        return transform_geometry(self.scene.grid.footprint, self.zones.ground.from_pixel)

    @property
    def region(self) -> BaseGeometry:
        """The part of the scene that has to be looked at, ground metres."""
        return self.zones.region.intersection(self.footprint)

    def _survey(self, place: Zone) -> VisibilityQuery:
        region = shapely.union(*map(shapely.make_valid, (place.outline, place.berth)))
        return self.scene.visibility_query(self.zones.in_pixels(region))

    def _views(self, surveys: Sequence[VisibilityQuery]) -> list[VisibleFractions]:
        return [
            self._view(place, self.scene.visibility_of(survey))
            for place, survey in zip(self.zones.zones, surveys, strict=True)
        ]

    def _view(self, place: Zone, seen: Visibility) -> VisibleFractions:
        outline = seen.within(self.zones.in_pixels(place.outline)).fraction
        berth = None
        if place.berth.area > 0:
            berth = seen.within(self.zones.in_pixels(place.berth)).fraction
        return VisibleFractions(outline, berth, seen.basis)


def _out_of_range(gsd_m: tuple[float, float], card: ModelCard) -> str:
    """Why a scene of `gsd_m` cannot be counted by this model; empty when it can."""
    low, high = card.gsd_range_m
    inside = low * (1 - GSD_TOLERANCE) <= min(gsd_m) and max(gsd_m) <= high * (1 + GSD_TOLERANCE)
    if inside:
        return ""
    return (
        f"GSD {gsd_m[0]:.3g} x {gsd_m[1]:.3g} m is outside of {low:g} to {high:g} m, "
        f"the range of model {card.name}"
    )


def _settings(scene: Scene, site: Site | None, places: Zones, engine: InferenceEngine) -> str:
    """sha256 of what shapes the counts beside scene and model."""
    concerned = {place.name for place in places.zones}
    piers = [
        (pier.name, pier.role, pier.outline.wkb_hex, pier.berth and pier.berth.wkb_hex)
        for pier in site or ()
        if pier.name in concerned
    ]
    crs = site.crs.to_wkt() if site else None
    text = json.dumps(
        [
            _CONSTANTS,
            scene.radiometry.summary,
            scene.mask_digest,
            crs,
            piers,
            engine,
        ]
    )
    return sha256(text)
