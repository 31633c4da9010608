"""Whose hull it is: a measured hull against the ships of a fleet, with "unknown" as an answer."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, pi, sqrt
from pathlib import Path

from cv.errors import InputError

UNKNOWN = "unknown"
"""Stands for every ship that is not in the fleet."""
_STRANGER = 0.3
"""Probability of such a ship before anything was measured."""
_LENGTH_ERROR, _BEAM_ERROR = 0.04, 0.12
"""Standard deviations of the relative errors of a measured length and beam."""
_LONGEST_M, _WIDEST_M = 340.0, 50.0
"""Ships of a port are taken to be evenly as long as that, or less, and as wide."""
_FORE = 0.15
"""Share of cargo ships with the bridge forward."""
_BRIDGE_RIGHT = 0.9
"""Share of bridges that are seen at the right end."""
_COLUMNS = ("name", "aliases", "length_m", "beam_m", "bridge")


class Bridge(StrEnum):
    """At which end the bridge stands."""

    FORE = "fore"
    AFT = "aft"


@dataclass(frozen=True)
class Vessel:
    """A ship of the fleet; None where a thing is not known of it."""

    name: str
    aliases: tuple[str, ...] = ()
    length_m: float | None = None
    beam_m: float | None = None
    bridge: Bridge | None = None


@dataclass(frozen=True)
class Measured:
    """What an image tells of a hull; None where it does not."""

    length_m: float | None = None
    beam_m: float | None = None
    bridge: Bridge | None = None


@dataclass(frozen=True)
class Candidate:
    """A name that the hull may have."""

    name: str
    """Of a vessel, or UNKNOWN."""
    probability: float
    """0 to 1; those of all candidates add up to 1."""


@dataclass(frozen=True)
class Fleet:
    """Ships that may come."""

    vessels: tuple[Vessel, ...]

    @classmethod
    def read(cls, path: Path) -> Fleet:
        """The fleet in a CSV with the columns name, aliases (by ";"), length_m, beam_m (metres) and
        bridge (fore or aft), cells empty where unknown; raises InputError."""
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    path,
                    f"no column {', '.join(missing)}",
                    f"a fleet has the columns {', '.join(_COLUMNS)}",
                    "Add it.",
                )
            return cls(tuple(_vessel(path, row) for row in reader))

    def candidates(self, hull: Measured) -> tuple[Candidate, ...]:
        """Every vessel and UNKNOWN, the likeliest first: Bayes' rule, each vessel as probable as
        any other before, errors Gaussian."""
        each = (1 - _STRANGER) / len(self.vessels) if self.vessels else 0.0
        weights = {vessel.name: each * _likelihood(hull, vessel) for vessel in self.vessels}
        weights[UNKNOWN] = (1 - each * len(self.vessels)) * _likelihood(hull, Vessel(UNKNOWN))
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Candidate(name, weight / total) for name, weight in ranked)

    def named(self, hull: Measured, least: float = 0.5) -> str:
        """The name of the likeliest vessel, where it is at least so probable; else UNKNOWN."""
        best = self.candidates(hull)[0]
        return best.name if best.probability >= least else UNKNOWN


def _likelihood(hull: Measured, vessel: Vessel) -> float:
    return (
        _size(hull.length_m, vessel.length_m, _LENGTH_ERROR, _LONGEST_M)
        * _size(hull.beam_m, vessel.beam_m, _BEAM_ERROR, _WIDEST_M)
        * _bridge(hull.bridge, vessel.bridge)
    )


def _size(seen: float | None, true: float | None, error: float, most: float) -> float:
    """Density of a measured size; even where the true one is not known."""
    if seen is None:
        return 1.0
    if true is None:
        return 1.0 / most
    spread = hypot(error * true, 1.0)
    return exp(-0.5 * ((seen - true) / spread) ** 2) / (spread * sqrt(2 * pi))


def _bridge(seen: Bridge | None, true: Bridge | None) -> float:
    if seen is None:
        return 1.0
    if true is not None:
        return _BRIDGE_RIGHT if seen is true else 1 - _BRIDGE_RIGHT
    fore = _FORE * _BRIDGE_RIGHT + (1 - _FORE) * (1 - _BRIDGE_RIGHT)
    return fore if seen is Bridge.FORE else 1 - fore


def _vessel(path: Path, row: dict[str, str]) -> Vessel:
    try:
        return Vessel(
            row["name"],
            tuple(name for name in row["aliases"].split(";") if name),
            float(row["length_m"]) if row["length_m"] else None,
            float(row["beam_m"]) if row["beam_m"] else None,
            Bridge(row["bridge"]) if row["bridge"] else None,
        )
    except ValueError as error:
        raise InputError(
            path, f"{row['name']}: {error}", "sizes are metres", "Correct it."
        ) from None
