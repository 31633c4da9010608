"""Fit the calibration of confidences (cv/events/confidence.py) to events at simulated ports.

    python tools/port_kinds.py --ports 20 --seed 500 --uncalibrated --json runs/fitting.jsonl
    python tools/fit_event_confidence.py runs/fitting.jsonl

Prints a line for each kind of event: intercept and slope of the logistic function from the model's
log-odds; and how well each band fits when every kind of port is predicted from the others, of the
same file. `tools/leave_one_kind_out.py` predicts them from ports of another seed.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from port_kinds_bench.calibration_fit import LEAST_EVENTS, by_event_kind, fit_events
from port_kinds_bench.left_out_kinds import BANDS, calibrate_left_out
from port_kinds_bench.records import read_uncalibrated_events


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("events", type=Path, help="JSON lines of tools/port_kinds.py")
    args = parser.parse_args()
    for kind, own in by_event_kind(read_uncalibrated_events(args.events)).items():
        if len(own) < LEAST_EVENTS:
            continue
        found = fit_events(own)
        numbers = f"{found.intercept:.2f}, {found.slope:.2f}"
        print(f"    EventKind.{kind.name}: LogisticCalibration({numbers}),")
        left_out = [one.event for one in calibrate_left_out(own, own)]
        stated = np.array([event.stated for event in left_out])
        true = np.array([event.true for event in left_out], dtype=np.float64)
        place = np.searchsorted(BANDS[1:-1], stated, "right")
        for band, (low, high) in enumerate(pairwise(BANDS)):
            here = place == band
            if here.any():
                print(
                    f"        {low:.2f} to {high:.2f}: {here.sum():>5} events, stated "
                    f"{stated[here].mean():.3f}, true {true[here].mean():.3f}"
                )


if __name__ == "__main__":
    main()
