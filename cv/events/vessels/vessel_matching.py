"""Vessel matching: a measured hull against the ships of a fleet, with "unknown" as an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, log, pi, sqrt
from pathlib import Path
from statistics import median

from cv.counting.pier_count import PierCount
from cv.errors import InputError
from cv.events.constants import MEASURED_BEAM_ERROR, MEASURED_LENGTH_ERROR
from cv.events.event import Event
from cv.io.csv_tables import parse_rows

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
        limit = "sizes are metres, a bridge is fore or aft"
        vessels = tuple(parse_rows(path, _COLUMNS, _vessel, limit))
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


def measure_hull(call: Event, counts: Sequence[PierCount]) -> HullMeasurement:
    """Return the median length and beam of the longest hull in each observation of `call`, metres.

    `counts` are those of its pier. The detector does not measure at which end the bridge stands.
    """
    scenes = set(call.evidence)
    hulls = [
        max(count.berthed, key=lambda hull: hull.length_m)
        for count in counts
        if count.scene in scenes and count.berthed
    ]
    if not hulls:
        return HullMeasurement(call.size.value if call.size else None)
    return HullMeasurement(
        median(hull.length_m for hull in hulls), median(hull.beam_m for hull in hulls)
    )


def _likelihood(hull: HullMeasurement, vessel: Vessel) -> float:
    """Return the density of what was measured; over all ships where the truth is unknown."""
    likelihood = 1.0
    if hull.length_m is not None and vessel.length_m is not None:
        sd = hypot(MEASURED_LENGTH_ERROR * vessel.length_m, _MIN_ERROR_M)
        likelihood *= _error_density(hull.length_m - vessel.length_m, sd)
    elif hull.length_m is not None:
        z = log(hull.length_m / _MEDIAN_LENGTH_M)
        likelihood *= _normal_density(z, _LENGTH_LOG_SD) / hull.length_m
    if hull.beam_m is not None and vessel.beam_m is not None:
        sd = hypot(MEASURED_BEAM_ERROR * vessel.beam_m, _MIN_ERROR_M)
        likelihood *= _error_density(hull.beam_m - vessel.beam_m, sd)
    elif hull.beam_m is not None:  # that of ships so long
        usual = (vessel.length_m or hull.length_m or _MEDIAN_LENGTH_M) / _LENGTH_TO_BEAM
        sd = hypot(_LENGTH_TO_BEAM_SD * usual, MEASURED_BEAM_ERROR * usual, _MIN_ERROR_M)
        likelihood *= _normal_density(hull.beam_m - usual, sd)
    if hull.bridge is not None:
        is_fore = _FORE_SHARE if vessel.bridge is None else vessel.bridge is BridgePosition.FORE
        seen_fore = is_fore * _BRIDGE_ACCURACY + (1 - is_fore) * (1 - _BRIDGE_ACCURACY)
        likelihood *= seen_fore if hull.bridge is BridgePosition.FORE else 1 - seen_fore
    return likelihood


def _error_density(error: float, sd: float) -> float:
    """Return the density of a measurement error: a normal with a component of gross errors."""
    usual, gross = _normal_density(error, sd), _normal_density(error, _GROSS_FACTOR * sd)
    return (1 - _GROSS_SHARE) * usual + _GROSS_SHARE * gross


def _normal_density(error: float, sd: float) -> float:
    return exp(-0.5 * (error / sd) ** 2) / (sd * sqrt(2 * pi))


def _vessel(name: str, aliases: str, length: str, beam: str, bridge: str) -> Vessel:
    """Return the ship of a row; empty cells are not known."""
    if not name:
        raise ValueError("a ship without a name")
    length_m, beam_m = (float(text) if text else None for text in (length, beam))
    for size in (length_m, beam_m):
        if size is not None and not 0 < size < _MAX_SIZE_M:
            raise ValueError(f"{size:g} metres")
    return Vessel(
        name,
        tuple(alias.strip() for alias in aliases.split(";") if alias.strip()),
        length_m,
        beam_m,
        BridgePosition(bridge) if bridge else None,
    )
