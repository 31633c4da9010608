"""An exam: one image with labels of one class, and what a detector says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from cv.counting.count import Estimate
from cv.counting.scene_counter import SceneCounter
from cv.counting.stacks import touching_groups
from cv.counting.uncertainty import detection_probabilities, estimate_count
from cv.counting.zones import Zone, Zones, transform_geometry
from cv.detector.detections import Detections
from cv.detector.detector import CANDIDATE_FRACTION, Detector
from cv.detector.model_card import ModelCard
from cv.evaluation.matching import IOU_THRESHOLDS, DetectionMatches
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import Floats, OrientedBoxes, map_points
from cv.geometry.overlap import intersecting_pairs, pairwise_ious
from cv.scene.scene import Scene
from cv.site import PierRole

IDENTITY = Affine.identity()


@dataclass(frozen=True, eq=False)
class EvaluationSample:
    """One image, and all objects of one class in a part of it, in pixels (x, y) of the image."""

    name: str
    path: Path
    gsd_m: tuple[float, float] | None
    """Metres a pixel along x and y; None where the image is georeferenced."""
    kind: str
    """Class."""
    truth: OrientedBoxes
    """The objects, pixels."""
    region: BaseGeometry | None = None
    """What is labelled completely: an object is judged if its middle lies in it. None: all."""
    least_m: float = 0.0
    """Shorter objects, labelled or found, are not judged, metres."""
    margin_px: float | None = None
    """Objects that reach so near to the edge of the image are not judged; None: all are."""


@dataclass(frozen=True, eq=False)
class ImageEvaluation:
    """What is right and wrong in the answer to one question, in ground metres."""

    sample: EvaluationSample
    gsd_m: float
    """Metres a pixel, the coarser of both axes."""
    truth: OrientedBoxes
    """The objects that are judged."""
    found: Detections
    """The detections that are judged, candidates below the threshold included, best first."""
    matches: DetectionMatches
    """Which of `found` is which of `truth`."""
    card: ModelCard
    """Of the model that answered."""
    outline: BaseGeometry
    """What was judged, ground metres."""
    to_pixel: Affine = IDENTITY
    """Ground metres to pixels (x, y) of the image."""

    @property
    def threshold(self) -> float:
        """Least score of what is counted."""
        return self.card.threshold(self.sample.kind)

    def at(self, threshold: float) -> ImageEvaluation:
        """The answer of a model with another threshold: candidates below its share are dropped.

        Those that this answer has not cannot come back: `threshold` should be the higher one.
        """
        kinds = zip(self.card.classes, self.card.thresholds, strict=True)
        thresholds = tuple(threshold if k == self.sample.kind else t for k, t in kinds)
        least = CANDIDATE_FRACTION * threshold
        return replace(
            self,
            card=replace(self.card, thresholds=thresholds),
            found=self.found[self.found.scores >= least],
            matches=self.matches.above(least),
        )

    @property
    def true(self) -> int:
        """Number of objects."""
        return len(self.truth)

    @property
    def area_km2(self) -> float:
        """What was judged, square kilometres."""
        return float(self.outline.area) / 1e6

    def within(self, window: BaseGeometry) -> ImageEvaluation:
        """The part of this exam whose objects have their middle in `window`, ground metres."""
        outline = self.outline.intersection(window)
        truth = self.truth[_inside(self.truth, outline)]
        found = self.found[_inside(self.found.boxes, outline)]
        matches = DetectionMatches.of(found.boxes, found.scores, truth)
        return replace(self, truth=truth, found=found, matches=matches, outline=outline)

    def windows(self, side_m: float) -> list[ImageEvaluation]:
        """Squares of `side_m` metres, of which at least half was judged, as exams of their own."""
        left, top, right, bottom = self.outline.bounds
        squares = [
            shapely.box(x, y, x + side_m, y + side_m)
            for y in np.arange(top, bottom, side_m)
            for x in np.arange(left, right, side_m)
        ]
        parts = [self.within(square) for square in squares]
        return [part for part in parts if part.outline.area >= side_m**2 / 2]

    @property
    def estimate(self) -> Estimate:
        """The count with its interval, as the product gives it."""
        calibration = self.card.calibration(self.sample.kind)
        scores = self.found.scores
        chances = detection_probabilities(scores, self.threshold, calibration)
        ones = np.ones(len(scores))
        return estimate_count(ones, chances, scores >= self.threshold, self.area_km2, calibration)

    @property
    def counted(self) -> int:
        """Detections of at least the threshold."""
        return int((self.found.scores >= self.threshold).sum())

    @property
    def holds_truth(self) -> bool:
        """Whether the interval contains the true number."""
        told = self.estimate
        return told.low is not None and told.high is not None and told.low <= self.true <= told.high

    def stacks(self) -> list[tuple[int, int]]:
        """True and counted number in each group of two and more objects that touch.

        A detection counts in the group whose hull, widened by a metre, holds its middle.
        """
        kept = self.found.boxes[self.found.scores >= self.threshold]
        middles = shapely.points(kept.centers)
        group = touching_groups(self.truth)
        pairs = []
        for number in np.unique(group):
            members = self.truth[group == number]
            if len(members) > 1:
                around = shapely.union_all(members.polygons()).convex_hull.buffer(1.0)
                pairs.append((len(members), int(shapely.intersects(around, middles).sum())))
        return pairs


def evaluate_image(question: EvaluationSample, detector: Detector) -> ImageEvaluation:
    """The exam of `detector` in `question`; raises SceneError and InferenceError."""
    asked = detector.only(question.kind)
    with Scene.open(question.path, question.gsd_m) as scene:
        ground = scene.grid.local_plane()
        outline = transform_geometry(_region(question, scene.grid), ground.from_pixel)
        place = Zone(question.name, PierRole.YARD, outline, outline, True, "")
        visit = SceneCounter.of(scene, None, asked)
        found = SceneCounter(scene, asked, Zones(ground, (place,)), visit.scene_info).detections()
        return score_detections(question, scene.grid, found, asked.card)


def score_detections(
    question: EvaluationSample, grid: Grid, found: Detections, card: ModelCard
) -> ImageEvaluation:
    """The exam of whoever answered `question`, on an image with `grid`, with `found`.

    `found` lies in ground metres; its classes are those of `card`, which has the threshold, and the
    calibration if there is one.
    """
    ground = grid.local_plane()
    outline = transform_geometry(_region(question, grid), ground.from_pixel)
    boxes = OrientedBoxes.from_corners(map_points(ground.from_pixel, question.truth.corners()))
    edge = None
    if question.margin_px is not None:
        inner = grid.footprint.buffer(-question.margin_px, join_style="mitre")
        edge = transform_geometry(inner, ground.from_pixel)
    chosen = found[found.classes == card.classes.index(question.kind)]
    asked = _judged(boxes, outline, edge, question.least_m)
    alone = _judged(chosen.boxes, outline, edge, question.least_m)
    chosen = chosen[scored_mask(chosen.boxes, alone, boxes, asked)].ranked()
    boxes = boxes[asked]
    matches = DetectionMatches.of(chosen.boxes, chosen.scores, boxes)
    return ImageEvaluation(
        question, max(ground.gsd_m), boxes, chosen, matches, card, outline, ground.to_pixel
    )


def _region(question: EvaluationSample, grid: Grid) -> BaseGeometry:
    """What is judged of the image, its pixels."""
    if question.region is None:
        return grid.footprint
    return question.region.intersection(grid.footprint)


def _inside(boxes: OrientedBoxes, outline: BaseGeometry) -> np.ndarray:
    inside: np.ndarray = shapely.intersects(outline, shapely.points(boxes.centers))
    return inside


def _judged(
    boxes: OrientedBoxes, outline: BaseGeometry, edge: BaseGeometry | None, least_m: float
) -> np.ndarray:
    inside = _inside(boxes, outline)
    if edge is not None:
        inside &= shapely.contains(edge, boxes.polygons())
    judged: np.ndarray = inside & (boxes.lengths >= least_m)
    return judged


def scored_mask(
    found: OrientedBoxes, alone: np.ndarray, truth: OrientedBoxes, asked: np.ndarray
) -> np.ndarray:
    """Which of `found` are judged: those of objects that are `asked` for, whatever their size.

    Those of other objects are not; those of none are where they are judged `alone` (as in COCO).
    """
    i, j = intersecting_pairs(found, truth)
    same = pairwise_ious(found[i], truth[j]) >= IOU_THRESHOLDS[0]
    of_asked, of_other = np.zeros(len(found), bool), np.zeros(len(found), bool)
    of_asked[i[same & asked[j]]] = True
    of_other[i[same & ~asked[j]]] = True
    judged: np.ndarray = of_asked | (alone & ~of_other)
    return judged


def widths_px(exams: Sequence[ImageEvaluation]) -> Floats:
    """(objects,) widths of all objects of `exams` in pixels of their images."""
    parts = [exam.truth.widths / exam.gsd_m for exam in exams]
    return np.concatenate([np.zeros(0), *parts])
