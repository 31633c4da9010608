"""Count one scene: run the detector where piers and berths are, and count by pier."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.box_sizes import MIN_BOXES, MIN_FITTING, gsd_contradiction
from cv.counting.container_stacks import MAX_GAP_M
from cv.counting.detection_assignment import MIN_OVERLAP
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.judged_image import JudgedImage
from cv.counting.pier_count import UNKNOWN, CountStatus, PierCount
from cv.counting.pier_counter import MIN_AFLOAT, PierCounter, misplaced_hulls
from cv.counting.pier_zones import Zone, Zones
from cv.counting.scene_counts import SceneCounts
from cv.counting.seen_ground import (
    MAX_UNFIT,
    MIN_HULL_AREA_M2,
    MIN_UNFIT,
    MIN_VISIBLE,
    SeenZone,
    see_zone,
)
from cv.counting.uncertainty import (
    CLEAR_RECALL,
    CONTAINER_DENSITY,
    HULL_DENSITY,
    LEAST_RECALL,
    LEVEL,
    RECALL_SPREAD,
    SHARED_ERROR,
    STEEPNESS,
    TEU_DENSITY,
)
from cv.detector.detections import Detections
from cv.detector.detector import CANDIDATE_FRACTION, Detector
from cv.detector.model_card import CONTAINER, HULL, InferencePass, ModelCard
from cv.detector.runtimes.engine import InferenceEngine
from cv.geometry.container_sizes import FOOTPRINT_20FT_M2, LONG_CONTAINER_M
from cv.geometry.image_patch import PatchSource
from cv.geometry.oriented_boxes import OrientedBoxes, transform_geometry
from cv.image_fitness.fitness_model import FitnessModel, released_judge
from cv.image_fitness.ground_fitness import NOT_JUDGED, GroundFitness
from cv.image_fitness.structure import MIN_STRUCTURE
from cv.io.hashing import sha256
from cv.registration.ground_reference import SiteReference
from cv.registration.scene_shift import MAX_SHIFT_M, MIN_PEAK_RATIO, MIN_SHIFT_M, estimate_shift
from cv.scene.enhancement import MAX_RANGE, MIN_NOISE, SMOOTHING_M
from cv.scene.nodata_collar import MIN_COLLAR_M2
from cv.scene.scene import Scene
from cv.scene.visibility import Visibility
from cv.site import BERTH_BUFFER_M, Site

METHOD_VERSION = 8
"""Incremented when the same scene, site and model give other counts than before."""
METHOD = f"resolved {METHOD_VERSION}"
"""The method of these counts, see `PierCount.method`."""
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
    MAX_UNFIT,
    MIN_UNFIT,
    MIN_STRUCTURE,
    CLEAR_RECALL,
    RECALL_SPREAD,
    LEAST_RECALL,
    astuple(CONTAINER_DENSITY),
    astuple(TEU_DENSITY),
    astuple(HULL_DENSITY),
    MAX_RANGE,
    MIN_NOISE,
    SMOOTHING_M,
    MIN_BOXES,
    MIN_FITTING,
    MIN_AFLOAT,
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
    judge: FitnessModel
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
        judge = released_judge()
        settings = _settings_digest(scene, site, zones, detector.engine, judge)
        return cls(scene, detector, zones, judge, settings)

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
            return self._not_judged(CountStatus.OUT_OF_RANGE, reason)
        if self.scene.unfit_reasons:
            return self._not_judged(CountStatus.UNFIT, "; ".join(self.scene.unfit_reasons))
        self.scene.check_radiometry(self.zones.in_pixels(self.zones.region))
        with ThreadPoolExecutor(1) as background:
            background.submit(lambda: self.scene.digest)  # which the scene caches
            visible_later = background.submit(self._visibilities)
            judged = JudgedImage.of(self.scene, self.zones, self.judge)
            detections = self.detections(judged.image)
        card = self.detector.card
        misplaced = misplaced_hulls(card, self.zones, detections)
        seen = self._seen(visible_later.result(), judged.fitness, misplaced.boxes)
        counter = PierCounter.of(card, self.zones, seen, detections)
        counts = self._counts(counter)
        piers = tuple(replace(count, radiometry=judged.radiometry) for count in counts)
        return replace(counts, piers=piers)

    def failed(self, reason: str) -> SceneCounts:
        """Return counts without numbers, for a scene whose counting failed because of `reason`."""
        return self._without_numbers([None] * len(self.zones.zones), CountStatus.FAILED, reason)

    def detections(self, image: PatchSource) -> Detections:
        """Return all detections on and near the zones in `image`, ground metres.

        Candidates below the thresholds are included. Passes for hulls run before those for
        containers, because decks may extend beyond the berths.
        """
        card, to_pixel = self.detector.card, self.zones.ground.to_pixel
        found = Detections.empty()
        for inference_pass in sorted(card.passes, key=lambda one: CONTAINER in one.classes):
            region = self._region_for(inference_pass, found).intersection(self.footprint)
            detected = self.detector.detect(inference_pass, image, to_pixel, region)
            found = Detections.concatenate([found, detected])
        return found.ranked()

    def _region_for(self, inference_pass: InferencePass, hulls: Detections) -> BaseGeometry:
        """Return the region of `inference_pass`, ground metres, given the `hulls` found before."""
        shapes: list[BaseGeometry] = []
        if HULL in inference_pass.classes:
            # the centre of a hull, or the far end of its deck, may lie this far beyond its berth
            beyond = (1.0 if CONTAINER in inference_pass.classes else 0.5) - MIN_OVERLAP
            around = [
                # a hull on land shows that an outline is off
                zone.outline.buffer(BERTH_BUFFER_M) if zone.berth.is_empty else zone.berth
                for zone in self.zones.zones
            ]
            shapes += [place.buffer(beyond * MAX_HULL_LENGTH_M) for place in around]
        if CONTAINER in inference_pass.classes:
            above = hulls.scores >= np.array(self.detector.card.thresholds)[hulls.classes]
            shapes += [zone.outline for zone in self.zones.zones]
            shapes += list(hulls.boxes[above].polygons())
        return shapely.union_all(shapes)

    def _counts(self, counter: PierCounter) -> SceneCounts:
        """Return the counts of what `counter` has assigned, and what contradicts them."""
        contradiction = gsd_contradiction(counter.container_lengths, self.zones.ground.gsd_m)
        if contradiction:
            return self._without_numbers(counter.seen, CountStatus.UNFIT, contradiction)
        zones = list(zip(self.zones.zones, counter.seen, strict=True))
        unknown = [self._unknown(*zone, *self._status(*zone)) for zone in zones]
        if all(count.status is CountStatus.NOT_VISIBLE for count in unknown):
            nothing = "nothing of the pier was seen"
            return self._scene_counts(
                replace(count, reason=f"{nothing}{seen.hidden_by(seen.outline)}")
                for count, seen in zip(unknown, counter.seen, strict=True)
            )
        if not any(seen.known for seen in counter.seen):
            return self._scene_counts(unknown)
        counts = [counter.count(count, index) for index, count in enumerate(unknown)]
        return self._scene_counts(counts, counter.georeferenced_detections(self.scene.grid))

    def _without_numbers(
        self, seen: Sequence[SeenZone | None], status: CountStatus, reason: str
    ) -> SceneCounts:
        zones = zip(self.zones.zones, seen, strict=True)
        return self._scene_counts([self._unknown(*zone, status, reason) for zone in zones])

    def _scene_counts(
        self, counts: Iterable[PierCount], detections: tuple[GeoreferencedDetection, ...] = ()
    ) -> SceneCounts:
        scene, zones = self.scene, self.zones
        return SceneCounts(
            scene.id, scene.digest, tuple(counts), detections, zones.aliases, zones.distant
        )

    def _unknown(
        self, zone: Zone, seen: SeenZone | None, status: CountStatus, reason: str
    ) -> PierCount:
        """Return a count of `zone` without numbers; `seen` is None if not known."""
        fraction, berth_fraction = seen.fractions if seen else (None, None)
        return PierCount(
            scene=self.scene.id,
            pier=zone.name,
            role=zone.role,
            acquired=self.scene.acquired,
            status=status,
            reason="; ".join(filter(None, (reason, self.note if status in WITH_NUMBER else ""))),
            visible_fraction=fraction,
            berth_visible_fraction=berth_fraction,
            visibility=seen.basis if seen else "none",
            radiometry=self.scene.radiometry.summary,
            containers=UNKNOWN,
            teu=UNKNOWN,
            hulls=UNKNOWN,
            aboard=UNKNOWN,
            stacks=(),
            berthed=(),
            gsd_m=self.zones.ground.gsd_m,
            method=METHOD,
            interval_level=LEVEL,
            interval_calibrated=self.detector.card.calibrated,
            model=self.detector.digest,
            settings=self.settings,
            place=zone.digest,
            shift_m=self.zones.shift_m,
            unseen=seen.unseen if seen else None,
        )

    @property
    def footprint(self) -> BaseGeometry:
        """Outline of the scene, ground metres."""
        return transform_geometry(self.scene.grid.footprint, self.zones.ground.from_pixel)

    def _status(self, zone: Zone, seen: SeenZone) -> tuple[CountStatus, str]:
        """Return status and reason, with what the scene's notes say."""
        status, reason = seen.status(zone)
        return status, "; ".join(filter(None, (reason, *self.scene.notes)))

    def _not_judged(self, status: CountStatus, reason: str) -> SceneCounts:
        """Return counts without numbers, for a scene whose pixels need not be judged."""
        seen = self._seen(self._visibilities(), NOT_JUDGED, OrientedBoxes.empty())
        return self._without_numbers(seen, status, reason)

    def _visibilities(self) -> list[Visibility]:
        """Return the visibility of pier and berth together, by zone."""
        return [
            self.scene.visibility(self.zones.in_pixels(zone.region)) for zone in self.zones.zones
        ]

    def _seen(
        self,
        visibilities: Sequence[Visibility],
        fitness: GroundFitness,
        misplaced: OrientedBoxes,
    ) -> tuple[SeenZone, ...]:
        """Return what the scene shows of each zone, given `misplaced` hulls (ground metres)."""
        hulls, all_known = shapely.union_all(misplaced.polygons()), not self.scene.unused_masks
        return tuple(
            see_zone(zone, self.zones, self.scene.grid, visibility, fitness, hulls, all_known)
            for zone, visibility in zip(self.zones.zones, visibilities, strict=True)
        )


def _out_of_range(gsd_m: tuple[float, float], card: ModelCard) -> str:
    """Return why a scene of `gsd_m` cannot be counted by this model; empty if it can."""
    low, high = card.gsd_range_m
    if low * (1 - GSD_TOLERANCE) <= min(gsd_m) and max(gsd_m) <= high * (1 + GSD_TOLERANCE):
        return ""
    return (
        f"GSD {gsd_m[0]:.3g} x {gsd_m[1]:.3g} m is outside of {low:g} to {high:g} m, "
        f"the range of model {card.name}: count an image within it"
    )


def _settings_digest(
    scene: Scene, site: Site | None, zones: Zones, engine: InferenceEngine, judge: FitnessModel
) -> str:
    """Return the sha256 of what shapes the counts apart from scene and model."""
    counted = {zone.name for zone in zones.zones}
    piers = [
        (pier.name, pier.role, pier.outline.wkb_hex, pier.berth and pier.berth.wkb_hex)
        for pier in site or ()
        if pier.name in counted
    ]
    crs = site.crs.to_wkt() if site else None
    text = [
        _CONSTANTS,
        scene.radiometry.summary,
        scene.mask_digest,
        crs,
        piers,
        engine,
        judge.digest,
        *scene.unfit_reasons,
        *scene.notes,
    ]
    return sha256(json.dumps(text))
