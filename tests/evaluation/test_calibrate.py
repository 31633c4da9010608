"""Calibration against exams drawn from a known truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from stand_ins import CARD

from cv.detector.detections import Detections
from cv.evaluation.calibrate import calibrate
from cv.evaluation.exam import Exam, Question
from cv.evaluation.matching import Matches
from cv.geometry.boxes import OrientedBoxes

HALF_KM2 = shapely.box(0, 0, 1000, 500)


def boxes(count: int) -> OrientedBoxes:
    return OrientedBoxes.from_values([[20.0 * i, 0, 12, 2.4, 0] for i in range(count)])


def drawn(rng: np.random.Generator, shared: float = 0.0, missed: float = 0.0) -> Exam:
    """An exam whose detections with score s are objects with probability s squared."""
    number = int(rng.integers(0, 120))
    scores = np.sort(rng.random(number))[::-1]
    odds = scores**2 * (1 + shared * rng.normal())
    hits = rng.random(number) < odds
    places = boxes(number)
    extra = rng.poisson(missed * hits.sum())
    far = OrientedBoxes.from_values(boxes(extra).values + np.array([0, 500, 0, 0, 0]))
    truth = OrientedBoxes.concatenate([places[hits], far])
    question = Question("drawn", Path("none"), None, "container", truth)
    found = Detections(places, scores, np.zeros(number, np.int64))
    matches = Matches.of(places, scores, truth)
    return Exam(question, 0.3, truth, found, matches, CARD, shapely.box(0, 0, 100, 100))


@pytest.mark.parametrize(("shared", "missed"), [(0.0, 0.0), (0.25, 0.0), (0.1, 0.3)])
def test_intervals_hold_as_often_as_they_say(shared, missed):
    rng = np.random.default_rng(4)
    told = calibrate([drawn(rng, shared, missed) for _ in range(400)])
    card = replace(CARD, calibrations=(told,))
    fresh = [replace(drawn(rng, shared, missed), card=card) for _ in range(600)]
    assert 0.86 <= np.mean([exam.holds_truth for exam in fresh]) <= 0.95


def test_probabilities_missed_and_shared_are_found():
    rng = np.random.default_rng(5)
    told = calibrate([drawn(rng, 0.2, 0.3) for _ in range(500)])
    for score in (0.3, 0.6, 0.9):
        assert np.interp(score, told.scores, told.probabilities) == pytest.approx(
            score**2, abs=0.05
        )
    assert told.missed == pytest.approx(0.3, abs=0.06)
    assert told.shared == pytest.approx(0.2, abs=0.1)
    assert list(told.probabilities) == sorted(told.probabilities)


def test_what_is_missed_where_nothing_is_found_goes_by_area():
    rng = np.random.default_rng(6)
    exams = []
    for _ in range(300):
        truth = boxes(int(rng.poisson(2.0)))
        question = Question("empty", Path("none"), None, "container", truth)
        matches = Matches.of(OrientedBoxes.empty(), np.zeros(0), truth)
        exams.append(Exam(question, 0.3, truth, Detections.empty(), matches, CARD, HALF_KM2))
    told = calibrate(exams)
    assert told.missed_per_km2 == pytest.approx(4.0, rel=0.1)
    card = replace(CARD, calibrations=(told,))
    assert np.mean([replace(exam, card=card).holds_truth for exam in exams]) > 0.86
