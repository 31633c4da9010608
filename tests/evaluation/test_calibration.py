"""Calibration against evaluations drawn from a known truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from cv.detector.detections import Detections
from cv.evaluation.box_matching import IOU_THRESHOLDS, UNMATCHED, DetectionMatches
from cv.evaluation.count_calibration import fit_calibration, fit_on_chips_and_windows
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.geometry.oriented_boxes import OrientedBoxes
from tests.fixtures.fake_detectors import CARD

HALF_KM2 = shapely.box(0, 0, 1000, 500)


def boxes(count: int) -> OrientedBoxes:
    return OrientedBoxes.from_values([[20.0 * i, 0, 12, 2.4, 0] for i in range(count)])


def drawn(rng: np.random.Generator, shared: float = 0.0, missed: float = 0.0) -> ImageEvaluation:
    """An evaluation whose detections with score s are objects with probability s squared."""
    number = int(rng.integers(0, 120))
    scores = np.sort(rng.random(number))[::-1]
    odds = scores**2 * (1 + shared * rng.normal())
    hits = rng.random(number) < odds
    places = boxes(number)
    extra = rng.poisson(missed * hits.sum())
    far = OrientedBoxes.from_values(boxes(extra).values + np.array([0, 500, 0, 0, 0]))
    truth = OrientedBoxes.concatenate([places[hits], far])
    sample = EvaluationSample(
        name="drawn", path=Path("none"), gsd_m=None, kind="container", truth=truth
    )
    found = Detections(places, scores, np.zeros(number, np.int64))
    objects = np.where(hits, np.cumsum(hits) - 1, UNMATCHED)  # what Matches.of finds, but at once
    rows = np.tile(objects, (len(IOU_THRESHOLDS), 1))
    matches = DetectionMatches(scores, rows, np.ones(len(truth), bool), np.ones(rows.shape, bool))
    return ImageEvaluation(
        sample=sample,
        gsd_m=0.3,
        truth=truth,
        found=found,
        matches=matches,
        card=CARD,
        outline=shapely.box(0, 0, 100, 100),
    )


def test_drawn_matches_are_what_matching_finds():
    evaluation = drawn(np.random.default_rng(1), 0.2, 0.3)
    slowly = DetectionMatches.of(evaluation.found.boxes, evaluation.found.scores, evaluation.truth)
    assert (slowly.objects == evaluation.matches.objects).all()


@pytest.mark.parametrize(("shared", "missed"), [(0.0, 0.0), (0.25, 0.0), (0.1, 0.3)])
def test_intervals_have_their_nominal_coverage(shared, missed):
    rng = np.random.default_rng(4)
    fitted = fit_calibration([drawn(rng, shared, missed) for _ in range(400)])
    card = replace(CARD, calibrations=(fitted,))
    fresh = [replace(drawn(rng, shared, missed), card=card) for _ in range(600)]
    assert 0.86 <= np.mean([evaluation.holds_truth for evaluation in fresh]) <= 0.95


def test_the_parameters_of_simulated_evaluations_are_recovered():
    rng = np.random.default_rng(5)
    fitted = fit_calibration([drawn(rng, 0.2, 0.3) for _ in range(500)])
    for score in (0.3, 0.6, 0.9):
        assert np.interp(score, fitted.scores, fitted.probabilities) == pytest.approx(
            score**2, abs=0.05
        )
    assert fitted.missed == pytest.approx(0.3, abs=0.06)
    assert fitted.shared == pytest.approx(0.2, abs=0.1)
    assert list(fitted.probabilities) == sorted(fitted.probabilities)


def test_objects_missed_in_empty_samples_are_estimated_per_area():
    rng = np.random.default_rng(6)
    evaluations = []
    for _ in range(300):
        truth = boxes(int(rng.poisson(2.0)))
        sample = EvaluationSample(
            name="empty", path=Path("none"), gsd_m=None, kind="container", truth=truth
        )
        matches = DetectionMatches.of(OrientedBoxes.empty(), np.zeros(0), truth)
        evaluations.append(
            ImageEvaluation(
                sample=sample,
                gsd_m=0.3,
                truth=truth,
                found=Detections.empty(),
                matches=matches,
                card=CARD,
                outline=HALF_KM2,
            )
        )
    fitted = fit_calibration(evaluations)
    assert fitted.missed_per_km2 == pytest.approx(4.0, rel=0.1)
    card = replace(CARD, calibrations=(fitted,))
    assert (
        np.mean([replace(evaluation, card=card).holds_truth for evaluation in evaluations]) > 0.86
    )


def test_empty_samples_do_not_narrow_the_intervals_of_others():
    rng = np.random.default_rng(7)
    busy = [drawn(rng, 0.25) for _ in range(150)]
    sample = EvaluationSample(
        name="bare", path=Path("none"), gsd_m=None, kind="container", truth=boxes(0)
    )
    none = DetectionMatches.of(boxes(0), np.zeros(0), boxes(0))
    bare = ImageEvaluation(
        sample=sample,
        gsd_m=0.3,
        truth=boxes(0),
        found=Detections.empty(),
        matches=none,
        card=CARD,
        outline=HALF_KM2,
    )
    fitted = fit_calibration([*busy, *[bare] * 300])
    card = replace(CARD, calibrations=(fitted,))
    fresh = [replace(drawn(rng, 0.25), card=card) for _ in range(600)]
    assert np.mean([evaluation.holds_truth for evaluation in fresh]) > 0.86


def test_fewer_evaluations_give_wider_intervals():
    def coverage(count: int) -> float:
        held = []
        for seed in range(8):
            rng = np.random.default_rng(100 + seed)
            card = replace(
                CARD, calibrations=(fit_calibration([drawn(rng) for _ in range(count)]),)
            )
            held += [replace(drawn(rng), card=card).holds_truth for _ in range(50)]
        return float(np.mean(held))

    assert coverage(15) > 0.84


def test_a_weight_equals_repeating_an_evaluation():
    rng = np.random.default_rng(8)
    evaluations = [drawn(rng, 0.2, 0.3) for _ in range(40)]
    weights = rng.integers(1, 4, 40)
    often = [
        evaluation for evaluation, n in zip(evaluations, weights, strict=True) for _ in range(n)
    ]
    weighted, repeated = fit_calibration(evaluations, weights.astype(float)), fit_calibration(often)
    assert weighted.missed == pytest.approx(repeated.missed, abs=0.02)
    assert weighted.missed != pytest.approx(fit_calibration(evaluations).missed, abs=1e-4)
    for score in (0.3, 0.6, 0.9):
        probabilities = [np.interp(score, c.scores, c.probabilities) for c in (weighted, repeated)]
        assert probabilities[0] == pytest.approx(probabilities[1], abs=0.06)


def test_real_windows_have_half_of_the_weight_however_few():
    rng = np.random.default_rng(9)
    chips, windows = [drawn(rng) for _ in range(200)], [drawn(rng, 0.0, 0.4) for _ in range(20)]
    assert fit_on_chips_and_windows(chips, []).missed < 0.05
    assert fit_on_chips_and_windows(chips, windows).missed == pytest.approx(0.2, abs=0.07)
