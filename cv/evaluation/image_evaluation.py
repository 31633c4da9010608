"""Evaluate a detector on one image with ground truth of one class."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from cv.counting.container_stacks import touching_groups
from cv.counting.pier_count import Estimate
from cv.counting.pier_zones import Zone, Zones
from cv.counting.scene_counter import SceneCounter
from cv.counting.uncertainty import estimate_count
from cv.detector.detections import Detections
from cv.detector.detector import CANDIDATE_FRACTION, Detector
from cv.detector.model_card import ModelCard
from cv.evaluation.box_matching import IOU_THRESHOLDS, DetectionMatches
from cv.geometry.arrays import BoolArray
from cv.geometry.box_overlap import intersecting_pairs, pairwise_ious
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import OrientedBoxes, map_points, transform_geometry
from cv.scene.scene import Scene


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationSample:
    """One image with all objects of one class in a region of it, in pixels (x, y) of the image."""

    name: str
    path: Path
    gsd_m: tuple[float, float] | None
    """Metres per pixel along x and y; None for a georeferenced image."""
    kind: str
    """Class name."""
    truth: OrientedBoxes
    """The objects, pixels."""
    region: BaseGeometry | None = None
    """Completely labelled region, pixels: objects are scored if their centre lies in it. None: the
    whole image."""
    min_length_m: float = 0.0
    """Shorter objects, labelled or detected, are ignored, metres."""
    margin_px: float | None = None
    """Objects nearer than this to the edge of the image are ignored; None: none are."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageEvaluation:
    """Detections in one sample, matched to its ground truth, in ground metres."""

    sample: EvaluationSample
    gsd_m: float
    """Metres per pixel, the coarser of both axes."""
    truth: OrientedBoxes
    """The scored objects."""
    found: Detections
    """The scored detections by falling score, including candidates below the threshold."""
    matches: DetectionMatches
    """Matches of `found` and `truth`."""
    card: ModelCard
    """Card of the evaluated model."""
    outline: BaseGeometry
    """The scored region, ground metres."""
    to_pixel: Affine = field(default_factory=Affine.identity)
    """Ground metres to pixels (x, y) of the image."""

    @property
    def threshold(self) -> float:
        """Minimum score of a counted detection."""
        return self.card.threshold(self.sample.kind)

    def at(self, threshold: float) -> ImageEvaluation:
        """Return the evaluation at another, higher threshold.

        Candidates below `CANDIDATE_FRACTION` of it are dropped, as a detector would.
        """
        by_class = zip(self.card.classes, self.card.thresholds, strict=True)
        thresholds = tuple(threshold if k == self.sample.kind else t for k, t in by_class)
        card, min_score = replace(self.card, thresholds=thresholds), CANDIDATE_FRACTION * threshold
        found = self.found[self.found.scores >= min_score]
        return replace(self, card=card, found=found, matches=self.matches.above(min_score))

    @property
    def true(self) -> int:
        """Number of objects."""
        return len(self.truth)

    @property
    def area_km2(self) -> float:
        """Area of the scored region, square kilometres."""
        return float(self.outline.area) / 1e6

    @property
    def shorter_side_m(self) -> float:
        """Shorter side of the scored region along its axes, metres."""
        left, top, right, bottom = self.outline.bounds
        return float(min(right - left, bottom - top))

    def within(self, window: BaseGeometry) -> ImageEvaluation:
        """Return the evaluation of the objects with centres in `window` (ground metres)."""
        outline = self.outline.intersection(window)
        truth = self.truth[_inside(self.truth, outline)]
        found = self.found[_inside(self.found.boxes, outline)]
        matches = DetectionMatches.of(found.boxes, found.scores, truth)
        return replace(self, truth=truth, found=found, matches=matches, outline=outline)

    def windows(self, side_m: float) -> list[ImageEvaluation]:
        """Return the evaluations of squares of `side_m` metres, at least half of them scored."""
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
        """The count with its interval, as `count` reports it."""
        scores, calibration = self.found.scores, self.card.calibration(self.sample.kind)
        ones = np.ones(len(scores))
        return estimate_count(ones, scores, self.threshold, self.area_km2, calibration)

    @property
    def counted(self) -> int:
        """Number of detections above the threshold."""
        return int((self.found.scores >= self.threshold).sum())

    @property
    def holds_truth(self) -> bool:
        """Whether the interval contains the true number."""
        estimate = self.estimate
        return (estimate.low or 0.0) <= self.true <= (estimate.high or 0.0)

    def stacks(self) -> list[tuple[int, int]]:
        """Return true and counted number in each group of at least two touching objects.

        A detection counts in a group if its centre lies in the convex hull of the group, widened
        by a metre.
        """
        kept = self.found.boxes[self.found.scores >= self.threshold]
        centers = shapely.points(kept.centers)
        group = touching_groups(self.truth)
        pairs = []
        for number in np.unique(group):
            members = self.truth[group == number]
            if len(members) > 1:
                outline = shapely.union_all(members.polygons()).convex_hull.buffer(1.0)
                pairs.append((len(members), int(shapely.intersects(outline, centers).sum())))
        return pairs


def evaluate_image(sample: EvaluationSample, detector: Detector) -> ImageEvaluation:
    """Run `detector` on `sample` and score it; raises SceneError and InferenceError."""
    detector = detector.only(sample.kind)
    with Scene.open(sample.path, sample.gsd_m) as scene:
        ground = scene.grid.local_plane()
        outline = transform_geometry(_region(sample, scene.grid), ground.from_pixel)
        counter = replace(
            SceneCounter.of(scene, None, detector),
            zones=Zones(ground, (Zone.undivided(sample.name, outline),)),
        )
        return score_detections(sample, scene.grid, counter.detections(scene), detector.card)


def score_detections(
    sample: EvaluationSample, grid: Grid, found: Detections, card: ModelCard
) -> ImageEvaluation:
    """Score detections of any origin against the ground truth of `sample`, an image with `grid`.

    `found` are in ground metres, with the classes of `card`, which also has the threshold and, if
    any, the calibration.
    """
    ground = grid.local_plane()
    outline = transform_geometry(_region(sample, grid), ground.from_pixel)
    boxes = OrientedBoxes.from_corners(map_points(ground.from_pixel, sample.truth.corners()))
    edge = None
    if sample.margin_px is not None:
        inner = grid.footprint.buffer(-sample.margin_px, join_style="mitre")
        edge = transform_geometry(inner, ground.from_pixel)
    chosen = found[found.classes == card.classes.index(sample.kind)]
    scored_truth, in_scope = (
        _in_scope(one, outline, edge, sample.min_length_m) for one in (boxes, chosen.boxes)
    )
    chosen = chosen[scored_mask(chosen.boxes, in_scope, boxes, scored_truth)].ranked()
    boxes = boxes[scored_truth]
    return ImageEvaluation(
        sample=sample,
        gsd_m=max(ground.gsd_m),
        truth=boxes,
        found=chosen,
        matches=DetectionMatches.of(chosen.boxes, chosen.scores, boxes),
        card=card,
        outline=outline,
        to_pixel=ground.to_pixel,
    )


def _region(sample: EvaluationSample, grid: Grid) -> BaseGeometry:
    """Return the scored region, pixels of the image."""
    if sample.region is None:
        return grid.footprint
    return sample.region.intersection(grid.footprint)


def _inside(boxes: OrientedBoxes, outline: BaseGeometry) -> BoolArray:
    """Return which (n,) of `boxes` have their centre in `outline`."""
    return np.asarray(shapely.intersects(outline, shapely.points(boxes.centers)))


def _in_scope(
    boxes: OrientedBoxes, outline: BaseGeometry, edge: BaseGeometry | None, min_length_m: float
) -> BoolArray:
    """Return which (n,) of `boxes` are in region, whole and long enough to be scored."""
    inside = _inside(boxes, outline)
    if edge is not None:
        inside &= shapely.contains(edge, boxes.polygons())
    return np.asarray(inside & (boxes.lengths >= min_length_m))


def scored_mask(
    found: OrientedBoxes, in_scope: BoolArray, truth: OrientedBoxes, scored_truth: BoolArray
) -> BoolArray:
    """Return which (n,) of `found` are scored, as in COCO.

    Detections of scored objects are, whatever their own size; detections of ignored objects are
    not; all others are scored if they are `in_scope` (n,). `scored_truth` (m,) is False for ignored
    objects.
    """
    i, j = intersecting_pairs(found, truth)
    same = pairwise_ious(found[i], truth[j]) >= IOU_THRESHOLDS[0]
    of_scored, of_ignored = np.zeros(len(found), bool), np.zeros(len(found), bool)
    of_scored[i[same & scored_truth[j]]] = True
    of_ignored[i[same & ~scored_truth[j]]] = True
    return np.asarray(of_scored | (in_scope & ~of_ignored))
