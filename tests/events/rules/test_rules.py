"""Findings of transfers, stockpiles, dwell, inflow, standing hulls, resumption, shift."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from cv.events.model.observations import PierObservations
from cv.events.model.pier_coupling import couple_piers
from cv.events.model.posterior import Posterior
from cv.events.pipeline import find_events
from cv.events.rules.berth_shifts import find_berth_shifts
from cv.events.rules.cargo_transfers import find_transfers
from cv.events.rules.dwells import find_dwells
from cv.events.rules.halts import find_halts
from cv.events.rules.inflow_stops import find_inflow_stops
from cv.events.rules.laid_up_hulls import find_laid_up_hulls
from cv.events.rules.resumptions import find_resumptions
from cv.events.rules.ship_calls import observed_calls, unseen_calls
from cv.events.rules.stockpiles import find_stockpiles
from cv.events.rules.throughput import estimate_throughput
from cv.site import PierRole
from cv.timeseries.series import Series
from tests.fixtures.observations import START, day, history, look


def test_loading_is_what_the_stack_lost():
    story = history(
        look(0, 0), look(1, 60), look(2, 140), look(3, 130, 115), look(4, 0), look(5, 0)
    )
    last = find_transfers(story, observed_calls(story))[-1]
    assert last.kind is EventKind.LOADING
    assert last.size.value == pytest.approx(-135, abs=12)
    assert last.size.low < last.size.value < last.size.high < 0


def test_unloading_on_an_import_pier_is_told_though_lorries_fetch_it_at_once():
    looks = [look(i, 2, role=PierRole.IMPORT) for i in range(6)]
    looks += [look(6, 90, 115, role=PierRole.IMPORT), look(7, 95, role=PierRole.IMPORT)]
    looks += [look(8 + i, max(0, 60 - 30 * i), role=PierRole.IMPORT) for i in range(5)]
    found = [one for one in find_events({"Pier 2": looks}) if one.kind is EventKind.UNLOADING]
    assert len(found) == 1
    assert found[0].size.value == pytest.approx(92, abs=15)


def test_a_call_without_any_change_tells_of_no_transfer():
    looks = (
        [look(i, 50) for i in range(10)]
        + [look(10, 50, 115)]
        + [look(11 + i, 50) for i in range(9)]
    )
    assert not [
        one
        for one in find_events({"Pier 2": looks})
        if one.kind in (EventKind.LOADING, EventKind.UNLOADING)
    ]


def test_a_stockpile_has_onset_peak_growth_and_rank():
    story = history(
        look(0, 0), look(1, 80), look(2, 200), look(3, 210), look(4, 205, 115), look(5, 0)
    )
    last = find_stockpiles(story)[-1]
    assert day(last.began.earliest) == pytest.approx(0)
    assert day(last.began.latest) == pytest.approx(1)
    assert last.size.value == pytest.approx(205, abs=10)
    assert last.growth_per_day == pytest.approx(70, abs=10)
    assert last.rank == 1.0
    assert day(last.ended.latest) == pytest.approx(5)


def test_a_stack_that_stands_is_dwell_until_it_changes():
    """As the containers that were landed in early February 2024."""
    story = history(*(look(2 * i, 80) for i in range(12)), look(25, 0, 115), look(26, 0))
    last = find_dwells(story)[-1]
    assert last.size.value == pytest.approx(80, abs=2)
    assert len(last.evidence) == 12
    assert day(last.ended.earliest) == pytest.approx(22)
    assert day(last.ended.latest) == pytest.approx(25)


def test_a_stack_that_grows_slowly_is_no_dwell():
    story = history(*(look(2 * i, 40 + 12 * i) for i in range(12)))
    assert not [one for one in find_dwells(story) if day(one.ended.latest or START) > 12]


def test_inflow_stops_after_the_last_growth():
    story = history(look(0, 0), look(1, 70), *(look(2 + 2 * i, 70) for i in range(12)))
    last = find_inflow_stops(story)[-1]
    assert day(last.began.latest) == pytest.approx(1, abs=1)
    assert last.ended.latest is None
    assert last.size.value == pytest.approx(23, abs=2)


def test_a_hull_that_lies_for_weeks_is_standing():
    story = history(*(look(2 * i, 10, 120) for i in range(9)), look(18, 10), look(19, 10))
    (standing,) = find_laid_up_hulls(observed_calls(story))
    assert standing.kind is EventKind.STANDING_HULL
    assert day(standing.ended.earliest) - day(standing.began.latest) >= 14
    assert not find_laid_up_hulls(observed_calls(history(look(0, 0, 115), look(1, 0))))


def test_the_call_after_a_halt_resumes():
    """As on 10 March 2024."""
    pause = [look(1 + i, 0) for i in range(26)]
    story = history(
        look(0, 0, 115), *pause, look(27, 60), look(28, 60, 110), look(29, 0), look(30, 0)
    )
    seen = observed_calls(story)
    pauses = find_halts(story, [*seen, *unseen_calls(story)])
    (found,) = find_resumptions(pauses, seen)
    assert day(found.began.latest) == pytest.approx(28)
    assert found.size.value == pytest.approx(26, abs=1)
    assert found.confidence <= pauses[-1].confidence


def a_call(pier: str, came: float, left: float, metres: float) -> Event:
    """A call that two looks a day saw."""
    at = [START + timedelta(days=x) for x in (came - 0.5, came, left, left + 0.5)]
    size = Magnitude(metres, metres - 5, metres + 5, "metres")
    began, ended = CensoredTime(at[0], at[1]), CensoredTime(at[2], at[3])
    return Event(EventKind.CALL, pier, began, ended, size, 0.99, (f"{pier} {came}",), ())


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


def test_events_do_not_depend_on_the_order_of_arrival_nor_on_doublets():
    sizes = (0, 0, 0, 60, 120, 110, 5, 0, 0, 0, 80, 150, 140, 0, 0, 3, 0, 0, 0)
    ships = {5: 115, 6: 115, 12: 118}
    looks = [look(i, n, ships.get(i)) for i, n in enumerate(sizes)]
    expected = find_events({"Pier 2": looks})
    assert len(expected) > 4
    assert find_events({"Pier 2": looks[:-6]}) != expected  # what comes late changes what is told
    rng = random.Random(0)
    for _ in range(1_000):
        arrived = [*looks, *rng.sample(looks, 5)]
        rng.shuffle(arrived)
        stored = sorted(arrived, key=lambda count: (count.acquired, count.scene))
        assert find_events({"Pier 2": Series.of("Pier 2", stored).counts}) == expected


def test_a_siding_tells_nothing_of_a_pier():
    looks = [look(i, 10 * (i % 7), 115 if i % 7 == 6 else None) for i in range(40)]
    alone = find_events({"Pier 2": looks})
    siding = [replace(count, pier="Siding", role=PierRole.RAIL) for count in looks]
    together = find_events({"Pier 2": looks, "Siding": siding})
    kept = [
        one for one in together if one.pier == "Pier 2" and one.kind is not EventKind.BERTH_SHIFT
    ]
    assert tuple(kept) == alone


def test_a_ship_at_the_import_pier_makes_a_doubtful_one_at_the_export_pier_likelier():
    """Ships go from one to the other at every call; at last a hull that may be none is seen."""
    imports, exports = [], []
    for start in range(0, 64, 8):
        for i in range(8):
            ship = 115 if i == 5 else None
            imports.append(look(start + i, 80 if i > 5 else 5, ship, role=PierRole.IMPORT))
            exports.append(look(start + i, 60 if i in (4, 5) else 5, 115 if i == 6 else None))
    doubtful = look(70, 5, 115)
    doubtful = replace(doubtful, hulls=replace(doubtful.hulls, low=0.0))
    exports += [*(look(64 + i, 5) for i in range(6)), doubtful, look(71, 5)]
    imports += [*(look(64 + i, 5, role=PierRole.IMPORT) for i in range(5))]
    imports += [look(69, 60, 115, role=PierRole.IMPORT), look(70, 80, role=PierRole.IMPORT)]
    imports = [replace(count, pier="Pier 1") for count in imports]
    alone = Posterior.of(PierObservations.of(exports))
    both = couple_piers({"Pier 1": Posterior.of(PierObservations.of(imports)), "Pier 2": alone})[
        "Pier 2"
    ]
    at = len(exports) - 2
    assert alone.ship_present[at] < 0.3
    assert both.ship_present[at] > 0.45


def test_no_ship_is_due_at_a_siding():
    looks = [look(i, 40 * (i % 4), role=PierRole.RAIL) for i in range(12)]
    kinds = {one.kind for one in find_events({"Pier 2": looks})}
    assert EventKind.STOCKPILE in kinds
    assert EventKind.WARNING not in kinds


def test_a_warning_tells_its_chances_and_how_long_before_the_ship_it_came():
    sizes = [0, 0, 0, 40, 80, 120, 120, 10, 0, 0]
    looks = [look(i, n, 110 if i in (6, 7) else None) for i, n in enumerate(sizes)]
    (due,) = (one for one in find_events({"Pier 2": looks}) if one.kind is EventKind.WARNING)
    one_day, three, seven = due.chances
    assert 0 < one_day < three < seven == due.confidence < 1
    raised = (due.began.latest - looks[0].acquired).days
    assert (due.lead.low, due.lead.high) == (pytest.approx(5 - raised), pytest.approx(6 - raised))
    (open_one,) = (
        one for one in find_events({"Pier 2": looks[:6]}) if one.kind is EventKind.WARNING
    )
    assert open_one.lead is None


def test_throughput_is_the_sum_of_what_calls_moved():
    looks = []
    for start in (0, 10, 20):
        sizes = [0, 0, 0, 40, 80, 120, 120, 0, 0, 0]
        looks += [look(start + i, n, 110 if i in (6, 7) else None) for i, n in enumerate(sizes)]
    events = find_events({"Pier 2": looks})
    told = estimate_throughput("Pier 2", events)
    assert (told.calls, told.inferred) == (3, 0)
    assert 240 < told.loaded_at_least < 360  # a lower bound
    assert told.loaded_about == pytest.approx(360, rel=0.1)
    hidden = [one for one in looks if one.scene not in ("scene 16", "scene 17")]
    without = estimate_throughput("Pier 2", find_events({"Pier 2": hidden}))
    assert (without.calls, without.inferred) == (2, 1)
    assert 160 < without.loaded_at_least < 240
    assert without.loaded_about == pytest.approx(360, rel=0.1)
    assert estimate_throughput("Pier 9", events).calls == 0
