"""Intervals against simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cv.counting.uncertainty import (
    CLEAR_RECALL,
    CONTAINER_DENSITY,
    LEVEL,
    RECALL_SPREAD,
    detection_probabilities,
    estimate_count,
    least_recall,
    missed_at_most,
)
from cv.detector.model_card import Calibration

TRUSTED = Calibration(kind="container", scores=(0.0, 1.0), probabilities=(0.0, 1.0))


def test_without_a_calibration_the_threshold_means_one_half():
    scores = np.array([0.0, 0.15, 0.3, 0.6, 1.0])
    probabilities = detection_probabilities(scores, 0.3, None)
    assert probabilities[[0, 1, 2, 3]] == pytest.approx([0, 1 / 17, 1 / 2, 16 / 17])
    assert (np.diff(probabilities) > 0).all()
    assert probabilities[4] < 1


def test_a_calibration_decides_whatever_the_threshold():
    bent = Calibration(kind="container", scores=(0.0, 0.5, 1.0), probabilities=(0.0, 0.9, 1.0))
    assert detection_probabilities(np.array([0.25, 0.75]), 0.3, bent) == pytest.approx([0.45, 0.95])


def test_true_probabilities_give_the_stated_coverage():
    """Oracle: draw each object from its probability many times."""
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(300):
        probabilities = rng.beta(4, 1.2, 80)
        interval = estimate_count(np.ones(80), probabilities, 0.5, 0.0, TRUSTED)
        truths = (rng.random((50, 80)) < probabilities).sum(axis=1)
        hits.append(((truths >= interval.low) & (truths <= interval.high)).mean())
    assert LEVEL - 0.02 <= np.mean(hits) <= 1.0
    assert np.mean(hits) < 0.99


def test_dispersion_widens_and_the_count_is_always_inside():
    scores, spread = np.full(40, 0.8), replace(TRUSTED, dispersion=3.0)
    narrow = estimate_count(np.ones(40), scores, 0.5, 0.0, TRUSTED)
    wide = estimate_count(np.ones(40), scores, 0.5, 0.0, spread)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    assert narrow.low <= narrow.value <= narrow.high
    assert narrow.value == 40


def test_empty_inputs_match_nothing():
    assert estimate_count(np.zeros(0), np.zeros(0), 0.5, 1.0, None).value == 0


def test_the_interval_includes_missed_objects_and_the_shared_error():
    """Oracle: scenes drawn by the calibration's own words."""
    fitted = replace(TRUSTED, missed=0.2, missed_per_km2=100.0, shared=0.15)
    rng = np.random.default_rng(2)
    hits = []
    for _ in range(300):
        probabilities = rng.beta(4, 1.2, 80)
        interval = estimate_count(np.ones(80), probabilities, 0.5, 0.05, fitted)
        seen = (rng.random((50, 80)) < probabilities).sum(axis=1)
        truths = (seen * 1.2 + rng.poisson(5.0, 50)) * (1 + 0.15 * rng.normal(size=50))
        hits.append(((truths >= interval.low) & (truths <= interval.high)).mean())
    assert 0.87 <= np.mean(hits) <= 0.95


def test_the_interval_of_an_empty_sample_reflects_missed_objects():
    nothing = np.zeros(0), np.zeros(0), 0.5
    blind = replace(TRUSTED, missed_per_km2=1.0)
    assert estimate_count(*nothing, 0.03, TRUSTED).high == 0
    assert estimate_count(*nothing, 0.03, blind).high == 1
    assert estimate_count(*nothing, 1.0, blind).high == 3


@pytest.mark.parametrize(("area_km2", "recall"), [(0.01, 0.4), (0.05, 0.6)])
@pytest.mark.parametrize("found", [0, 5])
def test_missed_objects_follow_from_the_prior_and_what_was_found(area_km2, recall, found):
    """Oracle: draw densities, numbers and recalls, and keep the draws with what was found."""
    rng, draws = np.random.default_rng(3), 400_000
    shape, mean = CONTAINER_DENSITY.shape, CONTAINER_DENSITY.mean_per_km2
    numbers = rng.poisson(rng.gamma(shape, mean / shape, draws) * area_km2)
    recalls = rng.beta(recall * RECALL_SPREAD, (1 - recall) * RECALL_SPREAD, draws)
    seen = rng.binomial(numbers, recalls)
    missed = (numbers - seen)[seen == found]
    expected = np.quantile(missed, (1 + LEVEL) / 2)
    found_at_most = missed_at_most(found, area_km2, recall, CONTAINER_DENSITY)
    assert found_at_most == pytest.approx(expected, rel=0.12, abs=1)


def test_zero_is_certain_only_where_the_image_is_clear():
    nothing = np.zeros(0), np.zeros(0), 0.5, 0.01, None
    clear = estimate_count(*nothing, CLEAR_RECALL)
    assert (clear.low, clear.high) == (0, 0)
    highs = [estimate_count(*nothing, recall).high for recall in (0.6, 0.4, 0.2)]
    assert 0 < highs[0] < highs[1] < highs[2]


def test_a_clear_image_has_the_interval_of_its_scores_alone():
    scores = np.linspace(0.2, 0.9, 30)
    plain = estimate_count(np.ones(30), scores, 0.5, 0.01, TRUSTED)
    assert estimate_count(np.ones(30), scores, 0.5, 0.01, TRUSTED, CLEAR_RECALL) == plain
    doubtful = estimate_count(np.ones(30), scores, 0.5, 0.01, TRUSTED, 0.5)
    assert (doubtful.value, doubtful.low) == (plain.value, plain.low)
    assert doubtful.high >= plain.value / 0.5


def test_the_least_recall_falls_with_the_scores_and_with_the_judge():
    sharp, soft = np.full(40, 0.8), np.full(40, 0.5)
    assert least_recall(0.9, soft) < 0.5 < least_recall(0.6, sharp) < least_recall(0.9, sharp)
    few = least_recall(0.9, soft[:1])
    assert least_recall(0.9, soft) < few < least_recall(0.9, np.zeros(0))  # one score is chance


def test_an_image_that_shows_less_widens_the_upper_end_alone():
    scores, weights = np.full(50, 0.8), np.ones(50)
    plain = estimate_count(weights, scores, 0.3, 0.02, TRUSTED)
    wide = estimate_count(weights, scores, 0.3, 0.02, TRUSTED, least=0.5)
    assert (wide.value, wide.low) == (plain.value, plain.low)
    assert wide.high == 50 + np.ceil(np.hypot(plain.high - 50, 50))
