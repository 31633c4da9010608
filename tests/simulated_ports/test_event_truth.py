"""Whether an event is true: each definition at a pier with a known history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import inf

import numpy as np
import pytest
from simulated_ports import event_truth as truth
from simulated_ports.event_truth import StatedTimes
from simulated_ports.observation_parameters import StandingObject
from simulated_ports.pier_history import Cause, PierHistory, TrueContainers, TrueStay
from simulated_ports.port import START

from cv.events.event import ONGOING, CensoredTime, Event, EventKind


def stay(arrival: float, departure: float, visit: int = 0) -> TrueStay:
    return TrueStay(
        visit=visit,
        arrival_d=arrival,
        departure_d=departure,
        length_m=120.0,
        beam_m=18.0,
        position_m=80.0,
    )


def evenly(first: float, last: float, number: int):
    return np.linspace(first, last, number)


def history(*stays: TrueStay, lots: tuple[TrueContainers, ...] = ()) -> PierHistory:
    always = TrueContainers.lot(np.full(40, -inf), np.full(40, inf))
    return PierHistory(days=100.0, stays=stays, containers=TrueContainers.joined([always, *lots]))


SHIP, NEXT = stay(10.0, 12.0), stay(40.0, 42.0, 1)
CARGO = TrueContainers.lot(
    evenly(6.0, 9.0, 60), evenly(10.5, 11.5, 60), left_by=Cause.SHIP, taken_by=0, meant_for=0
)
BROUGHT = TrueContainers.lot(
    evenly(40.2, 41.0, 30), evenly(45.0, 60.0, 30), Cause.SHIP, brought_by=1
)
PIER = history(SHIP, NEXT, lots=(CARGO, BROUGHT))


def times(*ends: float) -> StatedTimes:
    return StatedTimes(*ends)


def test_what_lasts_is_there_until_the_last_observation():
    at = [START + timedelta(days=day) for day in (3, 4)]
    event = Event(
        kind=EventKind.HALT,
        pier="East",
        began=CensoredTime(at[0], at[1]),
        ended=ONGOING,
        size=None,
        confidence=0.5,
        evidence=(),
        alternatives=(),
    )
    assert StatedTimes.of(event, 50.0) == times(3.0, 4.0, 50.0, inf)
    first = replace(event, began=CensoredTime(None, at[1]), ended=CensoredTime(at[1], None))
    assert StatedTimes.of(first, 50.0) == times(-inf, 4.0, 4.0, inf)


def test_a_call_overlaps_its_stay_between_the_observations_that_show_it():
    shows, before, again = times(9, 11, 11, 13), times(8, 9, 9.5, 13), times(10, 10.5, 11.5, 13)
    assert truth.match_calls([shows], PIER.stays) == {0: 0}
    assert truth.match_calls([before], PIER.stays) == {}
    assert len(truth.match_calls([shows, again], PIER.stays)) == 1  # each stay once
    assert truth.match_calls([times(9, 11, 41, 43)], PIER.stays) == {0: 0}  # it overlaps longest


def test_as_many_calls_as_possible_are_true():
    one, both = times(9, 10.5, 11, 13), times(9, 11, 41, 43)
    assert truth.match_calls([both, one], PIER.stays) == {0: 1, 1: 0}


def test_an_unseen_call_is_a_stay_that_no_seen_call_has():
    unseen = times(38, 44, 38, 44)
    assert truth.match_unseen_calls([unseen], PIER.stays, {}) == {0: 1}
    assert truth.match_unseen_calls([unseen], PIER.stays, {0: 1}) == {}
    assert len(truth.match_unseen_calls([unseen, unseen], PIER.stays, {})) == 1
    assert truth.match_unseen_calls([times(20, 30, 20, 30)], PIER.stays, {}) == {}


def test_arrival_and_departure_are_in_the_stated_intervals():
    assert truth.arrived_in(times(9, 11, 11, 13), SHIP)
    assert truth.departed_in(times(9, 11, 11, 13), SHIP)
    assert not truth.arrived_in(times(10.5, 11, 11, 13), SHIP)
    assert not truth.departed_in(times(9, 11, 11, 11.5), SHIP)


def test_what_ships_moved_is_counted_in_the_time_of_the_event():
    assert truth.shipped_during(PIER, times(9, 11, 11, 13)) == (60, 0)
    assert truth.shipped_during(PIER, times(39, 41, 41, 43)) == (0, 30)
    assert truth.shipped_during(PIER, times(9, 10.2, 10.6, 11)) == (30, 0)
    assert truth.shipped_during(PIER, times(44, 50, 50, 70)) == (0, 0)  # lorries fetch them


def test_a_ship_is_due_for_seven_days_after_the_warning():
    assert truth.ship_arrives(PIER, 3.5)
    assert truth.ship_arrives(PIER, 2.5) is False
    assert truth.ship_arrives(PIER, 10.5) is False  # the ship that is there does not arrive
    assert truth.ship_arrives(PIER, 95.0) is None
    assert truth.ship_present(PIER, 11.0)
    assert not truth.ship_present(PIER, 12.5)


def test_a_dwell_allows_three_containers_or_a_tenth():
    assert truth.is_dwell(PIER, times(13, 14, 30, 31))
    assert not truth.is_dwell(PIER, times(13, 14, 41, 42))
    few = TrueContainers.lot(evenly(20, 21, 4), evenly(90, 91, 4))
    more = TrueContainers.lot(evenly(20, 21, 5), evenly(90, 91, 5))
    assert truth.is_dwell(history(lots=(few,)), times(13, 14, 30, 31))
    assert not truth.is_dwell(history(lots=(more,)), times(13, 14, 30, 31))
    large = TrueContainers.lot(np.full(60, -inf), np.full(60, inf))
    assert truth.is_dwell(history(lots=(more, large)), times(13, 14, 30, 31))


def test_no_dwell_has_a_ship_that_comes_although_the_number_stays():
    assert truth.is_dwell(history(), times(13, 14, 30, 31))
    assert not truth.is_dwell(history(stay(20.0, 21.0)), times(13, 14, 30, 31))
    assert truth.is_dwell(history(stay(12.0, 21.0)), times(13, 14, 30, 31))  # it was there before


def test_inflow_stops_when_next_to_no_container_comes():
    assert truth.is_inflow_stopped(PIER, times(8, 9.5, 39, 41))
    assert truth.is_inflow_stopped(PIER, times(7, 8.6, 39, 41))  # a tenth of them came
    assert not truth.is_inflow_stopped(PIER, times(7, 8.2, 39, 41))
    assert not truth.is_inflow_stopped(PIER, times(8, 9.5, 40.5, 41))


def test_a_halt_has_no_call_within_and_strictly_no_ship():
    quiet, edge, unseen = times(12, 13, 39, 41), times(9, 11, 39, 41), times(9, 9.5, 39, 41)
    assert [truth.no_call_within(PIER, one) for one in (quiet, edge, unseen)] == [True, True, False]
    assert [truth.no_ship_during(PIER, one) for one in (quiet, edge, unseen)] == [
        True,
        False,
        False,
    ]


def test_a_resumption_is_a_true_call_after_a_true_pause():
    assert truth.is_resumption(PIER, 1, 28.0)
    assert truth.is_resumption(PIER, 1, 31.0)  # nine tenths are enough
    assert not truth.is_resumption(PIER, 1, 32.0)
    assert not truth.is_resumption(PIER, None, 28.0)
    beside = history(SHIP, NEXT, stay(39.0, 41.0, 2))
    assert not truth.is_resumption(beside, 1, 28.0)


def test_a_stockpile_is_a_rise_of_ten():
    assert truth.is_stockpile(PIER, times(5, 7, 10, 11))
    assert truth.true_peak(PIER, times(5, 7, 10, 11)) == 100
    assert not truth.is_stockpile(PIER, times(10.2, 10.4, 30, 40))  # it only falls
    nine = TrueContainers.lot(evenly(20, 21, 9), evenly(90, 91, 9))
    assert not truth.is_stockpile(history(lots=(nine,)), times(18, 19, 30, 40))


def test_a_standing_hull_is_one_object_for_two_weeks():
    barge = StandingObject(
        position_m=-40.0, length_m=60.0, beam_m=15.0, seen_share=0.9, is_hull=True
    )
    laid_up = history(stay(5.0, 60.0))
    for objects, pier in (([barge], PIER), ([], laid_up)):
        assert truth.is_standing_hull(pier, objects, times(6, 7, 30, 31))
        assert not truth.is_standing_hull(pier, objects, times(6, 7, 18, 19))
    assert not truth.is_standing_hull(PIER, [], times(6, 7, 30, 31))
    assert not truth.is_standing_hull(PIER, [replace(barge, seen_share=0.3)], times(6, 7, 30, 31))


@pytest.mark.parametrize(
    ("visit", "came", "right"), [(0, 12.3, True), (5, 12.3, False), (0, 14.0, False)]
)
def test_a_berth_shift_is_one_ship_at_both_piers(visit, came, right):
    there = history(stay(came, came + 2, visit))
    assert truth.is_berth_shift(PIER, there, times(11, 12.2, 11.5, 13)) == right
