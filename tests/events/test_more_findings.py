"""Findings of transfers, stockpiles, dwell, inflow, standing hulls, resumption, shift."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sights import START, day, history, look

from cv.events.calls import calls, unseen_calls
from cv.events.dwells import dwells
from cv.events.event import Event, Kind, Size, Span
from cv.events.findings import findings
from cv.events.halts import halts
from cv.events.inflows import stopped_inflows
from cv.events.resumptions import resumptions
from cv.events.shifts import shifts
from cv.events.standing import standing_hulls
from cv.events.stockpiles import stockpiles
from cv.events.story import Story
from cv.events.throughput import throughput
from cv.events.ties import tied
from cv.events.transfers import transfers
from cv.events.watch import Watch
from cv.series import Series
from cv.site import Role


def test_loading_is_what_the_stack_lost():
    story = history(
        look(0, 0), look(1, 60), look(2, 140), look(3, 130, 115), look(4, 0), look(5, 0)
    )
    last = transfers(story, calls(story))[-1]
    assert last.kind is Kind.LOADING
    assert last.size.value == pytest.approx(-135, abs=12)
    assert last.size.low < last.size.value < last.size.high < 0


def test_unloading_on_an_import_pier_is_told_though_lorries_fetch_it_at_once():
    looks = [look(i, 2, role=Role.IMPORT) for i in range(6)]
    looks += [look(6, 90, 115, role=Role.IMPORT), look(7, 95, role=Role.IMPORT)]
    looks += [look(8 + i, max(0, 60 - 30 * i), role=Role.IMPORT) for i in range(5)]
    found = [one for one in findings({"Pier 2": looks}) if one.kind is Kind.UNLOADING]
    assert len(found) == 1
    assert found[0].size.value == pytest.approx(92, abs=15)


def test_a_call_without_any_change_tells_of_no_transfer():
    looks = (
        [look(i, 50) for i in range(10)]
        + [look(10, 50, 115)]
        + [look(11 + i, 50) for i in range(9)]
    )
    assert not [
        one for one in findings({"Pier 2": looks}) if one.kind in (Kind.LOADING, Kind.UNLOADING)
    ]


def test_a_stockpile_has_onset_peak_growth_and_rank():
    story = history(
        look(0, 0), look(1, 80), look(2, 200), look(3, 210), look(4, 205, 115), look(5, 0)
    )
    last = stockpiles(story)[-1]
    assert day(last.began.after) == pytest.approx(0)
    assert day(last.began.by) == pytest.approx(1)
    assert last.size.value == pytest.approx(205, abs=10)
    assert last.growth_per_day == pytest.approx(70, abs=10)
    assert last.rank == 1.0
    assert day(last.ended.by) == pytest.approx(5)


def test_a_stack_that_stands_is_dwell_until_it_changes():
    """As the containers that were landed in early February 2024."""
    story = history(*(look(2 * i, 80) for i in range(12)), look(25, 0, 115), look(26, 0))
    last = dwells(story)[-1]
    assert last.size.value == pytest.approx(80, abs=2)
    assert len(last.evidence) == 12
    assert day(last.ended.after) == pytest.approx(22)
    assert day(last.ended.by) == pytest.approx(25)


def test_a_stack_that_grows_slowly_is_no_dwell():
    story = history(*(look(2 * i, 40 + 12 * i) for i in range(12)))
    assert not [one for one in dwells(story) if day(one.ended.by or START) > 12]


def test_inflow_stops_after_the_last_growth():
    story = history(look(0, 0), look(1, 70), *(look(2 + 2 * i, 70) for i in range(12)))
    last = stopped_inflows(story)[-1]
    assert day(last.began.by) == pytest.approx(1, abs=1)
    assert last.ended.by is None
    assert last.size.value == pytest.approx(23, abs=2)


def test_a_hull_that_lies_for_weeks_is_standing():
    story = history(*(look(2 * i, 10, 120) for i in range(9)), look(18, 10), look(19, 10))
    (standing,) = standing_hulls(calls(story))
    assert standing.kind is Kind.STANDING_HULL
    assert day(standing.ended.after) - day(standing.began.by) >= 14
    assert not standing_hulls(calls(history(look(0, 0, 115), look(1, 0))))


def test_the_call_after_a_halt_resumes():
    """As on 10 March 2024."""
    pause = [look(1 + i, 0) for i in range(26)]
    story = history(
        look(0, 0, 115), *pause, look(27, 60), look(28, 60, 110), look(29, 0), look(30, 0)
    )
    seen = calls(story)
    pauses = halts(story, [*seen, *unseen_calls(story)])
    (found,) = resumptions(pauses, seen)
    assert day(found.began.by) == pytest.approx(28)
    assert found.size.value == pytest.approx(26, abs=1)
    assert found.confidence <= pauses[-1].confidence


def a_call(pier: str, came: float, left: float, metres: float) -> Event:
    """A call that two looks a day saw."""
    at = [START + timedelta(days=x) for x in (came - 0.5, came, left, left + 0.5)]
    size = Size(metres, metres - 5, metres + 5, "metres")
    began, ended = Span(at[0], at[1]), Span(at[2], at[3])
    return Event(Kind.CALL, pier, began, ended, size, 0.99, (f"{pier} {came}",), ())


def test_a_ship_shifts_from_pier_to_pier():
    one = {"A": [a_call("A", 1, 2, 115)], "B": [a_call("B", 2.6, 4, 117)]}
    (shift,) = shifts(one)
    assert (shift.pier, shift.to_pier) == ("A", "B")
    assert shift.confidence > 0.6
    assert not shifts({"A": one["A"], "B": [a_call("B", 2.6, 4, 150)]})
    assert not shifts({"A": one["A"], "B": [a_call("B", 9, 10, 115)]})


def test_a_ship_shifts_once():
    both = [a_call("B", 2.6, 4, 115), a_call("B", 3.0, 4.2, 121)]
    (shift,) = shifts({"A": [a_call("A", 1, 2, 115)], "B": both})
    assert shift.size.value == 115


def test_events_do_not_depend_on_the_order_of_arrival_nor_on_doublets():
    sizes = (0, 0, 0, 60, 120, 110, 5, 0, 0, 0, 80, 150, 140, 0, 0, 3, 0, 0, 0)
    ships = {5: 115, 6: 115, 12: 118}
    looks = [look(i, n, ships.get(i)) for i, n in enumerate(sizes)]
    expected = findings({"Pier 2": looks})
    assert len(expected) > 4
    assert findings({"Pier 2": looks[:-6]}) != expected  # what comes late changes what is told
    rng = random.Random(0)
    for _ in range(1_000):
        arrived = [*looks, *rng.sample(looks, 5)]
        rng.shuffle(arrived)
        stored = sorted(arrived, key=lambda count: (count.acquired, count.scene))
        assert findings({"Pier 2": Series.of("Pier 2", stored).counts}) == expected


def test_a_siding_tells_nothing_of_a_pier():
    looks = [look(i, 10 * (i % 7), 115 if i % 7 == 6 else None) for i in range(40)]
    alone = findings({"Pier 2": looks})
    siding = [replace(count, pier="Siding", role=Role.RAIL) for count in looks]
    together = findings({"Pier 2": looks, "Siding": siding})
    kept = [one for one in together if one.pier == "Pier 2" and one.kind is not Kind.BERTH_SHIFT]
    assert tuple(kept) == alone


def test_a_ship_at_the_import_pier_makes_a_doubtful_one_at_the_export_pier_likelier():
    """Ships go from one to the other at every call; at last a hull that may be none is seen."""
    imports, exports = [], []
    for start in range(0, 64, 8):
        for i in range(8):
            ship = 115 if i == 5 else None
            imports.append(look(start + i, 80 if i > 5 else 5, ship, role=Role.IMPORT))
            exports.append(look(start + i, 60 if i in (4, 5) else 5, 115 if i == 6 else None))
    doubtful = look(70, 5, 115)
    doubtful = replace(doubtful, hulls=replace(doubtful.hulls, low=0.0))
    exports += [*(look(64 + i, 5) for i in range(6)), doubtful, look(71, 5)]
    imports += [*(look(64 + i, 5, role=Role.IMPORT) for i in range(5))]
    imports += [look(69, 60, 115, role=Role.IMPORT), look(70, 80, role=Role.IMPORT)]
    imports = [replace(count, pier="Pier 1") for count in imports]
    alone = Story.of(Watch.of(exports))
    both = tied({"Pier 1": Story.of(Watch.of(imports)), "Pier 2": alone})["Pier 2"]
    at = len(exports) - 2
    assert alone.in_port[at] < 0.3
    assert both.in_port[at] > 0.45


def test_no_ship_is_due_at_a_siding():
    looks = [look(i, 40 * (i % 4), role=Role.RAIL) for i in range(12)]
    kinds = {one.kind for one in findings({"Pier 2": looks})}
    assert Kind.STOCKPILE in kinds
    assert Kind.WARNING not in kinds


def test_a_warning_tells_its_chances_and_how_long_before_the_ship_it_came():
    sizes = [0, 0, 0, 40, 80, 120, 120, 10, 0, 0]
    looks = [look(i, n, 110 if i in (6, 7) else None) for i, n in enumerate(sizes)]
    (due,) = (one for one in findings({"Pier 2": looks}) if one.kind is Kind.WARNING)
    one_day, three, seven = due.chances
    assert 0 < one_day < three < seven == due.confidence < 1
    raised = (due.began.by - looks[0].acquired).days
    assert (due.lead.low, due.lead.high) == (pytest.approx(5 - raised), pytest.approx(6 - raised))
    (open_one,) = (one for one in findings({"Pier 2": looks[:6]}) if one.kind is Kind.WARNING)
    assert open_one.lead is None


def test_throughput_is_the_sum_of_what_calls_moved():
    looks = []
    for start in (0, 10, 20):
        sizes = [0, 0, 0, 40, 80, 120, 120, 0, 0, 0]
        looks += [look(start + i, n, 110 if i in (6, 7) else None) for i, n in enumerate(sizes)]
    events = findings({"Pier 2": looks})
    told = throughput("Pier 2", events)
    assert (told.calls, told.inferred) == (3, 0)
    assert 240 < told.lost < 360  # a lower bound
    assert told.lost_about == pytest.approx(360, rel=0.1)
    hidden = [one for one in looks if one.scene not in ("scene 16", "scene 17")]
    without = throughput("Pier 2", findings({"Pier 2": hidden}))
    assert (without.calls, without.inferred) == (2, 1)
    assert 160 < without.lost < 240
    assert without.lost_about == pytest.approx(360, rel=0.1)
    assert throughput("Pier 9", events).calls == 0
