"""Every event, true stay and amount with its truth, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from cv.errors import InputError
from port_kinds_bench.judged_events import JudgedEvent
from port_kinds_bench.port_score import PortScore

_CALIBRATED, _UNCALIBRATED = "event", "uncalibrated_event"
"""Name of a record of an event, by what its confidence is."""


def write_records(path: Path, scores: Mapping[str, PortScore], calibrated: bool = True) -> None:
    """Write every event, every true stay and the amounts of every pier, a JSON object a line.

    `calibrated` says what the confidences are: if false, the probabilities of the model itself.
    """
    name = _CALIBRATED if calibrated else _UNCALIBRATED
    with path.open("w", encoding="utf-8") as file:
        for score in scores.values():
            for pier in score.piers:
                rows = [{"record": name} | asdict(event) for event in pier.events]
                rows += [{"record": "stay"} | asdict(stay) for stay in pier.stays]
                rows.append(
                    {"record": "amounts"}
                    | asdict(pier.port)
                    | {"pier": pier.name}
                    | {"loaded": asdict(pier.loaded), "unloaded": asdict(pier.unloaded)}
                )
                file.writelines(json.dumps(row) + "\n" for row in rows)


def read_uncalibrated_events(path: Path) -> list[JudgedEvent]:
    """Return the events of a file that have a truth, with the probabilities of the model itself.

    Raises InputError if the file holds calibrated confidences, or no event.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    events = []
    for row in rows:
        if row.pop("record") == _UNCALIBRATED and row["true"] is not None:
            events.append(JudgedEvent(**row))
    if not events:
        raise InputError(
            path,
            "no event with the probability of the model itself",
            "a calibration is fitted to those, not to calibrated confidences",
            "Write the file with tools/port_kinds.py --uncalibrated --json.",
        )
    return events
