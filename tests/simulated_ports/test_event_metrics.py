"""Metrics of events and alarms against a known history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from simulated_ports.cloud_cover import CLEAR_COAST
from simulated_ports.event_metrics import EventMetrics, Proportion, score_alarms, score_events
from simulated_ports.port import EXPORT, START, SimulatedPort
from simulated_ports.port_operation import PortHistory, SimulatedVisit

from cv.counting.pier_count import CountStatus
from cv.events.event import CensoredTime, Event, EventKind
from cv.events.site_events import find_events

NOTHING = np.array([0.0, 20.0]), np.zeros(2)
SHIP = SimulatedVisit(
    arrival_d=4.0,
    shift_d=5.0,
    departure_d=7.0,
    length_m=120.0,
    unloaded=50,
    gathering_d=3.0,
    loaded=100,
)
HISTORY = PortHistory(20.0, (SHIP,), NOTHING, NOTHING)


def at(day: float):
    return START + timedelta(days=day)


def call(
    came: tuple[float, float], left: tuple[float, float], kind: EventKind = EventKind.CALL
) -> Event:
    began, ended = (CensoredTime(*(at(day) for day in days)) for days in (came, left))
    return Event(
        kind=kind,
        pier=EXPORT.name,
        began=began,
        ended=ended,
        size=None,
        confidence=0.9,
        evidence=(),
        alternatives=(),
    )


@pytest.fixture(scope="module")
def counts():
    whole = next(
        c
        for c in SimulatedPort.simulate(1, CLEAR_COAST).export_counts
        if c.status is CountStatus.COUNTED
    )
    return [replace(whole, acquired=at(day)) for day in range(20)]


def test_a_call_is_right_by_its_observations_and_its_intervals(counts):
    found = score_events(HISTORY, EXPORT, counts, [call((4, 6), (6, 8)), call((10, 11), (11, 12))])
    assert found.recall == Proportion(1, 1)
    assert found.precision == Proportion(1, 2)
    assert found.arrivals == Proportion(1, 1)
    late = score_events(HISTORY, EXPORT, counts, [call((5.5, 6), (6, 6.5))])
    assert (late.arrivals, late.departures) == (Proportion(0, 1), Proportion(0, 1))


def test_a_call_reported_twice_is_right_once(counts):
    found = score_events(HISTORY, EXPORT, counts, [call((4, 5), (5, 6)), call((5, 6), (6, 8))])
    assert found.precision == Proportion(1, 2)


def test_an_inferred_call_counts_as_found(counts):
    found = score_events(HISTORY, EXPORT, counts, [call((4, 8), (4, 8), EventKind.UNSEEN_CALL)])
    assert (found.recall, found.inferred) == (Proportion(1, 1), Proportion(1, 1))
    assert score_events(HISTORY, EXPORT, counts, []).recall == Proportion(0, 1)


def test_an_alarm_is_right_from_the_first_cargo_to_the_ship(counts):
    right = score_alarms(HISTORY, EXPORT, counts, [(3.5, 6.0)])
    assert (right.warned, right.false_alarms, right.leads_d) == (Proportion(1, 1), 0, (1.5,))
    late = score_alarms(HISTORY, EXPORT, counts, [(5.5, 6.0)])
    assert (late.warned, late.false_alarms, late.late_alarms) == (Proportion(0, 1), 1, 1)
    false = score_alarms(HISTORY, EXPORT, counts, [(10.0, 11.0)])
    assert (false.warned, false.false_alarms, false.late_alarms) == (Proportion(0, 1), 1, 0)
    both = right + false
    assert (both.warned, both.false_alarms, both.years) == (Proportion(1, 2), 1, 40 / 365)


def test_the_engine_finds_most_of_a_few_ports():
    """A smoke test; tools/event_skill.py measures over hundreds of ports."""
    total = EventMetrics()
    for seed in range(30_000, 30_006):
        port = SimulatedPort.simulate(seed, CLEAR_COAST)
        events = [
            e for e in find_events({EXPORT.name: port.export_counts}) if e.pier == EXPORT.name
        ]
        total += score_events(port.history, EXPORT, port.export_counts, events)
    assert total.recall.rate > 0.85
    assert total.precision.rate > 0.9
    assert total.arrivals.rate > 0.93
    assert total.warned.rate > 0.85
    assert total.false_alarms_per_year <= 2.0
