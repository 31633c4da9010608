"""The simple alarms with which tools/event_skill.py compares the warnings."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_ports.cloud_cover import CLEAR_COAST
from simulated_ports.event_metrics import score_alarms
from simulated_ports.port import EXPORT, SimulatedPort
from warning_baselines import BASELINES, RawCounts, cusum_alarms, threshold_alarms


def test_clouds_are_zero_for_a_baseline_or_left_out():
    counts = SimulatedPort.simulate(2, CLEAR_COAST).export_counts
    hidden = [c for c in counts if not c.containers.known]
    assert hidden
    every, known = RawCounts.of(counts, True), RawCounts.of(counts, False)
    assert len(every.days) == len(counts) == len(known.days) + len(hidden)


def test_a_baseline_alarm_is_active_until_the_observation_that_ends_it():
    raw = RawCounts(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([0.0, 50.0, 60.0, 0.0, 70.0]))
    assert threshold_alarms(raw, 40.0) == [(1.0, 3.0), (4.0, np.inf)]


@pytest.mark.parametrize("name", ["fixed threshold", "CUSUM"])
def test_baselines_warn_before_ships(name):
    port = SimulatedPort.simulate(2, CLEAR_COAST)
    alarms, settings = BASELINES[name]
    rates = [
        score_alarms(
            port.history,
            EXPORT,
            port.export_counts,
            alarms(RawCounts.of(port.export_counts, False), setting),
        ).warned.rate
        for setting in settings
    ]
    assert max(rates) > 0.7


def test_cusum_alarms_while_the_sum_of_what_exceeds_the_median_is_above_its_limit():
    containers = np.array([0.0, 0.0, 0.0, 10.0, 10.0, 0.0, 0.0, 0.0, 0.0])
    sd = containers.std()
    step = 10.0 / sd - 0.5  # a tall count; a low one takes one half off again
    raw = RawCounts(np.arange(9.0), containers)
    assert cusum_alarms(raw, 1.5 * step) == [(4.0, 4.0 + np.ceil(step))]
    assert cusum_alarms(raw, 2.1 * step) == []
