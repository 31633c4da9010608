"""Confidences: calibrated by kind, in the order of the model's probabilities, and never certain."""

from __future__ import annotations

import numpy as np
import pytest

from cv.events.confidence import (
    CALIBRATIONS,
    LEAST_STATED,
    LogisticCalibration,
    calibrated,
    is_stated,
)
from cv.events.event import EventKind

PROBABILITIES = np.linspace(0.0, 1.0, 201)


@pytest.mark.parametrize("kind", CALIBRATIONS)
def test_what_is_likelier_for_the_model_is_never_stated_with_less_confidence(kind):
    confidences = np.array([calibrated(kind, one) for one in PROBABILITIES.tolist()])
    assert (np.diff(confidences) >= 0).all()
    assert (confidences > 0).all()
    assert (confidences < 1).all()


def test_a_kind_without_a_calibration_keeps_the_probability_of_the_model():
    others = set(EventKind) - set(CALIBRATIONS)
    assert EventKind.BERTH_SHIFT in others
    for kind in others:
        assert calibrated(kind, 1.0) == 1.0
        assert calibrated(kind, 0.3) == 0.3


@pytest.mark.parametrize("probability", [0.0, 0.01, 0.5, 0.9, 1.0])
def test_log_odds_are_mapped_by_a_line(probability):
    """With no intercept and a slope of one, what is not certain stays as it is."""
    clipped = min(max(probability, 0.001), 0.999)
    assert LogisticCalibration(0.0, 1.0)(probability) == pytest.approx(clipped)
    found = LogisticCalibration(0.7, 0.5)(probability)
    assert np.log(found / (1 - found)) == pytest.approx(0.7 + 0.5 * np.log(clipped / (1 - clipped)))


def test_a_calibration_recovers_how_often_overconfident_probabilities_are_true():
    """Log-odds twice too large are halved: such events are true as often as they say."""
    rng = np.random.default_rng(0)
    true = rng.uniform(0.05, 0.95, 40_000)
    happened = rng.random(len(true)) < true
    overconfident = true**2 / (true**2 + (1 - true) ** 2)
    stated = np.array([LogisticCalibration(0.0, 0.5)(one) for one in overconfident.tolist()])
    for low in (0.1, 0.4, 0.7):
        among = (low <= stated) & (stated < low + 0.2)
        assert happened[among].mean() == pytest.approx(stated[among].mean(), abs=0.02)


def test_events_that_are_too_improbable_for_their_kind_are_not_stated():
    for kind in EventKind:
        least = LEAST_STATED.get(kind, 0.05)
        assert is_stated(kind, least)
        assert not is_stated(kind, least - 0.01)
