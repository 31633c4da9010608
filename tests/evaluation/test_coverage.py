"""Coverage by hand, and scenes judged by intervals in which they had no part."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from cv.detector.detections import Detections
from cv.detector.model_card import Calibration
from cv.evaluation.box_matching import DetectionMatches
from cv.evaluation.count_calibration import with_intervals
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.evaluation.interval_coverage import IntervalCoverage
from cv.geometry.oriented_boxes import OrientedBoxes
from tests.fixtures.fake_detectors import CARD

SURE = Calibration(kind="container", scores=(0.0, 1.0), probabilities=(1.0, 1.0))
"""Every detection is an object, none is missed: intervals without any width."""


def boxes(count: int) -> OrientedBoxes:
    return OrientedBoxes.from_values([[20.0 * i, 0, 12, 2.4, 0] for i in range(count)])


def evaluation(true: int, found: int) -> ImageEvaluation:
    sample = EvaluationSample(
        name="made up", path=Path("none"), gsd_m=None, kind="container", truth=boxes(true)
    )
    scores = np.full(found, 0.8)
    detections = Detections(boxes(found), scores, np.zeros(found, np.int64))
    matches = DetectionMatches.of(boxes(found), scores, boxes(true))
    return ImageEvaluation(
        sample=sample,
        gsd_m=0.3,
        truth=boxes(true),
        found=detections,
        matches=matches,
        card=CARD,
        outline=shapely.box(0, 0, 99, 99),
    )


def test_coverage_by_hand():
    numbers = (10, 10), (10, 8), (0, 0), (0, 0)
    evaluations = [with_intervals(evaluation(*pair), SURE) for pair in numbers]
    assert IntervalCoverage.of(evaluations) == IntervalCoverage(4, 0.75, 2, 0.5, 0.0)
    wide = replace(SURE, shared=0.2)
    one = with_intervals(evaluation(10, 8), wide)
    low, high = one.estimate.low, one.estimate.high
    assert IntervalCoverage.of([one]).width == pytest.approx((high - low) / 10)
    assert IntervalCoverage.of(evaluations).error == pytest.approx(math.sqrt(0.75 * 0.25 / 4))
    assert math.isnan(IntervalCoverage.of([]).covered)
    assert "0.750 of 4" in str(IntervalCoverage.of(evaluations))
