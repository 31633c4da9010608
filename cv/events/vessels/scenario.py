"""Scenarios: what a number of containers would amount to, as a range and never as a finding."""

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
    """Most in a container."""
    source: str
    """Whose assumption it is."""

    def amount_in(self, containers: Magnitude) -> tuple[float, float]:
        """Return the fewest and the most in `containers`, over both intervals."""
        return containers.low * self.low, containers.high * self.high


def read_load_assumptions(path: Path) -> tuple[LoadAssumption, ...]:
    """Read a CSV with the columns unit, per_container_low, per_container_high and source.

    Raises InputError, also for a range without width: a single number would pass for knowledge.
    """
    return tuple(_assumption(path, line, cells) for line, cells in read_rows(path, _COLUMNS))


def _assumption(path: Path, line: int, cells: tuple[str, ...]) -> LoadAssumption:
    unit, low, high, source = cells
    try:
        assumption = LoadAssumption(unit, float(low), float(high), source)
        if not 0 <= assumption.low < assumption.high < inf or not unit or not source:
            raise ValueError(f"{unit}: {low} to {high}, source {source!r}")
    except ValueError as error:
        limit = "a scenario is a range with a unit and a source"
        raise invalid_line(path, line, error, limit) from error
    return assumption
