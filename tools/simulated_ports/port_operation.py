"""Simulated operation of a port: ships that bring and fetch containers, cargo that gathers, pauses.

Times are days since the start. The distributions are the simulator's own and not those that the
engine assumes: pauses are gamma, stays and sizes lognormal, cargo comes in lumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from cv.geometry.arrays import Float64Array

_PAUSE_D = 6.0
"""Mean time from a departure to the next arrival, days."""
_STAY_D, _UNLOADING_D = 1.5, 0.7
"""Median stays at the export pier, and at the import pier before it, days."""
_LEAD_D = 2.2
"""Median time from the first cargo on the export pier to the ship's arrival there, days."""
_LOAD = 150.0
"""Median number of containers that a ship fetches."""
_HALT_SHARE, _HALT_D = 0.04, (20.0, 80.0)
"""Share of calls after which no ship comes for long, and the range of that time, days."""
_NO_CARGO_SHARE = 0.1
"""Share of calls for which no cargo gathers."""
_FALSE_GATHERINGS_PER_YEAR = 0.5
"""How often a year cargo gathers and goes again without a ship."""

_Change = tuple[float, float, float]
"""Containers that come evenly from one time to another: both times, and their number."""


@dataclass(frozen=True, kw_only=True)
class SimulatedVisit:
    """One ship's visit to the port; all times in days since the start."""

    arrival_d: float
    """Arrival at the import pier."""
    shift_d: float
    """Departure from there and arrival at the export pier."""
    departure_d: float
    """Departure from the export pier."""
    length_m: float
    """Length of the hull, metres."""
    unloaded: int
    """Containers put on the import pier."""
    gathering_d: float
    """When the first cargo for it comes to the export pier; nan without cargo."""
    loaded: int
    """Containers that gather for it."""


@dataclass(frozen=True, eq=False)
class PortHistory:
    """What happened at a port."""

    days: float
    """Length of the history, days."""
    visits: tuple[SimulatedVisit, ...]
    export_level: tuple[Float64Array, Float64Array]
    """Containers on the export pier: times (k,), days, and numbers (k,), linear in between."""
    import_level: tuple[Float64Array, Float64Array]
    """The same of the import pier."""

    @classmethod
    def simulate(cls, rng: np.random.Generator, days: float) -> PortHistory:
        """Draw a history of `days`."""
        visits, clock = [], rng.uniform(0.0, _PAUSE_D)
        while clock < days:
            visits.append(_visit(rng, clock))
            clock = visits[-1].departure_d + rng.gamma(3.0, _PAUSE_D / 3.0)
            if rng.random() < _HALT_SHARE:
                clock += rng.uniform(*_HALT_D)
        complete = [visit for visit in visits if visit.departure_d < days]
        exports: list[_Change] = []
        imports: list[_Change] = []
        for visit in complete:
            exports += _export_changes(rng, visit)
            imports += _import_changes(rng, visit)
        for _ in range(rng.poisson(_FALSE_GATHERINGS_PER_YEAR * days / 365.0)):
            exports += _false_gathering(rng, float(rng.uniform(0.0, days)))
        return cls(days, tuple(complete), _level(exports, days), _level(imports, days))


def _level(changes: list[_Change], days: float) -> tuple[Float64Array, Float64Array]:
    """Return times (k,) and the number of containers then, the sum of all changes."""
    spans = [(first, max(last, first + 1e-3), number) for first, last, number in changes]
    ends = [end for first, last, _ in spans for end in (first, last)]
    times = np.unique(np.array([0.0, *ends, days]))
    number = np.zeros(len(times))
    for first, last, change in spans:
        number += change * ((times - first) / (last - first)).clip(0.0, 1.0)
    return times, number.clip(0.0)


def _visit(rng: np.random.Generator, arrival: float) -> SimulatedVisit:
    shift = arrival + _UNLOADING_D * rng.lognormal(0.0, 0.4)
    departure = shift + _STAY_D * rng.lognormal(0.0, 0.4)
    gathering = shift - _LEAD_D * rng.lognormal(0.0, 0.4)
    gathers = rng.random() >= _NO_CARGO_SHARE and gathering >= 0
    return SimulatedVisit(
        arrival_d=arrival,
        shift_d=shift,
        departure_d=departure,
        length_m=float(rng.uniform(95.0, 140.0)),
        unloaded=int(np.clip(120 * rng.lognormal(0.0, 0.5), 20, 500)),
        gathering_d=gathering if gathers else nan,
        loaded=int(np.clip(_LOAD * rng.lognormal(0, 0.5), 30, 600)) if gathers else 0,
    )


def _export_changes(rng: np.random.Generator, visit: SimulatedVisit) -> list[_Change]:
    """Cargo comes in a few lumps, the last of them perhaps during the stay; loading takes it."""
    if not visit.loaded:
        return []
    stay = visit.departure_d - visit.shift_d
    lumps = int(rng.integers(2, 7))
    shares = rng.dirichlet(np.full(lumps, 2.0))
    last = max(visit.gathering_d, visit.shift_d + rng.uniform(-0.3, 0.2) * stay)
    starts = [visit.gathering_d, *rng.uniform(visit.gathering_d, last, lumps - 1)]
    changes = [
        (float(start), float(start + rng.uniform(0.1, 0.5)), share * visit.loaded)
        for start, share in zip(starts, shares, strict=True)
    ]
    left = rng.uniform(0.0, 0.08) if rng.random() < 0.5 else 0.0
    loading = max(visit.shift_d + 0.05 + 0.1 * stay, last)
    changes.append((loading, visit.departure_d - 0.05, -(1 - left) * visit.loaded))
    if left:
        cleared = visit.departure_d + rng.uniform(2, 30)
        changes.append((visit.departure_d + 1, cleared, -left * visit.loaded))
    return changes


def _import_changes(rng: np.random.Generator, visit: SimulatedVisit) -> list[_Change]:
    """Put the ship's cargo on the pier; lorries fetch it in the days after."""
    changes = [(visit.arrival_d + 0.05, visit.shift_d - 0.03, float(visit.unloaded))]
    clock = visit.shift_d
    for share in rng.dirichlet(np.full(4, 2.0)):
        clock += rng.exponential(1.2)
        changes.append((clock, clock + 0.4, -share * visit.unloaded))
    return changes


def _false_gathering(rng: np.random.Generator, start: float) -> list[_Change]:
    """Cargo that comes and goes by land."""
    number = float(np.clip(0.5 * _LOAD * rng.lognormal(0.0, 0.5), 20, 400))
    come = start + rng.uniform(0.3, 2.0)
    away = start + rng.uniform(3.0, 15.0)
    return [(start, come, number), (away, away + rng.uniform(0.3, 2.0), -number)]
