"""What a number of containers would be, if they held this or that: a range, never a finding."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path

from cv.events.event import Magnitude
from cv.io.csv_tables import invalid_line, read_rows

_COLUMNS = ("unit", "per_container_low", "per_container_high", "source")


@dataclass(frozen=True)
class LoadAssumption:
    """What one container is assumed to hold."""

    unit: str
    """What is counted."""
    low: float
    """Fewest in a container."""
    high: float
    """Most."""
    source: str
    """Whose assumption it is."""

    def amount_in(self, containers: Magnitude) -> tuple[float, float]:
        """Fewest and most in so many containers: both ranges are spent."""
        return containers.low * self.low, containers.high * self.high


def read_load_assumptions(path: Path) -> tuple[LoadAssumption, ...]:
    """The table in a CSV with the columns unit, per_container_low, per_container_high, source;
    raises InputError where a range has no width, as a point would pass for knowledge."""
    return tuple(_load(path, line, cells) for line, cells in read_rows(path, _COLUMNS))


def _load(path: Path, line: int, cells: tuple[str, ...]) -> LoadAssumption:
    unit, low, high, source = cells
    try:
        load = LoadAssumption(unit, float(low), float(high), source)
        if not 0 <= load.low < load.high < inf or not unit or not source:
            raise ValueError(f"{unit}: {low} to {high}, source {source!r}")
    except ValueError as error:
        raise invalid_line(
            path, line, error, "a scenario is a range with a unit and a source"
        ) from error
    return load
