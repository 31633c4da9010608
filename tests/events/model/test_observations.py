"""Counts become observations of the whole pier, and are left out where nothing was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cv.counting.pier_count import UNKNOWN, BerthedHull, Estimate, PierCount
from cv.events.model.observations import MIN_SHIP_LENGTH_M, PierObservations
from tests.fixtures.observations import pier_count


def one(count: PierCount) -> PierObservations:
    observations = PierObservations.of([count])
    assert len(observations) == 1
    return observations


def with_hulls(count: PierCount, low: float, high: float, *lengths: float) -> PierCount:
    berthed = tuple(BerthedHull(m, m / 6, float("nan"), 0.9, (0.0, 0.0)) for m in lengths)
    return replace(count, hulls=Estimate(float(len(lengths)), low, high), berthed=berthed)


@pytest.mark.parametrize("visible", [0.3, 0.8])
def test_what_is_hidden_is_what_it_was_and_less_sure(visible):
    whole, part = pier_count(0, 80), pier_count(1, 80 * visible, visible=visible)
    observations = PierObservations.of([whole, part])
    assert observations.containers[1] == pytest.approx(80)
    assert (observations.containers_sd[1] > observations.containers_sd[0]).all()


def test_a_part_without_a_known_whole_is_unknown_and_not_empty():
    assert np.isnan(one(pier_count(0, 0, visible=0.7)).containers[0])
    seen = one(pier_count(0, 0, 120, visible=0.3))  # the ship shows all the same
    assert np.isnan(seen.containers[0])
    assert seen.hulls[0] == 1


def test_boats_are_no_ships():
    count = with_hulls(pier_count(0, 0), 2.0, 3.0, MIN_SHIP_LENGTH_M - 1, MIN_SHIP_LENGTH_M)
    observations = one(count)
    assert (observations.hulls[0], observations.min_hulls[0], observations.max_hulls[0]) == (
        1,
        1,
        3,
    )
    boat = one(with_hulls(pier_count(0, 0), 1.0, 1.0, 25.0))
    assert (boat.hulls[0], boat.min_hulls[0]) == (0, 0)


def test_an_unknown_part_of_a_count_leaves_the_other_known():
    no_ships = one(replace(pier_count(0, 40), hulls=UNKNOWN, berthed=()))
    assert no_ships.containers[0] == 40
    assert np.isnan(no_ships.hulls[0])
    assert no_ships.ship_likelihoods().tolist() == [[1.0, 1.0]]
    no_containers = one(replace(pier_count(0, 40), containers=UNKNOWN))
    assert np.isnan(no_containers.containers[0])


def test_hulls_are_evidence_by_how_sure_their_interval_is():
    empty = pier_count(0, 0)
    ratios = [
        one(count).ship_likelihoods()[0, 1]
        for count in (
            with_hulls(empty, 0.0, 0.0),
            with_hulls(empty, 0.0, 1.0),
            with_hulls(empty, 0.0, 2.0, 110.0),
            with_hulls(empty, 1.0, 2.0, 110.0),
        )
    ]
    assert ratios == sorted(ratios)
    assert ratios[1] < 1 < ratios[2]


def test_what_is_hidden_is_no_evidence():
    shares = (0.5, 0.7, 0.9, 1.0)
    ratios = [one(pier_count(0, 0, visible=share)).ship_likelihoods()[0, 1] for share in shares]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] == pytest.approx(0.5 * ratios[-1] + 0.5)


def test_times_between_observations_are_open_at_both_ends():
    observations = PierObservations.of([pier_count(day, 0) for day in (0, 1, 3)])
    first, _, last = observations.times
    assert observations.time_between(-1, 0).earliest is None
    assert observations.time_between(-1, 0).latest == first
    assert observations.time_between(2, 3).earliest == last
    assert observations.time_between(2, 3).latest is None
    assert [observations.first_at_or_after(time) for time in observations.times] == [0, 1, 2]
