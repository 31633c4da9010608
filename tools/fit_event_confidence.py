"""Fit the calibration of confidences (cv/events/confidence.py) to events at simulated ports.

    python tools/port_kinds.py --ports 20 --seed 500 --json runs/events.jsonl
    python tools/fit_event_confidence.py runs/events.jsonl

Reads what `tools/port_kinds.py --json` writes, and prints a line for each kind of event: intercept
and slope of the logistic function from the model's log-odds; and how well each band fits when
every kind of port is predicted from the others. The events must be those of the model itself: run the first command with both tables of
cv/events/confidence.py empty.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from cv.events.confidence import ConfidenceCalibration
from cv.events.event import EventKind
from cv.geometry.arrays import BoolArray, Float64Array

_LEAST_EVENTS = 60
_BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
_RIDGE = 3.0
"""Weight of the prior that a slope is 1, in observations at even odds."""


def fit(log_odds: Float64Array, true: BoolArray) -> ConfidenceCalibration:
    """Return the logistic function of most likelihood that does not fall."""

    def loss(weights: Float64Array) -> float:
        z = weights[0] + weights[1] * log_odds
        entropy = np.logaddexp(0.0, z) - true * z
        return float(entropy.sum() + _RIDGE / 2 * (weights[1] - 1.0) ** 2)

    bounds = ((None, None), (0.0, 3.0))
    found = minimize(loss, np.array([0.0, 1.0]), bounds=bounds, method="L-BFGS-B")
    return ConfidenceCalibration(float(found.x[0]), float(found.x[1]))


def log_odds_of(probabilities: Float64Array) -> Float64Array:
    """Return the log-odds of probabilities (n,), none of which is certain."""
    p = np.clip(probabilities, 0.001, 0.999)
    return np.asarray(np.log(p / (1 - p)))


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("events", type=Path, help="JSON lines of tools/port_kinds.py")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.events.read_text(encoding="utf-8").splitlines()]
    events = [row for row in rows if row["record"] == "event" and row["true"] is not None]
    for kind in EventKind:
        own = [event for event in events if event["kind"] == kind.value]
        if len(own) < _LEAST_EVENTS:
            continue
        stated = np.array([event["stated"] for event in own])
        true = np.array([event["true"] for event in own], dtype=float)
        ports = np.array([event["port_kind"] for event in own])
        odds = log_odds_of(stated)
        found = fit(odds, true)
        print(
            f"    EventKind.{kind.name}: ConfidenceCalibration({found.intercept:.2f}, {found.slope:.2f}),"
        )
        held = np.zeros(len(own))
        for port in np.unique(ports):
            rest = ports != port
            other = fit(odds[rest], true[rest])
            held[~rest] = 1 / (1 + np.exp(-other.intercept - other.slope * odds[~rest]))
        for low, high in pairwise(_BANDS):
            here = (held >= low) & (held < high)
            if here.any():
                print(
                    f"        {low:.2f} to {high:.2f}: {here.sum():>5} events, stated "
                    f"{held[here].mean():.3f}, true {true[here].mean():.3f}"
                )


if __name__ == "__main__":
    main()
