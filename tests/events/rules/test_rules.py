"""Each rule on hand-written counts: transfers, stockpiles, dwells, inflow, shifts ..."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from cv.counting.pier_count import UNKNOWN
from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.pier_coupling import infer_sites
from cv.events.rules.berth_shifts import find_berth_shifts
from cv.events.rules.dwells import find_dwells
from cv.events.rules.halts import find_halts, find_resumptions
from cv.events.rules.inflow_stops import find_inflow_stops
from cv.events.rules.loading_and_unloading import find_loadings_and_unloadings
from cv.events.rules.ship_calls import find_standing_hulls, observed_calls, unseen_calls
from cv.events.rules.ships_due import ShipDue
from cv.events.rules.stockpiles import find_stockpiles
from cv.events.rules.throughput import estimate_throughput
from cv.events.site_events import find_events, find_events_of_sites
from cv.site import PierRole
from cv.timeseries.series import Series
from tests.fixtures.observations import (
    START,
    day,
    pier_count,
    posterior_after_calls,
    regular_calls,
)


def test_loading_is_the_drop_of_the_stack():
    posterior = posterior_after_calls(
        pier_count(0, 0),
        pier_count(1, 60),
        pier_count(2, 140),
        pier_count(3, 130, 115),
        pier_count(4, 0),
        pier_count(5, 0),
    )
    last = find_loadings_and_unloadings(posterior, observed_calls(posterior))[-1]
    assert last.kind is EventKind.LOADING
    assert last.size.value == pytest.approx(-135, abs=12)
    assert last.size.low < last.size.value < last.size.high < 0


def test_unloading_on_an_import_pier_is_found_although_lorries_fetch_it_at_once():
    counts = [pier_count(i, 2, role=PierRole.IMPORT) for i in range(6)]
    counts += [
        pier_count(6, 90, 115, role=PierRole.IMPORT),
        pier_count(7, 95, role=PierRole.IMPORT),
    ]
    counts += [pier_count(8 + i, max(0, 60 - 30 * i), role=PierRole.IMPORT) for i in range(5)]
    found = [one for one in find_events({"Pier 2": counts}) if one.kind is EventKind.UNLOADING]
    assert len(found) == 1
    assert found[0].size.value == pytest.approx(92, abs=15)


def test_a_call_without_a_change_has_no_transfer():
    counts = (
        [pier_count(i, 50) for i in range(10)]
        + [pier_count(10, 50, 115)]
        + [pier_count(11 + i, 50) for i in range(9)]
    )
    assert not [
        one
        for one in find_events({"Pier 2": counts})
        if one.kind in (EventKind.LOADING, EventKind.UNLOADING)
    ]


def test_a_stockpile_has_onset_peak_growth_and_rank():
    posterior = posterior_after_calls(
        pier_count(0, 0),
        pier_count(1, 80),
        pier_count(2, 200),
        pier_count(3, 210),
        pier_count(4, 205, 115),
        pier_count(5, 0),
    )
    last = find_stockpiles(posterior)[-1]
    assert day(last.began.earliest) == pytest.approx(0)
    assert day(last.began.latest) == pytest.approx(1)
    assert last.size.value == pytest.approx(205, abs=10)
    assert last.growth_per_day == pytest.approx(70, abs=10)
    assert last.rank == 1.0
    assert day(last.ended.latest) == pytest.approx(5)


def test_an_unchanged_stack_is_a_dwell_until_it_changes():
    """As the containers that were landed in early February 2024."""
    posterior = posterior_after_calls(
        *(pier_count(2 * i, 80) for i in range(12)), pier_count(25, 0, 115), pier_count(26, 0)
    )
    last = find_dwells(posterior)[-1]
    assert last.size.value == pytest.approx(80, abs=2)
    assert len(last.evidence) == 12
    assert day(last.ended.earliest) == pytest.approx(22)
    assert day(last.ended.latest) == pytest.approx(25)


def test_a_slowly_growing_stack_is_not_a_dwell():
    posterior = posterior_after_calls(*(pier_count(2 * i, 40 + 12 * i) for i in range(12)))
    assert not [one for one in find_dwells(posterior) if one.began.latest >= START]


def test_inflow_stops_after_the_last_growth():
    posterior = posterior_after_calls(
        pier_count(0, 0), pier_count(1, 70), *(pier_count(2 + 2 * i, 70) for i in range(12))
    )
    last = find_inflow_stops(posterior)[-1]
    assert day(last.began.latest) == pytest.approx(1, abs=1)
    assert last.ended.latest is None
    assert last.size.value == pytest.approx(23, abs=2)


def test_a_hull_that_lies_for_weeks_is_standing():
    posterior = posterior_after_calls(
        *(pier_count(2 * i, 10, 150) for i in range(12)),
        *(pier_count(24 + i, 10) for i in range(6)),
    )
    (standing,) = find_standing_hulls(posterior)
    assert standing.kind is EventKind.STANDING_HULL
    assert (day(standing.began.latest), day(standing.ended.earliest)) == (0, 22)
    assert day(standing.ended.latest) == 24
    assert standing.size.low < 150 < standing.size.high
    assert not [
        one for one in observed_calls(posterior) if one.ended.latest > standing.began.latest
    ]
    assert not find_standing_hulls(posterior_after_calls(pier_count(0, 0, 115), pier_count(1, 0)))


def test_the_call_after_a_halt_resumes():
    """As on 10 March 2024."""
    pause = [pier_count(1 + i, 0) for i in range(26)]
    posterior = posterior_after_calls(
        pier_count(0, 0, 115),
        *pause,
        pier_count(27, 60),
        pier_count(28, 60, 110),
        pier_count(29, 0),
        pier_count(30, 0),
    )
    seen = observed_calls(posterior)
    pauses = find_halts(posterior, [*seen, *unseen_calls(posterior)])
    (found,) = find_resumptions(pauses, seen)
    assert day(found.began.latest) == pytest.approx(28)
    assert found.size.value == pytest.approx(26, abs=1)
    assert found.confidence <= pauses[-1].confidence


def a_call(pier: str, came: float, left: float, metres: float) -> Event:
    """A call observed twice a day."""
    at = [START + timedelta(days=x) for x in (came - 0.5, came, left, left + 0.5)]
    size = Magnitude(metres, metres - 5, metres + 5, "metres")
    began, ended = CensoredTime(at[0], at[1]), CensoredTime(at[2], at[3])
    return Event(
        kind=EventKind.CALL,
        pier=pier,
        began=began,
        ended=ended,
        size=size,
        confidence=0.99,
        evidence=(f"{pier} {came}",),
        alternatives=(),
    )


def test_a_ship_shifts_from_pier_to_pier():
    one = {"A": [a_call("A", 1, 2, 115)], "B": [a_call("B", 2.6, 4, 117)]}
    (shift,) = find_berth_shifts(one)
    assert (shift.pier, shift.to_pier) == ("A", "B")
    assert shift.confidence > 0.6
    assert not find_berth_shifts({"A": one["A"], "B": [a_call("B", 2.6, 4, 150)]})
    assert not find_berth_shifts({"A": one["A"], "B": [a_call("B", 9, 10, 115)]})


def test_a_ship_shifts_once():
    both = [a_call("B", 2.6, 4, 115), a_call("B", 3.0, 4.2, 121)]
    (shift,) = find_berth_shifts({"A": [a_call("A", 1, 2, 115)], "B": both})
    assert shift.size.value == 115


def test_events_do_not_depend_on_the_order_of_arrival_nor_on_duplicates():
    sizes = (0, 0, 0, 60, 120, 110, 5, 0, 0, 0, 80, 150, 140, 0, 0, 3, 0, 0, 0)
    ships = {5: 115, 6: 115, 12: 118}
    counts = [pier_count(i, n, ships.get(i)) for i, n in enumerate(sizes)]
    expected = find_events({"Pier 2": counts})
    assert len(expected) > 4
    assert find_events({"Pier 2": counts[:-6]}) != expected  # a late scene changes the events
    rng = random.Random(0)
    for _ in range(1_000):
        arrived = [*counts, *rng.sample(counts, 5)]
        rng.shuffle(arrived)
        stored = sorted(arrived, key=lambda count: (count.acquired, count.scene))
        assert find_events({"Pier 2": Series.of("Pier 2", stored).counts}) == expected


def test_a_siding_does_not_change_the_events_of_a_pier():
    counts = [pier_count(i, 10 * (i % 7), 115 if i % 7 == 6 else None) for i in range(40)]
    alone = find_events({"Pier 2": counts})
    siding = [
        replace(pier_count(i, 10 * (i % 7), role=PierRole.RAIL), pier="Siding") for i in range(40)
    ]
    together = find_events({"Pier 2": counts, "Siding": siding})
    kept = [
        one for one in together if one.pier == "Pier 2" and one.kind is not EventKind.BERTH_SHIFT
    ]
    assert tuple(kept) == alone


def test_a_ship_at_the_import_pier_makes_a_doubtful_one_at_the_export_pier_likelier():
    """Ships go from one to the other at every call; the last hull is a doubtful detection."""
    imports, exports = [], []
    for start in range(0, 64, 8):
        for i in range(8):
            ship = 115 if i == 5 else None
            imports.append(pier_count(start + i, 80 if i > 5 else 5, ship, role=PierRole.IMPORT))
            exports.append(pier_count(start + i, 60 if i in (4, 5) else 5, 115 if i == 6 else None))
    doubtful = pier_count(70, 5, 115)
    (hull,) = doubtful.berthed
    doubtful = replace(
        doubtful, hulls=replace(doubtful.hulls, low=0.0), berthed=(replace(hull, score=0.7),)
    )
    exports += [*(pier_count(64 + i, 5) for i in range(6)), doubtful, pier_count(71, 5)]
    imports += [*(pier_count(64 + i, 5, role=PierRole.IMPORT) for i in range(5))]
    imports += [
        pier_count(69, 60, 115, role=PierRole.IMPORT),
        pier_count(70, 80, role=PierRole.IMPORT),
    ]
    imports = [replace(count, pier="Pier 1") for count in imports]
    ((alone, coupled),) = infer_sites([{"Pier 1": imports, "Pier 2": exports}])
    at = len(exports) - 2
    assert alone["Pier 2"].ship_present[at] < 0.7
    assert coupled["Pier 2"].ship_present[at] > alone["Pier 2"].ship_present[at] + 0.15


def test_a_siding_has_no_arrival_warnings():
    counts = [pier_count(i, 40 * (i % 4), role=PierRole.RAIL) for i in range(12)]
    kinds = {one.kind for one in find_events({"Pier 2": counts})}
    assert EventKind.STOCKPILE in kinds
    assert EventKind.WARNING not in kinds


def test_a_yard_without_a_berth_has_no_findings_of_ships():
    sizes = [0, 0, 40, 80, 120, 120, 10, 0, 0, *[0] * 60, 90, 90, 90, 0, 0, 0]
    ships = {6: 115, 7: 115}
    counts = [pier_count(i, n, ships.get(i), role=PierRole.YARD) for i, n in enumerate(sizes)]
    dry = [replace(one, berth_visible_fraction=None, hulls=UNKNOWN, berthed=()) for one in counts]
    ashore = {EventKind.STOCKPILE, EventKind.DWELL, EventKind.INFLOW_STOPPED}
    assert not {one.kind for one in find_events({"Pier 2": counts})} <= ashore
    assert EventKind.STOCKPILE in {one.kind for one in find_events({"Pier 2": dry})} <= ashore


def warnings(counts):
    found = [one for one in find_events({"Pier 2": counts}) if one.kind is EventKind.WARNING]
    assert all(isinstance(one, ShipDue) for one in found)
    return found


def test_a_warning_has_its_chances_and_its_lead():
    sizes = [0, 0, 0, 40, 80, 120, 120, 10, 0, 0]
    counts = [pier_count(i, n, 110 if i in (6, 7) else None) for i, n in enumerate(sizes)]
    counts = [*regular_calls(5), *counts]
    due = warnings(counts)[-1]
    one_day, three, seven = due.chances
    assert 0 < one_day < three < seven == due.confidence < 1
    assert due.confidence >= 0.7
    raised = day(due.began.latest)
    assert due.lead.low == pytest.approx(5 - raised)
    assert due.lead.high == pytest.approx(6 - raised)
    open_one = warnings(counts[:-4])[-1]
    assert open_one.began == due.began
    assert open_one.lead is None


def test_throughput_is_the_sum_of_what_calls_moved():
    counts = []
    for start in range(0, 200, 10):
        sizes = [0, 0, 0, 40, 80, 120, 120, 0, 0, 0]
        counts += [
            pier_count(start + i, n, 110 if i in (6, 7) else None) for i, n in enumerate(sizes)
        ]
    events = find_events({"Pier 2": counts})
    moved = estimate_throughput("Pier 2", events)
    assert (moved.calls, moved.inferred) == (20, 0)
    assert 1_600 < moved.loaded_at_least < 2_400  # a lower bound
    assert moved.loaded_about == pytest.approx(2_400, rel=0.1)
    hidden = [one for one in counts if one.scene not in ("scene 166", "scene 167")]
    without = estimate_throughput("Pier 2", find_events({"Pier 2": hidden}))
    assert (without.calls, without.inferred) == (19, 1)
    assert 1_500 < without.loaded_at_least < 2_280
    assert without.loaded_about == pytest.approx(2_400, rel=0.1)
    assert estimate_throughput("Pier 9", events).calls == 0


def changed(kind, size, confidence=0.95, low=None):
    """A change of the containers by a call whose begin and end are known."""
    spread = 5.0 if low is None else abs(size) - low
    call = a_call("Pier 2", 1, 2, 110)
    magnitude = Magnitude(size, size - spread, size + spread, "containers")
    return replace(call, kind=kind, size=magnitude, confidence=confidence)


def test_throughput_takes_lower_ends_of_sure_changes_and_scales_for_calls_with_an_open_end():
    call = a_call("Pier 2", 1, 2, 110)
    open_call = replace(call, began=CensoredTime(None, call.began.latest))
    events = [
        call,
        call,
        open_call,
        changed(EventKind.LOADING, -60.0),
        changed(EventKind.LOADING, -40.0, confidence=0.8),
        changed(EventKind.UNLOADING, 20.0),
        changed(EventKind.UNSEEN_CALL, -30.0),
        replace(changed(EventKind.LOADING, -500.0), pier="Pier 3"),
    ]
    moved = estimate_throughput("Pier 2", events)
    assert (moved.calls, moved.inferred) == (3, 1)
    assert moved.loaded_at_least == 55  # the doubtful one and the unseen call are left out
    assert moved.unloaded_at_least == 15
    assert moved.loaded_about == pytest.approx(1.5 * 100 + 30)  # two of three calls were measured
    assert moved.unloaded_about == pytest.approx(1.5 * 20)


def test_a_shift_without_lengths_is_as_likely_as_its_calls():
    departure, arrival = a_call("A", 1, 2, 115), a_call("B", 2.6, 4, 115)
    unmeasured = replace(arrival, size=None, confidence=0.7)
    (shift,) = find_berth_shifts({"A": [departure], "B": [unmeasured]})
    assert (shift.confidence, shift.size) == (0.7, None)
    assert (shift.began, shift.ended) == (departure.ended, arrival.began)
    lasting = replace(departure, ended=CensoredTime(departure.ended.earliest, None))
    assert not find_berth_shifts({"A": [lasting], "B": [arrival]})


def test_sites_are_independent_of_each_other_and_of_piers_without_a_count():
    busy = [pier_count(i, 10 * (i % 7), 115 if i % 7 == 6 else None) for i in range(40)]
    hidden = [pier_count(i, None) for i in range(9)]
    expected = find_events({"Pier 2": busy})
    sites = [{"Pier 2": busy, "Blind": hidden, "New": []}, {"Blind": hidden}, {}, {"Pier 2": busy}]
    assert find_events_of_sites(sites) == [expected, (), (), expected]


def test_a_dwell_ends_where_a_ship_comes_and_begins_anew_after_it():
    ship = [pier_count(day, 80, 115) for day in (16, 16.5, 17, 17.5)]
    after = [pier_count(20 + 2 * i, 80) for i in range(8)]
    counts = [*(pier_count(2 * i, 80) for i in range(8)), *ship, *after]
    first, second = (e for e in find_events({"Pier 2": counts}) if e.kind is EventKind.DWELL)
    assert len(first.evidence) == 8
    assert first.ended == CensoredTime(counts[7].acquired, counts[8].acquired)
    assert len(second.evidence) == 9  # the last observation of the ship and those after it
    assert second.ended.latest is None


def test_unknown_counts_neither_end_a_dwell_nor_count_for_it():
    counts = [pier_count(2 * i, 80 if i % 3 else None) for i in range(18)]
    (dwell,) = (e for e in find_events({"Pier 2": counts}) if e.kind is EventKind.DWELL)
    assert len(dwell.evidence) == 12
    assert dwell.size.value == pytest.approx(80)


def test_a_long_gap_ends_a_time_without_inflow_after_its_last_count():
    counts = [pier_count(day, 40) for day in (*range(25), *range(70, 95))]
    stops = [e for e in find_events({"Pier 2": counts}) if e.kind is EventKind.INFLOW_STOPPED]
    assert [stop.size.value for stop in stops] == [24, 24]
    assert stops[0].ended == CensoredTime(counts[24].acquired, None)
    assert stops[1].ended == ONGOING
