"""Hulls of consecutive observations become vessels by their lengths."""

from __future__ import annotations

import pytest

from cv.events.model.observations import PierObservations
from cv.events.model.vessels_at_berth import track_vessels
from tests.fixtures.observations import pier_count, with_hulls


def tracks(*lengths: tuple[float, ...]) -> list[tuple[float, int, int]]:
    """Length, first and last observation of the vessels of a stay with these hulls a day."""
    counts = [with_hulls(pier_count(day, 0), *own) for day, own in enumerate(lengths)]
    found = track_vessels(PierObservations.of(counts), 0, len(lengths) - 1)
    return [(one.length_m, one.first, one.last) for one in found]


def test_hulls_of_about_one_length_are_one_vessel():
    assert tracks((150,), (145,), (158,)) == [(150, 0, 2)]


def test_two_ships_one_after_the_other_are_two_by_their_lengths():
    assert tracks((150,), (150,), (90,), (90,)) == [(150, 0, 1), (90, 2, 3)]


def test_two_ships_side_by_side_are_two_though_one_is_there_for_less_time():
    assert tracks((150,), (150, 90), (150,), (150,)) == [(150, 0, 3), (90, 1, 1)]


def test_two_ships_of_one_length_side_by_side_are_two():
    assert tracks((150, 151), (150, 151)) == [(150, 0, 1), (151, 0, 1)]


def test_each_of_two_ships_keeps_its_own_hull():
    """Whatever their order in an image, the nearest length is its own."""
    assert tracks((150, 170), (171, 149), (151, 169)) == [(150, 0, 2), (170, 0, 2)]


def test_two_hulls_of_one_image_are_never_one_vessel():
    """Both are nearest to the length that the first ship was measured with before."""
    assert tracks((150, 160), (151, 152)) == [(150.5, 0, 1), (156, 0, 1)]


def test_a_ship_that_was_seen_beside_another_one_stays_a_ship_where_that_is_missed():
    assert tracks((150,), (150, 90), (90,), (150,)) == [(150, 0, 3), (90, 1, 2)]


def test_a_hull_of_another_length_within_the_stay_of_a_vessel_is_that_one_measured_badly():
    assert tracks((150,), (95,), (150,)) == [(150, 0, 2)]


def test_a_hull_of_another_length_at_the_end_of_a_stay_is_another_vessel():
    assert tracks((150,), (150,), (95,)) == [(150, 0, 1), (95, 2, 2)]


def test_a_vessel_that_one_observation_misses_is_still_there_and_has_left_after_two():
    assert tracks((150,), (), (150,)) == [(150, 0, 2)]
    assert tracks((150,), (), (), (150,)) == [(150, 0, 0), (150, 3, 3)]


def test_the_length_of_a_vessel_is_the_median_so_that_one_bad_hull_does_not_count():
    ((length, *_),) = tracks((150,), (152,), (180,), (149,), (151,))
    assert length == pytest.approx(151)


def test_only_the_observations_asked_for_are_read():
    counts = [with_hulls(pier_count(day, 0), 150 + 70 * day) for day in range(4)]
    one, other = track_vessels(PierObservations.of(counts), 1, 2)
    assert (one.first, one.last, other.first, other.last) == (1, 1, 2, 2)


def test_a_vessel_fits_hulls_of_about_its_length():
    counts = [with_hulls(pier_count(0, 0), 150, 70)]
    observations = PierObservations.of(counts)
    long, short = track_vessels(observations, 0, 0)
    assert long.beside_another
    assert short.beside_another
    assert long.fits(observations.ships[0])
    assert long.fits([long.hulls[0]])
    assert not long.fits([short.hulls[0]])
    assert not long.fits([])
