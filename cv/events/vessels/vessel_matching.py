"""Vessel matching: a measured hull against the ships of a fleet, with "unknown" as an answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, log, pi, sqrt
from pathlib import Path

from cv.errors import InputError
from cv.events.constants import MEASURED_BEAM_ERROR, MEASURED_LENGTH_ERROR
from cv.io.csv_tables import invalid_line, read_rows

UNKNOWN = "unknown"
"""Stands for every ship that is not in the fleet."""
MIN_NAME_PROBABILITY = 0.9
"""Probability from which on a hull is named; high, because naming a wrong ship is grave."""
_PRIOR_UNKNOWN = 0.3
"""Prior probability of a ship that is not in the fleet."""
_GROSS_SHARE, _GROSS_FACTOR = 0.1, 4.0
"""Share of measurements with a gross error (a bow in the shade, two hulls as one), and its standard
deviation in units of the usual error."""
_MIN_ERROR_M = 1.0
"""Part of a measurement error that does not grow with the ship, metres."""
_MEDIAN_LENGTH_M, _LENGTH_LOG_SD = 110.0, 0.55
"""Length of the ships of a port: median, metres, and standard deviation of the logarithm."""
_LENGTH_TO_BEAM, _LENGTH_TO_BEAM_SD = 6.2, 0.17
"""Length over beam of cargo ships, and its relative standard deviation."""
_FORE_SHARE = 0.15
"""Share of cargo ships with the bridge forward."""
_BRIDGE_ACCURACY = 0.9
"""Probability that a bridge is seen at the right end."""
_COLUMNS = ("name", "aliases", "length_m", "beam_m", "bridge")
_MAX_SIZE_M = 1_000


class BridgePosition(StrEnum):
    """At which end the bridge stands."""

    FORE = "fore"
    AFT = "aft"


@dataclass(frozen=True)
class Vessel:
    """A ship of the fleet; None where a property is not known."""

    name: str
    aliases: tuple[str, ...] = ()
    length_m: float | None = None
    beam_m: float | None = None
    bridge: BridgePosition | None = None


@dataclass(frozen=True)
class HullMeasurement:
    """What images show of a hull; None where they do not."""

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
        """Read a CSV with the columns name, aliases (by ";"), length_m, beam_m (metres) and bridge.

        `bridge` is fore or aft; cells are empty where unknown. Raises InputError.
        """
        vessels = tuple(_vessel(path, line, cells) for line, cells in read_rows(path, _COLUMNS))
        names = Counter(name for vessel in vessels for name in (vessel.name, *vessel.aliases))
        for name, times in names.items():
            if times > 1 or name == UNKNOWN:
                found = f"the name {name!r} is there {times} times"
                raise InputError(path, found, "names and aliases differ", "Correct it.")
        return cls(vessels)

    def candidates(self, hull: HullMeasurement) -> tuple[VesselCandidate, ...]:
        """Return every vessel and UNKNOWN with its posterior probability, most probable first.

        Bayes' rule with the same prior for each vessel.
        """
        prior = (1 - _PRIOR_UNKNOWN) / len(self.vessels) if self.vessels else 0.0
        weights = {vessel.name: prior * _likelihood(hull, vessel) for vessel in self.vessels}
        unknown_prior = 1 - prior * len(self.vessels)
        weights[UNKNOWN] = unknown_prior * _likelihood(hull, Vessel(UNKNOWN))
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        return tuple(VesselCandidate(name, weight / total) for name, weight in ranked)

    def most_probable_name(
        self, hull: HullMeasurement, min_probability: float = MIN_NAME_PROBABILITY
    ) -> str:
        """Return the name of the most probable vessel from `min_probability` on; else UNKNOWN."""
        best = self.candidates(hull)[0]
        return best.name if best.probability >= min_probability else UNKNOWN


def _likelihood(hull: HullMeasurement, vessel: Vessel) -> float:
    return (
        _length_likelihood(hull.length_m, vessel.length_m)
        * _beam_likelihood(hull, vessel)
        * _bridge_likelihood(hull.bridge, vessel.bridge)
    )


def _length_likelihood(measured: float | None, true: float | None) -> float:
    """Return the density of a measured length; over all ships if the true one is unknown."""
    if measured is None:
        return 1.0
    if true is None:
        z = log(measured / _MEDIAN_LENGTH_M) / _LENGTH_LOG_SD
        return exp(-0.5 * z * z) / (measured * _LENGTH_LOG_SD * sqrt(2 * pi))
    return _error_density(measured - true, hypot(MEASURED_LENGTH_ERROR * true, _MIN_ERROR_M))


def _beam_likelihood(hull: HullMeasurement, vessel: Vessel) -> float:
    """Return the density of a measured beam; over ships so long if the true one is unknown."""
    if hull.beam_m is None:
        return 1.0
    if vessel.beam_m is not None:
        sd = hypot(MEASURED_BEAM_ERROR * vessel.beam_m, _MIN_ERROR_M)
        return _error_density(hull.beam_m - vessel.beam_m, sd)
    usual = (vessel.length_m or hull.length_m or _MEDIAN_LENGTH_M) / _LENGTH_TO_BEAM
    sd = hypot(_LENGTH_TO_BEAM_SD * usual, MEASURED_BEAM_ERROR * usual, _MIN_ERROR_M)
    return _normal_density(hull.beam_m - usual, sd)


def _bridge_likelihood(seen: BridgePosition | None, true: BridgePosition | None) -> float:
    if seen is None:
        return 1.0
    if true is not None:
        return _BRIDGE_ACCURACY if seen is true else 1 - _BRIDGE_ACCURACY
    fore = _FORE_SHARE * _BRIDGE_ACCURACY + (1 - _FORE_SHARE) * (1 - _BRIDGE_ACCURACY)
    return fore if seen is BridgePosition.FORE else 1 - fore


def _error_density(error: float, sd: float) -> float:
    """Return the density of a measurement error: a normal with a component of gross errors."""
    usual, gross = _normal_density(error, sd), _normal_density(error, _GROSS_FACTOR * sd)
    return (1 - _GROSS_SHARE) * usual + _GROSS_SHARE * gross


def _normal_density(error: float, sd: float) -> float:
    return exp(-0.5 * (error / sd) ** 2) / (sd * sqrt(2 * pi))


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
        limit = "sizes are metres, a bridge is fore or aft"
        raise invalid_line(path, line, error, limit) from error


def _metres(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not 0 < value < _MAX_SIZE_M:
        raise ValueError(f"{text} metres")
    return value
