"""What a number of containers would be, if they held this or that: a range, never a finding."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from cv.errors import InputError
from cv.events.event import Size


@dataclass(frozen=True)
class Load:
    """What one container is assumed to hold."""

    unit: str
    """What is counted."""
    low: float
    """Fewest in a container."""
    high: float
    """Most."""
    source: str
    """Whose assumption it is."""

    def of(self, containers: Size) -> tuple[float, float]:
        """Fewest and most in so many containers: both ranges are spent."""
        return containers.low * self.low, containers.high * self.high


def loads(path: Path) -> tuple[Load, ...]:
    """The table in a CSV with the columns unit, per_container_low, per_container_high, source;
    raises InputError where a range has no width, as a point would pass for knowledge."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            Load(
                row["unit"],
                float(row["per_container_low"]),
                float(row["per_container_high"]),
                row["source"],
            )
            for row in csv.DictReader(file)
        ]
    for row in rows:
        if not 0 <= row.low < row.high or not row.source:
            raise InputError(
                path,
                f"{row.unit}: {row.low:g} to {row.high:g}, source {row.source!r}",
                "a scenario is a range with a source",
                "Correct it.",
            )
    return tuple(rows)
