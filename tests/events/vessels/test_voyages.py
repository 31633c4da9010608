"""Port calls and voyages: what each rule counts, and never more than was observed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cv.errors import InputError
from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from cv.events.vessels.port_calls import PortCall, merge_port_calls, port_calls, read_port_calls
from cv.events.vessels.vessel_matching import UNKNOWN
from cv.events.vessels.voyages import VoyageCountingRule, count_voyages, find_voyages

START = datetime(2024, 1, 1, tzinfo=UTC)


def at(day):
    return START + timedelta(days=day)


def event(kind, pier, began, ended, size, confidence, scenes):
    return Event(
        kind=kind,
        pier=pier,
        began=began,
        ended=ended,
        size=size,
        confidence=confidence,
        evidence=scenes,
        alternatives=(),
    )


def call(pier, first, last, kind=EventKind.CALL, ended=None):
    """A call seen from a day to another, and on neither the day before nor the day after."""
    left = CensoredTime(at(last), at(last + 1)) if ended is None else ended
    scenes = (f"{pier} {first}", f"{pier} {last}")
    return event(kind, pier, CensoredTime(at(first - 1), at(first)), left, None, 0.9, scenes)


def shift(left, came):
    size = Magnitude(110.0, 100.0, 120.0, "metres")
    scenes = (left.evidence[-1], came.evidence[0])
    return event(EventKind.BERTH_SHIFT, left.pier, left.ended, came.began, size, 0.8, scenes)


def visit(port, ship, first, last, seen=True):
    return PortCall(
        port=port,
        ship=ship,
        began=CensoredTime(at(first), at(first)),
        ended=CensoredTime(at(last), at(last)),
        calls=1,
        seen=seen,
        source="by hand",
    )


def nobody(_):
    return UNKNOWN


def counted(every, home="Rajin"):
    return {one.rule: (one.seen, one.inferred) for one in count_voyages(every, home)}


def test_calls_that_a_shift_connects_are_one_visit():
    first, second, alone = call("Pier 1", 1, 2), call("Pier 2", 4, 6), call("Pier 2", 20, 21)
    found = port_calls("Rajin", [first, second, alone, shift(first, second)], nobody)
    assert [(one.calls, one.began, one.ended) for one in found] == [
        (2, first.began, second.ended),
        (1, alone.began, alone.ended),
    ]


def test_a_visit_is_named_where_its_calls_do_not_contradict_each_other():
    first, second = call("Pier 1", 1, 2), call("Pier 2", 4, 6)
    events = [first, second, shift(first, second)]
    (named,) = port_calls("Rajin", events, {first: "Maria", second: UNKNOWN}.__getitem__)
    (doubtful,) = port_calls("Rajin", events, {first: "Maria", second: "Angara"}.__getitem__)
    assert (named.ship, doubtful.ship) == ("Maria", UNKNOWN)


def test_an_unseen_call_counts_as_inferred():
    events = [call("Pier 2", 1, 2), call("Pier 2", 10, 11, EventKind.UNSEEN_CALL)]
    every = port_calls("Rajin", events, nobody)
    assert (
        counted(every)[VoyageCountingRule.CALL]
        == counted(every)[VoyageCountingRule.VISIT]
        == (1, 1)
    )
    assert counted(every)[VoyageCountingRule.ROUND] == (0, 0)


def test_every_rule_counts_by_its_definition():
    """Maria goes there and back twice; Angara there only; somebody calls at home."""
    every = [
        visit("Rajin", "Maria", 1, 2),
        visit("Vostochny", "Maria", 4, 5),
        visit("Rajin", "Maria", 7, 8),
        visit("Dunay", "Maria", 10, 11),
        visit("Vostochny", "Maria", 12, 13),
        visit("Rajin", "Maria", 15, 16),
        visit("Rajin", "Angara", 3, 4),
        visit("Dunay", "Angara", 6, 7),
        visit("Rajin", UNKNOWN, 30, 31),
        visit("Rajin", UNKNOWN, 40, 41, seen=False),
    ]
    assert counted(every) == {
        VoyageCountingRule.CALL: (5, 1),
        VoyageCountingRule.VISIT: (5, 1),
        VoyageCountingRule.IMPLIED: (5, 1),
        VoyageCountingRule.ONE_WAY: (6, 0),
        VoyageCountingRule.ROUND: (2, 0),
    }
    assert [(t.ship, t.origin.port, t.destination.port) for t in find_voyages(every)][:2] == [
        ("Maria", "Rajin", "Vostochny"),
        ("Angara", "Rajin", "Dunay"),
    ]


def test_a_ship_that_was_first_seen_elsewhere_makes_no_round_trip_by_coming():
    every = [visit("Vostochny", "Maria", 1, 2), visit("Rajin", "Maria", 4, 5)]
    assert counted(every)[VoyageCountingRule.ROUND] == (0, 0)
    assert counted(every)[VoyageCountingRule.ONE_WAY] == (1, 0)


def test_counts_are_lower_bounds_whatever_goes_unseen():
    """A fleet shuttles between two ports; of its visits some are not seen, others not named."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        every, rounds = [], 0
        for ship in ("Maria", "Angara", "Lady R"):
            day, legs = float(rng.uniform(0, 5)), int(rng.integers(2, 12))
            for i in range(legs):
                every.append(visit(("Rajin", "Vostochny")[i % 2], ship, day, day + 1))
                day += float(rng.uniform(2, 6))
            rounds += (legs - 1) // 2
        true = counted(every)
        assert true[VoyageCountingRule.ROUND] == (rounds, 0)
        part = [one for one in every if rng.random() < 0.7]
        named = [
            one if rng.random() < 0.7 else PortCall(**{**vars(one), "ship": UNKNOWN})
            for one in part
        ]
        for rule, (seen, _) in counted(named).items():
            assert seen <= true[rule][0]


def test_reported_port_calls_give_a_name_and_are_not_counted_twice():
    found = port_calls("Rajin", [call("Pier 1", 5, 6), call("Pier 1", 20, 21)], nobody)
    reported = [visit("Rajin", "Maria", 5, 5), visit("Rajin", "Maria", 6, 6)]
    reported += [visit("Vostochny", "Maria", 9, 9)]
    every = merge_port_calls(found, reported)
    assert [(one.port, one.ship) for one in every] == [
        ("Rajin", "Maria"),
        ("Vostochny", "Maria"),
        ("Rajin", UNKNOWN),
    ]
    other = visit("Rajin", "Angara", 6, 6)
    doubtful = merge_port_calls(found, [*reported, other])[0]
    assert doubtful.ship == UNKNOWN  # two names contradict each other, and both are listed
    assert doubtful.source == "Maria by by hand; Angara by by hand"


def test_visits_are_read_with_aliases_of_ports(tmp_path):
    path, head = tmp_path / "visits.csv", "port,from,to,ship,source\n"
    path.write_text(f"{head}Najin,2024-02-04,,Lady R,press\nDunay,2024-02-01,2024-02-03,,press\n")
    first, second = read_port_calls(path, {"Najin": "Rajin"})
    assert (first.port, first.ship) == ("Dunay", UNKNOWN)
    assert (second.port, second.ship) == ("Rajin", "Lady R")
    assert second.ended.latest == datetime(2024, 2, 5, tzinfo=UTC)
    path.write_text(f"{head}Najin,2024-02-04,,Lady R,\n")
    with pytest.raises(InputError, match="line 2: port or source is empty"):
        read_port_calls(path)
