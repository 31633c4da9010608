"""The simulator: its draws have the stated properties, and the engine finds most of them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from simulated_ports.cloud_cover import CLEAR_COAST, RAJIN_SKY, visible_shares
from simulated_ports.port import (
    EXPORT,
    IMPORT,
    START,
    SimulatedPort,
    berth_stay_days,
    truth_at,
)

from cv.counting.pier_count import CountStatus
from cv.events.event import EventKind
from cv.events.site_events import find_events


@pytest.mark.parametrize(("sky", "usable"), [(CLEAR_COAST, 0.64), (RAJIN_SKY, 0.37)])
def test_a_climate_shows_its_share_of_days(sky, usable):
    assert sky.usable_share == pytest.approx(usable, abs=0.005)
    months = np.tile(np.repeat(np.arange(1, 13), 30), 60)
    shown = visible_shares(np.random.default_rng(0), months, sky)
    assert np.mean(shown == 1) == pytest.approx(usable, abs=0.02)
    assert np.mean(np.isnan(shown)) == pytest.approx(1 - sky.imaged_share, abs=0.01)
    summer = np.isin(months, (6, 7, 8))
    assert np.mean(shown[summer] == 1) < np.mean(shown[~summer] == 1) - 0.1


def test_a_seed_always_gives_the_same_port():
    one, same, other = (
        repr(SimulatedPort.simulate(seed, CLEAR_COAST).export_counts) for seed in (3, 3, 4)
    )
    assert one == same
    assert one != other


def test_counts_are_close_to_the_truth_and_unknown_under_clouds():
    port = SimulatedPort.simulate(5, CLEAR_COAST)
    held = clear = 0
    for count in port.export_counts:
        if count.status is CountStatus.NOT_VISIBLE:
            assert not count.containers.known
        if count.status is CountStatus.COUNTED:
            assert count.acquired is not None
            truth = truth_at(port.history, EXPORT, count.acquired).containers
            clear += 1
            held += count.containers.low <= truth + 1e-9 <= count.containers.high + 0.5
    assert clear > 200
    assert 0.85 < held / clear < 0.99


def test_cargo_waits_on_the_export_pier_before_most_ships_and_is_gone_after():
    port = SimulatedPort.simulate(7, CLEAR_COAST, days=730)
    times, numbers = port.history.export_level
    fetched = [v for v in port.history.visits if v.loaded]
    before = [np.interp(v.shift_d, times, numbers) for v in fetched]
    after = [np.interp(v.departure_d, times, numbers) for v in fetched]
    assert np.median(before) > 5 * np.median(after)


def test_the_calls_that_the_engine_states_are_true():
    """A smoke test at one port; the benchmark says how well over many."""
    port = SimulatedPort.simulate(11, CLEAR_COAST)
    for place, counts in ((EXPORT, port.export_counts), (IMPORT, port.import_counts)):
        found = [e for e in find_events({place.name: counts}) if e.kind is EventKind.CALL]
        truth = [berth_stay_days(voyage, place) for voyage in port.history.visits]
        hits = 0
        for call in found:
            first = (call.began.latest - START).total_seconds() / 86_400
            last = (call.ended.earliest - START).total_seconds() / 86_400
            hits += any(a <= last and b >= first for a, b in truth)
        assert len(found) > 10
        assert hits / len(found) > 0.85


def test_the_level_is_what_came_less_what_went():
    port = SimulatedPort.simulate(9, CLEAR_COAST, days=400)
    times, numbers = port.history.import_level
    first, second = port.history.visits[:2]
    before, after = np.interp([first.arrival_d, first.shift_d], times, numbers)
    assert before == pytest.approx(0)
    assert after == pytest.approx(first.unloaded)
    assert first.arrival_d < first.shift_d < first.departure_d < second.arrival_d
    assert (numbers >= 0).all()
    assert (np.diff(times) > 0).all()


def test_a_ship_is_at_one_pier_at_a_time():
    history = SimulatedPort.simulate(9, CLEAR_COAST, days=100).history
    for visit in history.visits:
        middles = [sum(berth_stay_days(visit, pier)) / 2 for pier in (IMPORT, EXPORT)]
        for day, here, elsewhere in zip(middles, (IMPORT, EXPORT), (EXPORT, IMPORT), strict=True):
            time = START + timedelta(days=day)
            assert truth_at(history, here, time).hull_m == visit.length_m
            assert truth_at(history, elsewhere, time).hull_m == 0
