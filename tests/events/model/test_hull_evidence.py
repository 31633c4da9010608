"""Hulls in an image as evidence on a ship at the berth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from cv.counting.pier_count import UNKNOWN, BerthedHull
from cv.events.model.hull_evidence import (
    learn_detector,
    ship_likelihood_ratios,
    vessel_probability,
)
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import DetectorHabits
from tests.fixtures.observations import pier_count, with_hulls

DETECTOR = DetectorHabits(recall=0.8, false_share=0.02)
EMPTY = pier_count(0, 0)
NO_SCORE = math.nan


def ratios(*counts) -> np.ndarray:
    return ship_likelihood_ratios(PierObservations.of(counts), DETECTOR)


def ratio(count) -> float:
    return float(ratios(count)[0])


def hull(score: float) -> BerthedHull:
    return BerthedHull(110.0, 18.0, math.nan, score, (0.0, 0.0))


def test_without_a_hull_count_there_is_no_evidence():
    assert ratio(replace(pier_count(0, 40), hulls=UNKNOWN, berthed=())) == 1.0


def test_a_hull_weighs_by_its_score():
    found = [
        ratio(with_hulls(EMPTY, 110, low=0.0, score=score)) for score in (0.7, 0.8, 0.85, 0.95)
    ]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.5 * 0.8 / 0.02)  # no score is worse than that
    assert found[-1] > 10 * 0.8 / 0.02


def test_a_hull_without_a_score_weighs_by_the_habits_of_the_detector():
    assert ratio(with_hulls(EMPTY, 110, low=0.0, score=NO_SCORE)) == pytest.approx(0.8 / 0.02)


def test_scores_weigh_as_their_calibration_says():
    """At 0.85, 94.8 % of hulls are ships where one in nine is false: 18.2 to 1, against 8 to 1."""
    expected = 0.8 / 0.02 * (0.948 / 0.052) / 8
    assert ratio(with_hulls(EMPTY, 110, low=0.0, score=0.85)) == pytest.approx(expected)


def test_the_best_of_several_hulls_counts():
    single = with_hulls(EMPTY, 110, low=0.0, score=0.7)
    better = replace(with_hulls(EMPTY, 110, 90, low=0.0), berthed=(hull(0.7), hull(0.88)))
    assert ratio(better) == ratio(with_hulls(EMPTY, 110, low=0.0, score=0.88))
    assert ratio(better) > ratio(single)


def test_an_interval_that_excludes_none_outweighs_any_score():
    doubtful = [ratio(with_hulls(EMPTY, 110, low=0.0, score=score)) for score in (0.7, 0.95)]
    certain = [ratio(with_hulls(EMPTY, 110, score=score)) for score in (0.7, 0.95)]
    assert certain[0] > 20 * doubtful[0]
    assert certain[1] >= certain[0] >= doubtful[1]
    precise = DetectorHabits(recall=0.9, false_share=0.005)  # and takes nothing from a high one
    sure, unsure = (
        ship_likelihood_ratios(
            PierObservations.of([with_hulls(EMPTY, 110, low=low, score=0.95)]), precise
        )
        for low in (1.0, 0.0)
    )
    assert sure == unsure > certain[0]


@pytest.mark.parametrize("recall", [0.3, 0.9])
def test_no_habit_of_a_detector_outweighs_a_certain_interval(recall):
    """Even where it invents a ship in every other image."""
    bad = DetectorHabits(recall=recall, false_share=0.5)
    shown, doubtful, empty = (
        float(ship_likelihood_ratios(PierObservations.of([count]), bad)[0])
        for count in (
            with_hulls(EMPTY, 110, score=0.7),
            with_hulls(EMPTY, 110, low=0.0, score=0.7),
            with_hulls(EMPTY),
        )
    )
    assert shown > 100
    assert doubtful < 1
    assert empty < 0.01


def test_an_interval_of_none_alone_is_surer_than_one_that_reaches_higher():
    none, doubtful = ratio(with_hulls(EMPTY)), ratio(with_hulls(EMPTY, high=1.0))
    assert doubtful == pytest.approx(0.2 / 0.98)
    assert none < doubtful < 1


def test_what_is_hidden_is_no_evidence():
    shares = (0.5, 0.7, 0.9, 1.0)
    found = [ratio(pier_count(0, 0, visible=share)) for share in shares]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(0.5 * found[-1] + 0.5)


def test_images_of_one_moment_together_weigh_as_one():
    """Five minutes apart they share whatever deceives the detector."""
    minute = 1 / 1440
    for hulls in ((110,), ()):
        one = ratio(with_hulls(EMPTY, *hulls))
        together = ratios(
            *(with_hulls(pier_count(5 * i * minute, 0), *hulls) for i in range(4)),
        )
        assert np.prod(together) == pytest.approx(one)
        apart = ratios(*(with_hulls(pier_count(i, 0), *hulls) for i in range(4)))
        assert np.prod(apart) == pytest.approx(one**4)


def test_images_of_one_moment_count_once_when_the_detector_is_learned():
    """One hour with a missed ship in four images, and eight days that show one."""
    days = [1, 2, 3, 4, 5, 6, 7, 8]
    seen = [with_hulls(pier_count(day, 0), 110) for day in days]
    missed = [pier_count(9 + i / 1440, 0) for i in range(4)]
    for counts in ([*seen, missed[0]], [*seen, *missed]):
        observations = PierObservations.of(counts)
        observations.hulls[:] = [float(bool(count.berthed)) for count in counts]  # none stands
        found = learn_detector(observations, np.ones(len(observations)))
        assert found.recall == pytest.approx((8 + 0.75 * 12) / (8 + 1 + 12))


def test_the_detector_is_learned_from_simulated_images():
    rng = np.random.default_rng(0)
    n, recall, false_share = 600, 0.6, 0.1
    ship = rng.random(n) < 0.3
    shown = rng.random(n) < np.where(ship, recall, false_share)
    lengths = rng.uniform(70, 250, n)  # of all sizes: no hull that stands
    counts = [
        with_hulls(pier_count(i, 0), *([lengths[i]] if one else [])) for i, one in enumerate(shown)
    ]
    observations = PierObservations.of(counts)
    observations.hulls[:] = shown
    found = learn_detector(observations, ship.astype(float))
    assert found.recall == pytest.approx(recall, abs=0.08)
    assert found.false_share == pytest.approx(false_share, abs=0.03)


def test_a_vessel_beside_others_needs_evidence_of_its_own():
    counts = [with_hulls(pier_count(day, 0), 200, score=0.95) for day in range(5)]
    observations = PierObservations.of(counts)

    def probability(hulls):
        return vessel_probability(observations, DETECTOR, hulls, before=0.02)

    once, weak = probability({2: hull(0.9)}), probability({2: hull(0.7)})
    assert once > 0.9 > 0.5 > weak
    twice, with_a_miss = ({1: hull(0.7), i: hull(0.7)} for i in (2, 3))
    assert probability(twice) > weak
    assert probability(with_a_miss) < probability(twice)


def test_images_of_one_moment_are_one_piece_of_evidence_on_a_vessel():
    minutes = [pier_count(i / 1440, 0) for i in range(3)]
    observations = PierObservations.of([*minutes, pier_count(1, 0)])
    shown = {i: hull(0.7) for i in range(3)}
    together = vessel_probability(observations, DETECTOR, shown, before=0.1)
    once = vessel_probability(observations, DETECTOR, {3: hull(0.7)}, before=0.1)
    assert together == pytest.approx(once)


def test_the_probability_of_a_vessel_is_bayes_rule():
    observations = PierObservations.of([pier_count(day, 0) for day in range(3)])
    found = vessel_probability(observations, DETECTOR, {0: hull(0.85), 2: hull(0.81)}, before=0.1)
    shown = [0.8 / 0.02 * share / (1 - share) / 8 for share in (0.948, 0.80)]
    odds = 0.1 / 0.9 * shown[0] * (0.2 / 0.98) * shown[1]
    assert found == pytest.approx(odds / (1 + odds))
