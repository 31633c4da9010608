"""Standing hulls are found through misses, and ships beside them or on long calls are none."""

from __future__ import annotations

import numpy as np
import pytest

from cv.events.model.observations import PierObservations
from cv.events.model.standing_hulls import MAX_MISSES, StandingHull, find_standing_hulls
from tests.fixtures.observations import pier_count, with_hulls


def days(n: int) -> np.ndarray:
    return np.arange(n, dtype=float)


def measured(rng, length: float) -> float:
    """A length as it is measured, with an error of 4 %."""
    return length * float(1 + 0.04 * rng.standard_normal())


def test_a_barge_is_found_though_a_third_of_the_images_miss_it():
    rng = np.random.default_rng(0)
    lengths = [[measured(rng, 70)] if rng.random() > 0.33 else [] for _ in range(60)]
    lengths[0] = lengths[-1] = [70.0]
    (hull,) = find_standing_hulls(lengths, days(60))
    assert (hull.first, hull.last) == (0, 59)
    assert hull.length_m == pytest.approx(70, rel=0.03)


def test_ships_beside_a_barge_are_no_part_of_it():
    rng = np.random.default_rng(1)
    lengths = []
    for day in range(60):
        ships = [measured(rng, 180)] if day % 8 < 2 else []
        barge = [measured(rng, 70)] if rng.random() > 0.2 else []
        lengths.append([*ships, *barge])
    (hull,) = find_standing_hulls(lengths, days(60))
    assert hull.length_m == pytest.approx(70, rel=0.03)
    for own in lengths:
        shown = hull.shown_by(own)
        assert shown is None or own[shown] < 100


def test_a_ship_that_stays_for_ten_days_stands_not():
    lengths = [[150.0] if 20 <= day < 30 else [] for day in range(60)]
    assert find_standing_hulls(lengths, days(60)) == ()


@pytest.mark.parametrize(("stays", "found"), [(21, False), (22, True)])
def test_a_hull_that_stays_for_three_weeks_stands(stays, found):
    """From its first image to its last: 22 daily ones span 21 days."""
    lengths = [[150.0] if 20 <= day < 20 + stays else [] for day in range(60)]
    hulls = find_standing_hulls(lengths, days(60))
    assert hulls == ((StandingHull(20, 20 + stays - 1, 150.0),) if found else ())


def test_in_a_short_record_a_hull_stands_if_it_is_there_from_the_first_image_to_the_last():
    whole = [[150.0]] * 10
    assert [one.last for one in find_standing_hulls(whole, days(10))] == [9]
    assert find_standing_hulls([[], *whole[1:]], days(10)) == ()
    assert find_standing_hulls(whole[:4], 3 * days(4)) == ()  # four images are few
    assert find_standing_hulls(whole, days(10) / 2) == ()  # four days and a half are short


def test_calls_of_ships_of_one_length_are_no_standing_hull():
    lengths = [[150.0] if day % 6 < 2 else [] for day in range(120)]
    assert find_standing_hulls(lengths, days(120)) == ()


@pytest.mark.parametrize(("missing", "number"), [(MAX_MISSES, 1), (MAX_MISSES + 1, 0)])
def test_a_hull_that_too_many_images_in_a_row_do_not_show_has_left(missing, number):
    """Two parts of 18 days each are too short alone."""
    lengths = [[90.0]] * 18 + [[]] * missing + [[90.0]] * 18 + [[]] * 30
    assert len(find_standing_hulls(lengths, days(len(lengths)))) == number


def test_an_image_that_does_not_show_the_berth_is_no_miss():
    lengths = [[90.0]] * 15 + [None] * 9 + [[90.0]] * 15 + [[]] * 30
    (hull,) = find_standing_hulls(lengths, days(len(lengths)))
    assert (hull.first, hull.last) == (0, 38)


def test_over_a_long_time_without_an_image_a_hull_is_not_known_to_stay():
    """Ships of one length a month apart; and each part that is long enough alone stands."""
    lengths = [[90.0]] * 15 + [None] * 10 + [[90.0]] * 15 + [[]] * 30
    assert find_standing_hulls(lengths, days(len(lengths))) == ()
    assert find_standing_hulls([[90.0]] * 6, 30 * days(6)) == ()
    lengths = [[90.0]] * 15 + [None] * 10 + [[90.0]] * 25 + [[]] * 30
    (hull,) = find_standing_hulls(lengths, days(len(lengths)))
    assert (hull.first, hull.last) == (25, 49)


def test_one_standing_hull_follows_another_and_of_two_at_once_one_is_found():
    lengths = [[90.0]] * 30 + [[]] * 6 + [[220.0]] * 30
    one, other = find_standing_hulls(lengths, days(len(lengths)))
    assert (one.length_m, one.last) == (90.0, 29)
    assert (other.length_m, other.first) == (220.0, 36)
    assert len(find_standing_hulls([[90.0, 220.0]] * 60, days(60))) == 1


def test_without_hulls_there_is_none():
    assert find_standing_hulls([], days(0)) == ()
    assert find_standing_hulls([[]] * 60, days(60)) == ()
    assert find_standing_hulls([None] * 60, days(60)) == ()


def test_the_nearest_length_is_its_own_within_measuring_error():
    hull = StandingHull(0, 9, 100.0)
    assert hull.shown_by([150.0, 104.0, 97.0]) == 2
    assert hull.shown_by([119.0, 81.0]) is None
    assert hull.shown_by([]) is None


def test_the_observations_of_a_berth_count_ships_beside_its_standing_hull():
    counts = []
    for day in range(40):
        ships = [180.0] if day % 10 in (3, 4) else []
        barge = [] if day in (5, 17) else [72.0 + day % 3]
        counts.append(with_hulls(pier_count(day, 0), *barge, *ships))
    observations = PierObservations.of(counts)
    (standing,) = observations.standing
    assert (standing.first, standing.last) == (0, 39)
    expected = [float(day % 10 in (3, 4)) for day in range(40)]
    assert observations.hulls.tolist() == expected
    assert observations.min_hulls.tolist() == expected
    assert [[hull.length_m for hull in own] for own in observations.ships] == [
        [180.0] if ship else [] for ship in expected
    ]
