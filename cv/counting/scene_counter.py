"""Count one scene: run the detector where piers and berths are, and count by pier."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.assignment import MIN_OVERLAP
from cv.counting.count import UNKNOWN, CountStatus, PierCount
from cv.counting.counts import SceneCounts
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.pier_counter import MIN_HULL_AREA_M2, MIN_VISIBLE, PierCounter, VisibleFractions
from cv.counting.stacks import MAX_GAP_M
from cv.counting.uncertainty import LEVEL, SHARED_ERROR, STEEPNESS
from cv.counting.zones import Zone, Zones
from cv.detector.detections import Detections
from cv.detector.detector import CANDIDATE_FRACTION, Detector
from cv.detector.model_card import CONTAINER, HULL, InferencePass, ModelCard
from cv.detector.runtimes.engine import InferenceEngine
from cv.geometry.container_sizes import FOOTPRINT_20FT_M2, LONG_CONTAINER_M
from cv.geometry.oriented_boxes import transform_geometry
from cv.io.hashing import sha256
from cv.registration.reference import SiteReference
from cv.registration.shift import MAX_SHIFT_M, MIN_PEAK_RATIO, MIN_SHIFT_M, estimate_shift
from cv.scene.nodata_collar import MIN_COLLAR_M2
from cv.scene.scene import Scene
from cv.site import BERTH_BUFFER_M, Site

METHOD_VERSION = 6
"""Incremented when the same scene, site and model give other counts than before."""
MAX_HULL_LENGTH_M = 400.0
"""Hulls up to this length, metres, are found whole wherever they lie in a berth."""
_CONSTANTS = (
    METHOD_VERSION,
    MAX_HULL_LENGTH_M,
    LEVEL,
    SHARED_ERROR,
    STEEPNESS,
    CANDIDATE_FRACTION,
    BERTH_BUFFER_M,
    MIN_OVERLAP,
    LONG_CONTAINER_M,
    MIN_VISIBLE,
    FOOTPRINT_20FT_M2,
    MIN_HULL_AREA_M2,
    MAX_GAP_M,
    MIN_COLLAR_M2,
    MAX_SHIFT_M,
    MIN_PEAK_RATIO,
    MIN_SHIFT_M,
)
"""Constants that shape a count; part of the digest `settings`."""
WITH_NUMBER = (CountStatus.COUNTED, CountStatus.PARTIAL)
"""Statuses of counts that have a number."""
GSD_TOLERANCE = 0.02
"""Relative tolerance at the ends of the model's GSD range: published GSDs are rounded."""


@dataclass(frozen=True)
class SceneCounter:
    """One scene with the zones and the detector to count it."""

    scene: Scene
    detector: Detector
    zones: Zones
    settings: str
    """sha256 of what else shapes the counts, see `PierCount.settings`."""
    note: str = ""
    """What limits all of its numbers; part of the reasons of counts that have one."""

    @classmethod
    def of(cls, scene: Scene, site: Site | None, detector: Detector) -> SceneCounter:
        """Prepare `scene` to be counted on the piers of `site`; None: on the whole image.

        Raises CoverageError if no pier overlaps the scene.
        """
        if site is None:
            zones = Zones.whole(scene.grid, scene.id)
        else:
            zones = Zones.of_site(site, scene.grid, str(scene.path))
        return cls(scene, detector, zones, _settings_digest(scene, site, zones, detector.engine))

    def aligned(self, reference: SiteReference | None) -> SceneCounter:
        """Return the counter whose zones lie on what the scene shows, if a shift is sure.

        Without a sure shift against `reference` the zones stay, and each count says so.

        Raises:
            SceneError: Pixels cannot be read.
        """
        if reference is None:
            return self
        shift = estimate_shift(reference, self.scene, self.scene.grid)
        if not shift.sure:
            return replace(self, note=f"its position was not confirmed by {reference.scene}")
        if math.hypot(shift.east_m, shift.north_m) < MIN_SHIFT_M:
            return replace(self, zones=self.zones.shifted(0.0, 0.0))
        return replace(self, zones=self.zones.shifted(shift.east_m, shift.north_m))

    def count(self) -> SceneCounts:
        """Return one count per zone.

        Raises:
            SceneError: Pixels cannot be read.
            RadiometryError: Nearly all pixels would be black or white.
            InferenceError: The network's output is not finite.
        """
        gsd_m = self.scene.conditions.effective_gsd_m(self.zones.ground.gsd_m)
        reason = _out_of_range(gsd_m, self.detector.card)
        if reason:
            reason = f"the delivery says: {reason}" if gsd_m != self.zones.ground.gsd_m else reason
            return self._without_numbers(self._visible(), CountStatus.OUT_OF_RANGE, reason)
        if self.scene.unfit_reasons:
            reason = "; ".join(self.scene.unfit_reasons)
            return self._without_numbers(self._visible(), CountStatus.UNFIT, reason)
        self.scene.check_radiometry(self.zones.in_pixels(self.zones.region))
        with ThreadPoolExecutor(1) as background:
            background.submit(lambda: self.scene.digest)  # which the scene caches
            visible_later = background.submit(self._visible)
            detections = self.detections()
        visible = visible_later.result()
        if not any(part.sufficient for part in visible):
            reason = "nothing of the pier was seen"
            return self._without_numbers(visible, CountStatus.NOT_VISIBLE, reason)
        counter = PierCounter.of(self.detector.card, self.zones, detections)
        counts = [
            counter.count(self._unknown(zone, part, *self._status(zone, part)), i, part)
            for i, (zone, part) in enumerate(zip(self.zones.zones, visible, strict=True))
        ]
        return self._scene_counts(counts, counter.georeferenced_detections(self.scene.grid))

    def failed(self, reason: str) -> SceneCounts:
        """Return counts without numbers, for a scene whose counting failed because of `reason`."""
        return self._without_numbers([None] * len(self.zones.zones), CountStatus.FAILED, reason)

    def detections(self) -> Detections:
        """Return all detections on and near the zones, ground metres.

        Candidates below the thresholds are included. Passes for hulls run before those for
        containers, because decks may extend beyond the berths.
        """
        card, to_pixel = self.detector.card, self.zones.ground.to_pixel
        found = Detections.empty()
        for inference_pass in sorted(card.passes, key=lambda one: CONTAINER in one.classes):
            region = self._region_for(inference_pass, found).intersection(self.footprint)
            detected = self.detector.detect(inference_pass, self.scene, to_pixel, region)
            found = Detections.concatenate([found, detected])
        return found.ranked()

    def _region_for(self, inference_pass: InferencePass, hulls: Detections) -> BaseGeometry:
        """Return the region of `inference_pass`, ground metres, given the `hulls` found before."""
        shapes: list[BaseGeometry] = []
        if HULL in inference_pass.classes:
            # the centre of a hull, or the far end of its deck, may lie this far beyond its berth
            beyond = (1.0 if CONTAINER in inference_pass.classes else 0.5) - MIN_OVERLAP
            shapes += [zone.berth.buffer(beyond * MAX_HULL_LENGTH_M) for zone in self.zones.zones]
        if CONTAINER in inference_pass.classes:
            above = hulls.scores >= np.array(self.detector.card.thresholds)[hulls.classes]
            shapes += [zone.outline for zone in self.zones.zones]
            shapes += list(hulls.boxes[above].polygons())
        return shapely.union_all(shapes)

    def _without_numbers(
        self, visible: Sequence[VisibleFractions | None], status: CountStatus, reason: str
    ) -> SceneCounts:
        zones = zip(self.zones.zones, visible, strict=True)
        return self._scene_counts([self._unknown(*zone, status, reason) for zone in zones])

    def _scene_counts(
        self, counts: Iterable[PierCount], detections: tuple[GeoreferencedDetection, ...] = ()
    ) -> SceneCounts:
        scene = self.scene
        return SceneCounts(scene.id, scene.digest, tuple(counts), detections, self.zones.aliases)

    def _unknown(
        self, zone: Zone, visible: VisibleFractions | None, status: CountStatus, reason: str
    ) -> PierCount:
        """Return a count of `zone` without numbers; `visible` is None if not known."""
        return PierCount(
            scene=self.scene.id,
            pier=zone.name,
            role=zone.role,
            acquired=self.scene.acquired,
            status=status,
            reason="; ".join(filter(None, (reason, self.note if status in WITH_NUMBER else ""))),
            visible_fraction=visible.outline if visible else None,
            berth_visible_fraction=visible.berth if visible else None,
            visibility=visible.basis if visible else "none",
            radiometry=self.scene.radiometry.summary,
            containers=UNKNOWN,
            teu=UNKNOWN,
            hulls=UNKNOWN,
            aboard=UNKNOWN,
            stacks=(),
            berthed=(),
            gsd_m=self.zones.ground.gsd_m,
            method="resolved",
            interval_level=LEVEL,
            interval_calibrated=self.detector.card.calibrated,
            model=self.detector.digest,
            settings=self.settings,
            place=zone.digest,
            shift_m=self.zones.shift_m,
        )

    @property
    def footprint(self) -> BaseGeometry:
        """Outline of the scene, ground metres."""
        return transform_geometry(self.scene.grid.footprint, self.zones.ground.from_pixel)

    def _status(self, zone: Zone, visible: VisibleFractions) -> tuple[CountStatus, str]:
        """Return status and reason: a scene with a mask that was not used is not all seen."""
        status, reason = visible.status(zone)
        if self.scene.unused_masks and status is CountStatus.COUNTED:
            status = CountStatus.PARTIAL
        return status, "; ".join(filter(None, (reason, *self.scene.notes)))

    def _visible(self) -> list[VisibleFractions]:
        return [self._visible_fractions(zone) for zone in self.zones.zones]

    def _visible_fractions(self, zone: Zone) -> VisibleFractions:
        region = shapely.union(*map(shapely.make_valid, (zone.outline, zone.berth)))
        visibility = self.scene.visibility(self.zones.in_pixels(region))
        outline, berth = (
            visibility.within(self.zones.in_pixels(part)).fraction if part.area > 0 else None
            for part in (zone.outline, zone.berth)
        )
        return VisibleFractions(outline or 0.0, berth, visibility.basis)


def _out_of_range(gsd_m: tuple[float, float], card: ModelCard) -> str:
    """Return why a scene of `gsd_m` cannot be counted by this model; empty if it can."""
    low, high = card.gsd_range_m
    if low * (1 - GSD_TOLERANCE) <= min(gsd_m) and max(gsd_m) <= high * (1 + GSD_TOLERANCE):
        return ""
    return (
        f"GSD {gsd_m[0]:.3g} x {gsd_m[1]:.3g} m is outside of {low:g} to {high:g} m, "
        f"the range of model {card.name}"
    )


def _settings_digest(scene: Scene, site: Site | None, zones: Zones, engine: InferenceEngine) -> str:
    """Return the sha256 of what shapes the counts apart from scene and model."""
    counted = {zone.name for zone in zones.zones}
    piers = [
        (pier.name, pier.role, pier.outline.wkb_hex, pier.berth and pier.berth.wkb_hex)
        for pier in site or ()
        if pier.name in counted
    ]
    crs = site.crs.to_wkt() if site else None
    text = [_CONSTANTS, scene.radiometry.summary, scene.mask_digest, crs, piers, engine]
    said = [*scene.unfit_reasons, *scene.notes]
    return sha256(json.dumps([*text, *said]))
