"""Stopped inflow is found where nothing came, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from simulated_ports.cloud_cover import CLEAR_COAST
from simulated_ports.port import EXPORT, IMPORT, SimulatedPort

from cv.counting.pier_count import UNKNOWN
from cv.events.confidence import calibrated
from cv.events.event import EventKind
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.events.rules.inflow_stops import find_inflow_stops
from cv.events.site_events import find_events
from tests.fixtures.observations import pier_count


def stops(*counts):
    return [e for e in find_events({"Pier 2": list(counts)}) if e.kind is EventKind.INFLOW_STOPPED]


def test_a_pier_to_which_nothing_comes():
    (stop,) = stops(*(pier_count(day, 40) for day in range(30)))
    assert stop.size.value == 29
    assert len(stop.evidence) == 30


def test_growth_in_small_steps_is_inflow_too():
    assert stops(*(pier_count(day, 10 + 4 * day) for day in range(30))) == []


def test_time_without_observations_is_not_a_stop():
    assert stops(*(pier_count(365 * year, 50 * year) for year in range(10))) == []
    assert stops(pier_count(0, 40), pier_count(200, 40)) == []


def test_halts_need_observations_of_the_berth():
    counts = [pier_count(day, 0, 115 if day in (2, 3, 12, 13) else None) for day in range(100)]
    hidden = [replace(one, berth_visible_fraction=0.0, hulls=UNKNOWN) for one in counts]
    kinds, without_berth = (
        {event.kind for event in find_events({"Pier 2": given})} for given in (counts, hidden)
    )
    assert EventKind.HALT in kinds
    assert EventKind.HALT not in without_berth


def test_stops_are_true_as_often_as_stated_at_simulated_piers():
    stated, wrong = [], []
    for seed in range(6):
        port = SimulatedPort.simulate(seed, CLEAR_COAST, 365)
        events = [
            stop
            for counts in (port.export_counts, port.import_counts)
            for stop in find_inflow_stops(Posterior.of(PierObservations.of(counts)))
        ]
        sides = {EXPORT.name: port.history.export_level, IMPORT.name: port.history.import_level}
        for event in events:
            times, numbers = sides[event.pier]
            first = (event.began.latest - port.export_counts[0].acquired).days
            last = first + event.size.value
            inside = np.interp(np.arange(first, last, 0.25), times, numbers)
            rise = max(inside[i:].max() - inside[i] for i in range(len(inside)))
            stated.append(calibrated(event.kind, event.confidence))
            wrong.append(rise > 40)
    assert len(stated) >= 8
    assert np.mean(stated) <= 1 - np.mean(wrong) + 0.1  # not surer than right
