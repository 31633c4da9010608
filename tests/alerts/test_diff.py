"""Differences between events: new ones once, corrections where a late scene changed them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from cv.alerts.alert_rule import AlertRule
from cv.alerts.event_diff import Alert, AlertChange, ReportedAlert, diff_events
from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.site_events import find_events
from cv.timeseries.series import Series
from tests.fixtures.observations import START, pier_count, regular_calls

PIER = "Pier 2"
EVERY = (AlertRule("every", frozenset(EventKind), frozenset([PIER])),)
SURE = (AlertRule("sure", frozenset(EventKind), frozenset([PIER]), min_confidence=0.8),)


def at(day):
    return START + timedelta(days=day)


def event(began=(1, 2), ended=None, kind=EventKind.CALL, size=100.0, confidence=0.9):
    return Event(
        kind=kind,
        pier=PIER,
        began=CensoredTime(*map(at, began)),
        ended=ONGOING if ended is None else CensoredTime(*map(at, ended)),
        size=Magnitude(size, size - 10, size + 10, "metres"),
        confidence=confidence,
        evidence=("scene 2",),
        alternatives=(),
    )


def reported(one, number=1, active=True):
    return ReportedAlert(number, one, active)


def changes(alerts):
    return [(alert.id, alert.change) for alert in alerts]


def test_an_event_that_meets_a_rule_is_reported_once():
    first = diff_events([], [event()], EVERY)
    assert changes(first) == [(1, AlertChange.NEW)]
    assert first[0].rules == ("every",)
    assert diff_events([first[0].as_reported], [event()], EVERY) == []


def test_an_event_that_meets_no_rule_is_not_reported():
    sure = (AlertRule("sure", frozenset([EventKind.CALL]), frozenset([PIER]), min_confidence=0.95),)
    large = (AlertRule("large", frozenset([EventKind.CALL]), frozenset([PIER]), min_size=150.0),)
    assert diff_events([], [event()], sure) == diff_events([], [event()], large) == []
    assert diff_events([], [event(kind=EventKind.HALT)], large) == []
    assert changes(diff_events([], [event(size=-160.0)], large)) == [(1, AlertChange.NEW)]


def test_since_leaves_out_what_was_over_by_then():
    over, lasting = event((1, 2), (3, 4)), event((1, 2))
    assert diff_events([], [over], EVERY, since=at(5)) == []
    assert changes(diff_events([], [over], EVERY, since=at(4))) == [(1, AlertChange.NEW)]
    assert changes(diff_events([], [lasting], EVERY, since=at(5))) == [(1, AlertChange.NEW)]


def test_an_end_is_reported_once():
    ended = event(ended=(3, 4))
    (alert,) = diff_events([reported(event())], [ended], EVERY, since=at(50))
    assert (alert.change, alert.previous) == (AlertChange.ENDED, event())
    assert diff_events([alert.as_reported], [ended], EVERY) == []


@pytest.mark.parametrize(
    "now",
    [
        event((1, 1.5), (3, 4)),
        event((1, 2), (3, 3.5)),
        event((1, 2), (3, 4), size=120.0),
        event((1, 2), (3, 4), confidence=0.6),
    ],
    ids=["began", "ended", "size", "confidence"],
)
def test_a_changed_event_is_reported(now):
    before = event((1, 2), (3, 4))
    assert changes(diff_events([reported(before)], [now], EVERY)) == [(1, AlertChange.CHANGED)]


def test_small_differences_are_not_reported():
    before = event((1, 2), (3, 4))
    now = event((1, 2), (3, 4), size=105.0, confidence=0.8)
    assert diff_events([reported(before)], [now], EVERY) == []


def test_a_lasting_event_may_grow_unreported():
    assert diff_events([reported(event())], [event(size=500.0)], EVERY) == []


def test_an_event_no_longer_found_is_withdrawn_once_and_restored_when_found_again():
    (gone,) = diff_events([reported(event())], [], EVERY)
    assert gone.change is AlertChange.WITHDRAWN
    assert diff_events([gone.as_reported], [], EVERY) == []
    (back,) = diff_events([gone.as_reported], [event()], EVERY)
    assert (back.id, back.change) == (1, AlertChange.RESTORED)


def test_an_event_that_meets_its_rule_no_more_is_withdrawn_until_it_does_again():
    sure = (AlertRule("sure", frozenset([EventKind.CALL]), frozenset([PIER]), min_confidence=0.85),)
    (gone,) = diff_events([reported(event())], [event(confidence=0.8)], sure)
    assert (gone.change, gone.rules) == (AlertChange.WITHDRAWN, ())
    assert diff_events([gone.as_reported], [event(confidence=0.8)], sure) == []
    (back,) = diff_events([gone.as_reported], [event(confidence=0.86)], sure)
    assert (back.id, back.change) == (1, AlertChange.RESTORED)


def test_of_two_events_each_has_its_own_alert():
    early, late = event((1, 2), (3, 4)), event((5, 6), (7, 8))
    moved = event((1.5, 2), (3, 4.5))
    alerts = diff_events([reported(early, 7), reported(late, 3)], [moved, late], EVERY, first_id=8)
    assert changes(alerts) == [(7, AlertChange.CHANGED)]
    alerts = diff_events([reported(early, 7)], [early, late], EVERY, first_id=8)
    assert changes(alerts) == [(8, AlertChange.NEW)]


def test_a_late_scene_corrects_the_reported_events():
    counts = [
        pier_count(i, 110 if i in (4, 5) else 0, 115 if i in (6, 7) else None) for i in range(8)
    ]
    counts = [*regular_calls(15), *counts, *(pier_count(i, 0) for i in range(8, 12))]
    known = [count for count in counts if count.scene not in ("scene 6", "scene 7")]
    before = find_events({PIER: known})
    first = diff_events([], before, EVERY)
    late = diff_events(
        [one.as_reported for one in first], find_events({PIER: counts}), EVERY, None, 100
    )
    of_ships = {(one.event.kind, one.change) for one in late}
    assert (EventKind.UNSEEN_CALL, AlertChange.WITHDRAWN) in of_ships  # it was seen after all
    assert (EventKind.CALL, AlertChange.NEW) in of_ships


def port():
    """Counts of a pier with a call, cargo that comes and goes, and then a halt."""
    sizes = [0, 0, 40, 80, 80, 10, 5, 5, 30, 70, 75, 5, 5, 5, 5, 5, 5]
    counts = [pier_count(i, n, 110 if i in (4, 5) else None) for i, n in enumerate(sizes)]
    return [*counts, pier_count(19, None), pier_count(22, 5), pier_count(27, 6), pier_count(33, 5)]


def test_a_thousand_orders_of_arrival_give_the_same_alerts():
    """Scenes come late and twice; alerts are asked for in between, and at last. Some events meet
    the rule at one time and not at another."""
    counts = port()
    expected = find_events({PIER: counts})
    kinds = {one.kind for one in expected}
    assert {
        EventKind.CALL,
        EventKind.STOCKPILE,
        EventKind.WARNING,
        EventKind.HALT,
    } <= kinds
    worth = [one for one in expected if SURE[0].matches(one)]
    assert 4 < len(worth) < len(expected)
    rng = random.Random(1)
    corrected = 0
    for _ in range(1_000):
        arrived = [*counts, *rng.sample(counts, 4)]
        rng.shuffle(arrived)
        standing: dict[int, ReportedAlert] = {}
        sent: list[Alert] = []
        for until in (*sorted(rng.sample(range(1, len(arrived)), 2)), len(arrived)):
            stored = sorted(arrived[:until], key=lambda count: (count.acquired, count.scene))
            events = find_events({PIER: Series.of(PIER, stored).counts})
            fresh = diff_events(list(standing.values()), events, SURE, None, len(standing) + 1)
            standing |= {alert.id: alert.as_reported for alert in fresh}
            sent += fresh
            assert diff_events(list(standing.values()), events, SURE, None, 1_000) == []
        assert events == expected
        held = [one.event for one in standing.values() if one.active]
        assert len(held) == len(worth)
        assert sorted(map(placed, held)) == sorted(map(placed, worth))
        opened = [alert.id for alert in sent if alert.change is AlertChange.NEW]
        assert len(opened) == len(set(opened))
        corrected += sum(alert.change is not AlertChange.NEW for alert in sent)
    assert corrected > 1_000  # the order did matter for the messages in between


def placed(one):
    """What must be the same of an event in all orders; a lasting one may have grown since."""
    ended = (one.ended.earliest, one.ended.latest) if one.ended.latest else ()
    return one.kind, one.began.earliest or START, one.began.latest or START, ended


def test_withdrawals_are_reported_in_the_order_of_the_alerts():
    one, other = event((1, 2), (3, 4)), event((5, 6), (7, 8))
    gone = [reported(replace(one), 2), reported(replace(other), 1)]
    assert changes(diff_events(gone, [], EVERY)) == [
        (2, AlertChange.WITHDRAWN),
        (1, AlertChange.WITHDRAWN),
    ]
