"""Marks of events and alarms against a history that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from cv.benchmark.marks import Marks, Share, alarm_marks, marks
from cv.benchmark.peers import PEERS, Raw, threshold
from cv.counting.count import Status
from cv.events.event import Event, Kind, Span
from cv.events.findings import findings
from cv.simulation.operation import Operation, Voyage
from cv.simulation.port import EXPORT, START, Port
from cv.simulation.weather import CLEAR_COAST

NOTHING = np.array([0.0, 20.0]), np.zeros(2)
SHIP = Voyage(4.0, 5.0, 7.0, 120.0, 50, 3.0, 100)
HISTORY = Operation(20.0, (SHIP,), NOTHING, NOTHING)


def at(day: float):
    return START + timedelta(days=day)


def call(came: tuple[float, float], left: tuple[float, float], kind: Kind = Kind.CALL) -> Event:
    began, ended = (Span(*(at(day) for day in days)) for days in (came, left))
    return Event(kind, EXPORT.name, began, ended, None, 0.9, (), ())


@pytest.fixture(scope="module")
def looks():
    whole = next(c for c in Port.drawn(1, CLEAR_COAST).exported if c.status is Status.COUNTED)
    return [replace(whole, acquired=at(day)) for day in range(20)]


def test_a_call_is_right_by_its_looks_and_its_spans(looks):
    found = marks(HISTORY, EXPORT, looks, [call((4, 6), (6, 8)), call((10, 11), (11, 12))])
    assert found.recall == Share(1, 1)
    assert found.precision == Share(1, 2)
    assert found.arrivals == Share(1, 1)
    late = marks(HISTORY, EXPORT, looks, [call((5.5, 6), (6, 6.5))])
    assert (late.arrivals, late.departures) == (Share(0, 1), Share(0, 1))


def test_a_call_told_twice_is_right_once(looks):
    found = marks(HISTORY, EXPORT, looks, [call((4, 5), (5, 6)), call((5, 6), (6, 8))])
    assert found.precision == Share(1, 2)


def test_an_inferred_call_finds_too(looks):
    found = marks(HISTORY, EXPORT, looks, [call((4, 8), (4, 8), Kind.UNSEEN_CALL)])
    assert (found.recall, found.unseen) == (Share(1, 1), Share(1, 1))
    assert marks(HISTORY, EXPORT, looks, []).recall == Share(0, 1)


def test_an_alarm_is_right_from_the_first_cargo_to_the_ship(looks):
    right = alarm_marks(HISTORY, EXPORT, looks, [(3.5, 6.0)])
    assert (right.warned, right.false_alarms, right.leads_d) == (Share(1, 1), 0, (1.5,))
    late = alarm_marks(HISTORY, EXPORT, looks, [(5.5, 6.0)])
    assert (late.warned, late.false_alarms, late.late_alarms) == (Share(0, 1), 1, 1)
    false = alarm_marks(HISTORY, EXPORT, looks, [(10.0, 11.0)])
    assert (false.warned, false.false_alarms, false.late_alarms) == (Share(0, 1), 1, 0)
    both = right + false
    assert (both.warned, both.false_alarms, both.years) == (Share(1, 2), 1, 40 / 365)


def test_clouds_are_nothing_to_a_peer_or_left_out():
    looks = Port.drawn(2, CLEAR_COAST).exported
    hidden = [c for c in looks if not c.containers.known]
    assert hidden
    every, known = Raw.of(looks, True), Raw.of(looks, False)
    assert len(every.days) == len(looks) == len(known.days) + len(hidden)


def test_a_peer_alarm_stands_until_the_look_that_ends_it():
    raw = Raw(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([0.0, 50.0, 60.0, 0.0, 70.0]))
    assert threshold(raw, 40.0) == [(1.0, 3.0), (4.0, np.inf)]


@pytest.mark.parametrize("name", ["fixed threshold", "CUSUM"])
def test_peers_warn_before_ships(name):
    port = Port.drawn(2, CLEAR_COAST)
    alarms, settings = PEERS[name]
    rates = [
        alarm_marks(
            port.operation, EXPORT, port.exported, alarms(Raw.of(port.exported, False), setting)
        ).warned.rate
        for setting in settings
    ]
    assert max(rates) > 0.7


def test_the_engine_tells_most_of_a_few_ports():
    """A smoke test; tools/events.py measures over hundreds of ports."""
    total = Marks()
    for seed in range(30_000, 30_006):
        port = Port.drawn(seed, CLEAR_COAST)
        events = [e for e in findings({EXPORT.name: port.exported}) if e.pier == EXPORT.name]
        total += marks(port.operation, EXPORT, port.exported, events)
    assert total.recall.rate > 0.85
    assert total.precision.rate > 0.9
    assert total.arrivals.rate > 0.93
    assert total.warned.rate > 0.85
    assert total.false_a_year < 2.0
