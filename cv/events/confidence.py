"""From the probability that the model gives to one that is true so often: calibration by kind.

The model's assumptions are never quite those of a port. At simulated ports of many kinds, for which
the truth is known, the share of events that are true is a logistic function of the model's log-odds
(Platt 1999). `tools/fit_event_confidence.py` fits it and prints the table below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

from cv.events.event import EventKind

_LEAST, _MOST = 0.001, 0.999
"""Probabilities are taken to lie between these: nothing is certain."""


@dataclass(frozen=True)
class LogisticCalibration:
    """A logistic function of log-odds."""

    intercept: float
    """Log-odds of an event to which the model gives even odds."""
    slope: float
    """Change for one more of the model's log-odds; at least 0."""

    def __call__(self, probability: float) -> float:
        """Return the calibrated probability."""
        bounded = min(max(probability, _LEAST), _MOST)
        log_odds = log(bounded / (1.0 - bounded))
        return 1.0 / (1.0 + exp(-self.intercept - self.slope * log_odds))


CALIBRATIONS: Mapping[EventKind, LogisticCalibration] = {
    EventKind.CALL: LogisticCalibration(-1.40, 0.77),
    EventKind.UNSEEN_CALL: LogisticCalibration(1.36, 0.00),
    EventKind.STOCKPILE: LogisticCalibration(-0.33, 0.74),
    EventKind.WARNING: LogisticCalibration(0.18, 1.31),
    EventKind.HALT: LogisticCalibration(0.21, 0.82),
    EventKind.RESUMPTION: LogisticCalibration(0.27, 1.02),
    EventKind.LOADING: LogisticCalibration(1.44, 0.31),
    EventKind.UNLOADING: LogisticCalibration(-1.80, 0.99),
    EventKind.DWELL: LogisticCalibration(-0.69, 0.47),
    EventKind.INFLOW_STOPPED: LogisticCalibration(-0.53, 0.32),
    EventKind.STANDING_HULL: LogisticCalibration(-0.58, 0.00),
}
"""A slope of 0: the model's odds say nothing, and the share that is true is all that is known."""
LEAST_STATED: Mapping[EventKind, float] = {
    EventKind.CALL: 0.6,
    EventKind.WARNING: 0.6,
    EventKind.UNLOADING: 0.3,
    EventKind.DWELL: 0.2,
    EventKind.INFLOW_STOPPED: 0.3,
}
"""Events of less than this probability are not stated, by kind."""
_LEAST_STATED_ELSE = 0.05


def calibrated(kind: EventKind, probability: float) -> float:
    """Return how often events of a kind are true to which the model gives a `probability`."""
    return CALIBRATIONS[kind](probability) if kind in CALIBRATIONS else probability


def is_stated(kind: EventKind, confidence: float) -> bool:
    """Return whether an event of a kind is probable enough to be stated."""
    return confidence >= LEAST_STATED.get(kind, _LEAST_STATED_ELSE)
