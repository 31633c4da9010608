"""The logistic function from the model's log-odds to the share of events that are true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import minimize

from cv.events.confidence import LogisticCalibration
from cv.events.event import EventKind
from cv.geometry.arrays import BoolArray, Float64Array
from port_kinds_bench.judged_events import JudgedEvent

LEAST_EVENTS = 60
"""A kind of fewer events is not calibrated."""
_RIDGE = 3.0
"""Weight of the prior that a slope is 1, in observations at even odds."""
_LEAST, _MOST = 0.001, 0.999
"""Probabilities are taken to lie between these: nothing is certain."""


def fit(log_odds: Float64Array, true: BoolArray) -> LogisticCalibration:
    """Return the logistic function of most likelihood that does not fall."""

    def loss(weights: Float64Array) -> float:
        z = weights[0] + weights[1] * log_odds
        entropy = np.logaddexp(0.0, z) - true * z
        return float(entropy.sum() + _RIDGE / 2 * (weights[1] - 1.0) ** 2)

    bounds = ((None, None), (0.0, 3.0))
    found = minimize(loss, np.array([0.0, 1.0]), bounds=bounds, method="L-BFGS-B")
    return LogisticCalibration(float(found.x[0]), float(found.x[1]))


def fit_events(events: Sequence[JudgedEvent]) -> LogisticCalibration:
    """Return the calibration of events of one kind, all of which have a truth."""
    stated = np.array([event.stated for event in events])
    true = np.array([event.true for event in events], dtype=bool)
    return fit(log_odds_of(stated), true)


def log_odds_of(probabilities: Float64Array) -> Float64Array:
    """Return the log-odds of probabilities (n,), none of which is certain."""
    p = np.clip(probabilities, _LEAST, _MOST)
    return np.asarray(np.log(p / (1 - p)))


def by_event_kind(events: Iterable[JudgedEvent]) -> dict[EventKind, list[JudgedEvent]]:
    """Return the events of each kind of which there are any, in the order of `EventKind`."""
    found: dict[str, list[JudgedEvent]] = defaultdict(list)
    for event in events:
        found[event.kind].append(event)
    return {kind: found[kind.value] for kind in EventKind if kind.value in found}
