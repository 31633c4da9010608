"""Counts become observations of the whole pier, and are left out where nothing was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cv.counting.pier_count import UNKNOWN, PierCount
from cv.events.model.observations import MIN_SHIP_LENGTH_M, PierObservations
from cv.timeseries.series import Series
from tests.fixtures.observations import pier_count, with_hulls

HOUR = 1 / 24


def one(count: PierCount) -> PierObservations:
    observations = PierObservations.of([count])
    assert len(observations) == 1
    return observations


def of_numbers(*numbers: float, days=None) -> PierObservations:
    """Daily counts of these numbers of containers, or at the given days."""
    days = range(len(numbers)) if days is None else days
    return PierObservations.of([pier_count(d, n) for d, n in zip(days, numbers, strict=True)])


def unknown(observations: PierObservations) -> list[int]:
    """Indices of the observations without a number of containers."""
    return np.flatnonzero(np.isnan(observations.containers)).tolist()


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
    count = with_hulls(pier_count(0, 0), MIN_SHIP_LENGTH_M - 1, MIN_SHIP_LENGTH_M, high=3.0)
    observations = one(count)
    assert (observations.hulls[0], observations.min_hulls[0], observations.max_hulls[0]) == (
        1,
        1,
        3,
    )
    boat = one(with_hulls(pier_count(0, 0), 25.0))
    assert (boat.hulls[0], boat.min_hulls[0]) == (0, 0)


def test_an_unknown_part_of_a_count_leaves_the_other_known():
    no_ships = one(replace(pier_count(0, 40), hulls=UNKNOWN, berthed=()))
    assert no_ships.containers[0] == 40
    assert np.isnan(no_ships.hulls[0])
    no_containers = one(replace(pier_count(0, 40), containers=UNKNOWN))
    assert np.isnan(no_containers.containers[0])


def test_a_count_far_below_both_its_neighbours_is_of_a_bad_image():
    observations = of_numbers(50, 52, 20, 51, 50)
    assert unknown(observations) == [2]
    assert np.isnan(observations.containers_sd[2]).all()
    assert np.isnan(observations.hulls[2])  # nor does it show that there was no ship
    assert observations.hulls[1] == 0


@pytest.mark.parametrize("ship_on", [1, 2, 3])
def test_a_low_count_beside_a_ship_that_was_seen_is_kept(ship_on):
    """It may have loaded what was there, and another one brought as much."""
    counts = [pier_count(day, 50) for day in range(5)]
    counts[2] = pier_count(2, 20)
    counts[ship_on] = with_hulls(counts[ship_on], 120)
    assert unknown(PierObservations.of(counts)) == []


@pytest.mark.parametrize(
    ("numbers", "days"),
    [
        ((50, 40, 50), (0, 1, 2)),  # not far below
        ((50, 20, 50), (0, 2.5, 5)),  # time enough to leave and to come
        ((50, 20, 80), (0, 1, 2)),  # the neighbours do not agree
        ((50, 20, 20), (0, 1, 2)),  # they stay away
        ((20, 50, 50), (0, 1, 2)),  # the first has no neighbour before it
        ((50, 80, 50), (0, 1, 2)),  # above both
        ((4, 2, 4), (0, 1, 2)),  # within the error of counts
    ],
)
def test_other_low_counts_are_kept(numbers, days):
    assert unknown(of_numbers(*numbers, days=days)) == []


def test_a_dip_is_found_across_observations_without_a_number():
    counts = [pier_count(day, 50) for day in range(4)]
    counts[2] = replace(counts[2], containers=UNKNOWN)
    counts.insert(2, pier_count(1.5, 15))
    assert unknown(PierObservations.of(counts)) == [2, 3]


def test_images_within_an_hour_share_one_weight_and_have_one_number():
    days = (0, 3, 3 + HOUR / 3, 3 + HOUR / 2, 5, 5 + 1.1 * HOUR)
    observations = of_numbers(*[40] * 6, days=days)
    assert observations.weight == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 1, 1])
    assert unknown(observations) == [2, 3]
    better = [pier_count(3, 40, visible=1.0), pier_count(3 + HOUR / 3, 12)]
    assert unknown(PierObservations.of(better)) == [0]  # the more exact one stays


def test_two_scenes_of_one_moment_are_two_observations():
    one = pier_count(1, 40)
    observations = PierObservations.of([pier_count(0, 40), one, replace(one, scene="other")])
    assert observations.days == pytest.approx([0, 1, 1])
    assert observations.weight == pytest.approx([1, 0.5, 0.5])


def test_containers_found_again_are_those_of_all_gaps_to_the_next_number():
    places = {
        f"scene {day}": np.array([[130 + 1e-4 * i, 42.0] for i in range(n)])
        for day, n in ((0, 10), (2, 6), (3, 6))
    }
    counts = (
        pier_count(0, 10),
        replace(pier_count(1, 10), containers=UNKNOWN),
        pier_count(2, 6),
        pier_count(3, 6),
    )
    found = PierObservations.of(Series("Pier 2", counts, places)).found_again
    assert found == pytest.approx([0.6, 0.6, 1.0])
    assert np.isnan(PierObservations.of(counts).found_again).all()


def test_counts_without_any_information_are_left_out_and_their_gaps_joined():
    observations = PierObservations.of([pier_count(0, 5), pier_count(2, None), pier_count(3, 5)])
    assert observations.scenes == ("scene 0", "scene 3")
    assert observations.days.tolist() == [0, 3]


def test_counts_without_a_time_and_no_counts_are_errors():
    with pytest.raises(ValueError, match="time"):
        PierObservations.of([replace(pier_count(0, 5), acquired=None)])
    with pytest.raises(ValueError, match="counts"):
        PierObservations.of([])


def test_times_between_observations_are_open_at_both_ends():
    observations = PierObservations.of([pier_count(day, 0) for day in (0, 1, 3)])
    first, _, last = observations.times
    assert observations.time_between(-1, 0).earliest is None
    assert observations.time_between(-1, 0).latest == first
    assert observations.time_between(2, 3).earliest == last
    assert observations.time_between(2, 3).latest is None
    assert [observations.first_at_or_after(time) for time in observations.times] == [0, 1, 2]
