"""What is told of findings: once, and corrected where a late scene changed them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sights import START, look

from cv.alerts.alert import Alert, Change, Told
from cv.alerts.news import news
from cv.alerts.rule import Rule
from cv.events.event import NOT_YET, Event, Kind, Size, Span
from cv.events.findings import findings
from cv.series import Series

PIER = "Pier 2"
EVERY = (Rule("every", frozenset(Kind), frozenset([PIER])),)
SURE = (Rule("sure", frozenset(Kind), frozenset([PIER]), least_confidence=0.8),)


def at(day):
    return START + timedelta(days=day)


def event(began=(1, 2), ended=None, kind=Kind.CALL, size=100.0, confidence=0.9):
    return Event(
        kind,
        PIER,
        Span(*map(at, began)),
        NOT_YET if ended is None else Span(*map(at, ended)),
        Size(size, size - 10, size + 10, "metres"),
        confidence,
        ("scene 2",),
        (),
    )


def told(one, number=1, standing=True):
    return Told(number, one, standing)


def changes(alerts):
    return [(alert.id, alert.change) for alert in alerts]


def test_what_meets_a_rule_is_told_once():
    first = news([], [event()], EVERY)
    assert changes(first) == [(1, Change.NEW)]
    assert first[0].rules == ("every",)
    assert news([first[0].told], [event()], EVERY) == []


def test_what_meets_no_rule_is_not_told():
    sure = (Rule("sure", frozenset([Kind.CALL]), frozenset([PIER]), least_confidence=0.95),)
    large = (Rule("large", frozenset([Kind.CALL]), frozenset([PIER]), least_size=150.0),)
    assert news([], [event()], sure) == news([], [event()], large) == []
    assert news([], [event(kind=Kind.HALT)], large) == []
    assert changes(news([], [event(size=-160.0)], large)) == [(1, Change.NEW)]


def test_since_leaves_out_what_was_over_by_then():
    over, lasting = event((1, 2), (3, 4)), event((1, 2))
    assert news([], [over], EVERY, since=at(5)) == []
    assert changes(news([], [over], EVERY, since=at(4))) == [(1, Change.NEW)]
    assert changes(news([], [lasting], EVERY, since=at(5))) == [(1, Change.NEW)]


def test_an_end_is_told_and_then_no_more():
    ended = event(ended=(3, 4))
    (alert,) = news([told(event())], [ended], EVERY, since=at(50))
    assert (alert.change, alert.before) == (Change.ENDED, event())
    assert news([alert.told], [ended], EVERY) == []


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
def test_what_turned_out_different_is_told(now):
    before = event((1, 2), (3, 4))
    assert changes(news([told(before)], [now], EVERY)) == [(1, Change.CHANGED)]


def test_small_differences_are_no_news():
    before = event((1, 2), (3, 4))
    now = event((1, 2), (3, 4), size=105.0, confidence=0.8)
    assert news([told(before)], [now], EVERY) == []


def test_what_still_lasts_may_grow():
    assert news([told(event())], [event(size=500.0)], EVERY) == []


def test_what_is_not_so_is_withdrawn_once_and_restored_if_it_is_so_after_all():
    (gone,) = news([told(event())], [], EVERY)
    assert gone.change is Change.WITHDRAWN
    assert news([gone.told], [], EVERY) == []
    (back,) = news([gone.told], [event()], EVERY)
    assert (back.id, back.change) == (1, Change.RESTORED)


def test_an_event_that_meets_its_rule_no_more_is_withdrawn_until_it_does_again():
    sure = (Rule("sure", frozenset([Kind.CALL]), frozenset([PIER]), least_confidence=0.85),)
    (gone,) = news([told(event())], [event(confidence=0.8)], sure)
    assert (gone.change, gone.rules) == (Change.WITHDRAWN, ())
    assert news([gone.told], [event(confidence=0.8)], sure) == []
    (back,) = news([gone.told], [event(confidence=0.86)], sure)
    assert (back.id, back.change) == (1, Change.RESTORED)


def test_of_two_events_each_has_its_own_alert():
    early, late = event((1, 2), (3, 4)), event((5, 6), (7, 8))
    moved = event((1.5, 2), (3, 4.5))
    alerts = news([told(early, 7), told(late, 3)], [moved, late], EVERY, first_id=8)
    assert changes(alerts) == [(7, Change.CHANGED)]
    alerts = news([told(early, 7)], [early, late], EVERY, first_id=8)
    assert changes(alerts) == [(8, Change.NEW)]


def test_a_late_scene_corrects_what_was_told():
    looks = [look(i, 60 if i in (4, 5) else 5, 115 if i in (6, 7) else None) for i in range(8)]
    looks += [look(i, 5) for i in range(8, 12)]
    known = [count for count in looks if count.scene not in ("scene 6", "scene 7")]
    before = findings({PIER: known})
    first = news([], before, EVERY)
    late = news([one.told for one in first], findings({PIER: looks}), EVERY, None, 100)
    of_ships = {(one.event.kind, one.change) for one in late}
    assert (Kind.UNSEEN_CALL, Change.WITHDRAWN) in of_ships  # it was seen after all
    assert (Kind.CALL, Change.NEW) in of_ships


def port():
    """Looks at a pier with two calls, the second of them seen by nobody, and then a halt."""
    sizes = [0, 0, 40, 80, 80, 10, 5, 5, 30, 70, 75, 5, 5, 5, 5, 5, 5]
    looks = [look(i, n, 110 if i in (4, 5) else None) for i, n in enumerate(sizes)]
    return [*looks, look(19, None), look(22, 5), look(27, 6), look(33, 5)]


def test_a_thousand_orders_of_arrival_tell_the_same():
    """Scenes come late and twice; alerts are asked for in between, and at last. Some events meet
    the rule at one time and not at another."""
    looks = port()
    expected = findings({PIER: looks})
    kinds = {one.kind for one in expected}
    assert {Kind.CALL, Kind.STOCKPILE, Kind.WARNING, Kind.UNSEEN_CALL, Kind.HALT} <= kinds
    worth = [one for one in expected if SURE[0].meets(one)]
    assert 4 < len(worth) < len(expected)
    rng = random.Random(1)
    corrected = 0
    for _ in range(1_000):
        arrived = [*looks, *rng.sample(looks, 4)]
        rng.shuffle(arrived)
        standing: dict[int, Told] = {}
        said: list[Alert] = []
        for until in (*sorted(rng.sample(range(1, len(arrived)), 2)), len(arrived)):
            stored = sorted(arrived[:until], key=lambda count: (count.acquired, count.scene))
            events = findings({PIER: Series.of(PIER, stored).counts})
            fresh = news(list(standing.values()), events, SURE, None, len(standing) + 1)
            standing |= {alert.id: alert.told for alert in fresh}
            said += fresh
            assert news(list(standing.values()), events, SURE, None, 1_000) == []
        assert events == expected
        held = [one.event for one in standing.values() if one.standing]
        assert len(held) == len(worth)
        assert sorted(map(placed, held)) == sorted(map(placed, worth))
        opened = [alert.id for alert in said if alert.change is Change.NEW]
        assert len(opened) == len(set(opened))
        corrected += sum(alert.change is not Change.NEW for alert in said)
    assert corrected > 1_000  # the orders did matter for what was said on the way


def placed(one):
    """What must be the same of an event in all orders; what lasts may have grown since."""
    ended = (one.ended.after, one.ended.by) if one.ended.by else ()
    return one.kind, one.began.after or START, one.began.by or START, ended


def test_what_is_found_again_is_told_in_the_order_of_alerts():
    one, other = event((1, 2), (3, 4)), event((5, 6), (7, 8))
    gone = [told(replace(one), 2), told(replace(other), 1)]
    assert changes(news(gone, [], EVERY)) == [(2, Change.WITHDRAWN), (1, Change.WITHDRAWN)]
