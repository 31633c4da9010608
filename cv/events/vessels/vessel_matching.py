"""Whose hull it is: a measured hull against the ships of a fleet, with "unknown" as an answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, log, pi, sqrt
from pathlib import Path

from cv.errors import InputError
from cv.io.csv_tables import invalid_line, read_rows

UNKNOWN = "unknown"
"""Stands for every ship that is not in the fleet."""
MIN_NAME_PROBABILITY = 0.9
"""A hull is given a name where it is at least so probable: a name is a grave thing to say."""
_STRANGER = 0.3
"""Probability of such a ship before anything was measured."""
_LENGTH_ERROR, _BEAM_ERROR = 0.036, 0.075
"""Standard deviations of the relative errors of a measured length and beam, as
`datasets/real/vessel_identification.py` measures them of the released detector, without gross errors."""
_GROSS, _GROSS_TIMES = 0.1, 4.0
"""Share of measures with a gross error (a bow in the shade, two hulls as one), and how much larger
it is."""
_USUAL_M, _USUAL_SPREAD = 110.0, 0.55
"""Length of the ships of a port, metres: median, and standard deviation of the logarithm."""
_SLENDER, _SLENDER_SPREAD = 6.2, 0.17
"""Length over beam of cargo ships, and its relative standard deviation."""
_FORE = 0.15
"""Share of cargo ships with the bridge forward."""
_BRIDGE_RIGHT = 0.9
"""Share of bridges that are seen at the right end."""
_COLUMNS = ("name", "aliases", "length_m", "beam_m", "bridge")


class BridgePosition(StrEnum):
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
    bridge: BridgePosition | None = None


@dataclass(frozen=True)
class HullMeasurement:
    """What an image tells of a hull; None where it does not."""

    length_m: float | None = None
    beam_m: float | None = None
    bridge: BridgePosition | None = None


@dataclass(frozen=True)
class VesselCandidate:
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
        vessels = tuple(_vessel(path, line, cells) for line, cells in read_rows(path, _COLUMNS))
        names = Counter(name for vessel in vessels for name in (vessel.name, *vessel.aliases))
        for name, times in names.items():
            if times > 1 or name == UNKNOWN:
                found = f"the name {name!r} is there {times} times"
                raise InputError(path, found, "names and aliases differ", "Correct it.")
        return cls(vessels)

    def candidates(self, hull: HullMeasurement) -> tuple[VesselCandidate, ...]:
        """Every vessel and UNKNOWN, the likeliest first: Bayes' rule, each vessel as probable as
        any other before, errors Gaussian."""
        each = (1 - _STRANGER) / len(self.vessels) if self.vessels else 0.0
        weights = {vessel.name: each * _likelihood(hull, vessel) for vessel in self.vessels}
        weights[UNKNOWN] = (1 - each * len(self.vessels)) * _likelihood(hull, Vessel(UNKNOWN))
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        return tuple(VesselCandidate(name, weight / total) for name, weight in ranked)

    def most_probable_name(self, hull: HullMeasurement, least: float = MIN_NAME_PROBABILITY) -> str:
        """The name of the likeliest vessel, where it is at least so probable; else UNKNOWN."""
        best = self.candidates(hull)[0]
        return best.name if best.probability >= least else UNKNOWN


def _likelihood(hull: HullMeasurement, vessel: Vessel) -> float:
    return (
        _length(hull.length_m, vessel.length_m)
        * _beam(hull, vessel)
        * _bridge(hull.bridge, vessel.bridge)
    )


def _length(seen: float | None, true: float | None) -> float:
    """Density of a measured length; that of ships at large where the true one is not known."""
    if seen is None:
        return 1.0
    if true is None:
        off = log(seen / _USUAL_M) / _USUAL_SPREAD
        return exp(-0.5 * off * off) / (seen * _USUAL_SPREAD * sqrt(2 * pi))
    return _measured(seen - true, hypot(_LENGTH_ERROR * true, 1.0))


def _beam(hull: HullMeasurement, vessel: Vessel) -> float:
    """Density of a measured beam; where the true one is not known, that of ships so long."""
    if hull.beam_m is None:
        return 1.0
    if vessel.beam_m is not None:
        return _measured(hull.beam_m - vessel.beam_m, hypot(_BEAM_ERROR * vessel.beam_m, 1.0))
    usual = (vessel.length_m or hull.length_m or _USUAL_M) / _SLENDER
    return _normal(hull.beam_m - usual, hypot(_SLENDER_SPREAD * usual, _BEAM_ERROR * usual, 1.0))


def _measured(off: float, spread: float) -> float:
    """Density of an error of measurement."""
    return (1 - _GROSS) * _normal(off, spread) + _GROSS * _normal(off, _GROSS_TIMES * spread)


def _normal(off: float, spread: float) -> float:
    return exp(-0.5 * (off / spread) ** 2) / (spread * sqrt(2 * pi))


def _bridge(seen: BridgePosition | None, true: BridgePosition | None) -> float:
    if seen is None:
        return 1.0
    if true is not None:
        return _BRIDGE_RIGHT if seen is true else 1 - _BRIDGE_RIGHT
    fore = _FORE * _BRIDGE_RIGHT + (1 - _FORE) * (1 - _BRIDGE_RIGHT)
    return fore if seen is BridgePosition.FORE else 1 - fore


def _vessel(path: Path, line: int, cells: tuple[str, ...]) -> Vessel:
    name, aliases, length, beam, bridge = cells
    try:
        if not name:
            raise ValueError("a ship without a name")
        return Vessel(
            name,
            tuple(alias.strip() for alias in aliases.split(";") if alias.strip()),
            _metres(length),
            _metres(beam),
            BridgePosition(bridge) if bridge else None,
        )
    except ValueError as error:
        raise invalid_line(
            path, line, error, "sizes are metres, a bridge is fore or aft"
        ) from error


def _metres(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not 0 < value < 1_000:
        raise ValueError(f"{text} metres")
    return value
