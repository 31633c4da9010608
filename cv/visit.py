"""A visit: one scene, one site and one detector, ready to be counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.assignment import LIES_IN
from cv.counting.count import Status
from cv.counting.counts import Counts
from cv.counting.interval import LEVEL, SHARED_ERROR, STEEPNESS
from cv.counting.place import SMALLEST_M2, Place, Places, moved
from cv.counting.stacks import GAP_M
from cv.counting.tally import LEAST_HULL_M2, LONG_BOX_M, NO_VIEW, Header, Tally, View
from cv.detector.card import CONTAINER, HULL, Card, Look
from cv.detector.detections import Detections
from cv.detector.detector import CANDIDATE_SHARE, Detector
from cv.detector.engine import Engine
from cv.detector.sweep import Errand
from cv.scene.blanks import SMALLEST_BLANK_M2
from cv.scene.scene import Scene
from cv.scene.visibility import Survey, Visibility
from cv.site import BERTH_BUFFER_M, Site

METHOD_VERSION = 5
"""Raised when the same scene, site and model would be counted otherwise than before."""
LONGEST_HULL_M = 400.0
"""Hulls up to this length are found whole, wherever they lie in a berth."""
_CONSTANTS = (
    METHOD_VERSION,
    LONGEST_HULL_M,
    LEVEL,
    SHARED_ERROR,
    STEEPNESS,
    CANDIDATE_SHARE,
    BERTH_BUFFER_M,
    LIES_IN,
    LONG_BOX_M,
    NO_VIEW,
    SMALLEST_M2,
    LEAST_HULL_M2,
    GAP_M,
    SMALLEST_BLANK_M2,
)
"""What shapes a count beside scene, site and model."""
GSD_TOLERANCE = 0.02
"""How far a scene's GSD may leave the model's range, as a part of it: GSDs are rounded."""


@dataclass(frozen=True)
class Visit:
    """What is needed to count one scene."""

    scene: Scene
    detector: Detector
    places: Places
    header: Header

    @classmethod
    def of(cls, scene: Scene, site: Site | None, detector: Detector) -> Visit:
        """The visit of `scene`; None for `site` makes the whole image one place.

        Raises CoverageError where no pier meets the scene.
        """
        if site is None:
            places = Places.whole(scene.grid, scene.id)
        else:
            places = Places.of_site(site, scene.grid, str(scene.path))
        header = Header(
            scene=scene.id,
            acquired=scene.acquired,
            radiometry=scene.radiometry.summary,
            model=detector.digest,
            settings=_settings(scene, site, places, detector.engine),
            calibrated=detector.card.calibrated,
        )
        return cls(scene, detector, places, header)

    def count(self) -> Counts:
        """One count per place; raises SceneError for unreadable pixels, and InferenceError."""
        surveys = [self._survey(place) for place in self.places.places]
        fault = _out_of_range(self.places.ground.gsd_m, self.detector.card)
        if fault:
            return self._blank(self._views(surveys), Status.OUT_OF_RANGE, fault)
        with ThreadPoolExecutor(1) as aside:
            aside.submit(lambda: self.scene.digest)  # the scene keeps it
            found = self.detections([part.look for survey in surveys for part in survey.parts])
            views = self._views(surveys)
        if all(max(view.outline, view.berth or 0.0) <= NO_VIEW for view in views):
            return self._blank(views, Status.NOT_VISIBLE, "nothing of the pier was seen")
        tally = Tally.of(self.detector.card, self.places, found)
        counts = tuple(tally.count(self.header, i, view) for i, view in enumerate(views))
        return Counts(
            self.scene.id,
            self.scene.digest,
            counts,
            tally.sightings(self.scene.grid),
        )

    def failed(self, reason: str) -> Counts:
        """Counts without numbers, for a scene whose counting broke off because of `reason`."""
        unknown: list[View | None] = [None for _ in self.places.places]
        return self._blank(unknown, Status.FAILED, reason)

    def detections(self, errands: Sequence[Errand] = ()) -> Detections:
        """All that the detector sees where it matters, candidates included, ground metres.

        Hulls are looked for before containers: their decks may lie beyond the berths. `errands`:
        see `Detector.detect`.
        """
        card, to_pixel = self.detector.card, self.places.ground.to_pixel
        found = Detections.empty()
        for look in sorted(card.looks, key=lambda look: CONTAINER in look.classes):
            region = self._region_for(look, found).intersection(self.footprint)
            seen = self.detector.detect(look, self.scene, to_pixel, region, errands)
            errands = ()
            found = Detections.concatenate([found, seen])
        return found.ranked()

    def _region_for(self, look: Look, hulls: Detections) -> BaseGeometry:
        """Where `look` has to look, ground metres; `hulls` are those found so far."""
        shapes: list[BaseGeometry] = []
        if HULL in look.classes:  # so far beyond its berth can the middle of a hull be, or its deck
            beyond = (1.0 if CONTAINER in look.classes else 0.5) - LIES_IN
            shapes += [p.berth.buffer(beyond * LONGEST_HULL_M) for p in self.places.places]
        if CONTAINER in look.classes:
            sure = hulls.scores >= np.array(self.detector.card.thresholds)[hulls.classes]
            shapes += [place.outline for place in self.places.places]
            shapes += list(hulls.boxes[sure].polygons())
        return shapely.union_all(shapes)

    def _blank(self, views: Sequence[View | None], status: Status, reason: str) -> Counts:
        blanks = tuple(
            self.header.blank(self.places, i, view, status, reason) for i, view in enumerate(views)
        )
        return Counts(self.scene.id, self.scene.digest, blanks, ())

    @property
    def footprint(self) -> BaseGeometry:
        """The scene's outline, ground metres."""
        return moved(self.scene.grid.footprint, self.places.ground.from_pixel)

    @property
    def region(self) -> BaseGeometry:
        """The part of the scene that has to be looked at, ground metres."""
        return self.places.region.intersection(self.footprint)

    def _survey(self, place: Place) -> Survey:
        region = shapely.union(*map(shapely.make_valid, (place.outline, place.berth)))
        return self.scene.survey(self.places.in_pixels(region))

    def _views(self, surveys: Sequence[Survey]) -> list[View]:
        return [
            self._view(place, self.scene.judged(survey))
            for place, survey in zip(self.places.places, surveys, strict=True)
        ]

    def _view(self, place: Place, seen: Visibility) -> View:
        outline = seen.within(self.places.in_pixels(place.outline)).fraction
        berth = None
        if place.berth.area > 0:
            berth = seen.within(self.places.in_pixels(place.berth)).fraction
        return View(outline, berth, seen.basis)


def _out_of_range(gsd_m: tuple[float, float], card: Card) -> str:
    """Why a scene of `gsd_m` cannot be counted by this model; empty when it can."""
    low, high = card.gsd_range_m
    inside = low * (1 - GSD_TOLERANCE) <= min(gsd_m) and max(gsd_m) <= high * (1 + GSD_TOLERANCE)
    if inside:
        return ""
    return (
        f"GSD {gsd_m[0]:.3g} x {gsd_m[1]:.3g} m is outside of {low:g} to {high:g} m, "
        f"the range of model {card.name}"
    )


def _settings(scene: Scene, site: Site | None, places: Places, engine: Engine) -> str:
    """sha256 of what shapes the counts beside scene and model."""
    concerned = {place.name for place in places.places}
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
    return hashlib.sha256(text.encode()).hexdigest()
