"""Simulated operation of a port: ships that bring and fetch containers, cargo that gathers, pauses.

Times are days since the start. The distributions are the simulator's own and not those that the
engine assumes: pauses are gamma, stays and sizes lognormal, cargo comes in lumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.geometry.arrays import Float64Array


@dataclass(frozen=True, kw_only=True)
class TrafficParameters:
    """How busy a port is."""

    pause_d: float = 6.0
    """Mean time from a departure to the next arrival, days."""
    stay_d: float = 1.5
    """Median stay at the export pier, days."""
    unloading_d: float = 0.7
    """Median stay at the import pier before it, days."""
    lead_d: float = 2.2
    """Median time from the first cargo on the export pier to the ship's arrival there, days."""
    load: float = 150.0
    """Median number of containers that a ship fetches."""
    halt_share: float = 0.04
    """Share of calls after which no ship comes for long."""
    halt_d: tuple[float, float] = (20.0, 80.0)
    """Range of that time, days."""
    no_cargo_share: float = 0.1
    """Share of calls for which no cargo gathers."""
    false_gatherings_per_year: float = 0.5
    """How often a year cargo gathers and goes again without a ship."""


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
    def simulate(
        cls, rng: np.random.Generator, days: float, traffic: TrafficParameters
    ) -> PortHistory:
        """Draw a history of `days`."""
        visits, clock = [], rng.uniform(0.0, traffic.pause_d)
        while clock < days:
            visit = _visit(rng, clock, traffic)
            visits.append(visit)
            clock = visit.departure_d + rng.gamma(3.0, traffic.pause_d / 3.0)
            if rng.random() < traffic.halt_share:
                clock += rng.uniform(*traffic.halt_d)
        complete = [visit for visit in visits if visit.departure_d < days]
        export_pier, import_pier = _ContainerLevel(), _ContainerLevel()
        for visit in complete:
            _add_export(rng, export_pier, visit)
            _add_import(rng, import_pier, visit)
        for _ in range(rng.poisson(traffic.false_gatherings_per_year * days / 365.0)):
            _add_false_gathering(rng, export_pier, float(rng.uniform(0.0, days)), traffic)
        return cls(days, tuple(complete), export_pier.curve(days), import_pier.curve(days))


class _ContainerLevel:
    """A number of containers as a sum of changes, each linear in time."""

    def __init__(self) -> None:
        self._changes: list[tuple[float, float, float]] = []

    def add(self, first: float, last: float, number: float) -> None:
        """Add `number` containers evenly from `first` to `last`."""
        self._changes.append((first, max(last, first + 1e-3), number))

    def curve(self, days: float) -> tuple[Float64Array, Float64Array]:
        """Return times and the number then."""
        ends = [end for first, last, _ in self._changes for end in (first, last)]
        times = np.unique(np.array([0.0, *ends, days]))
        number = np.zeros(len(times))
        for first, last, change in self._changes:
            number += change * ((times - first) / (last - first)).clip(0.0, 1.0)
        return times, number.clip(0.0)


def _visit(rng: np.random.Generator, arrival: float, traffic: TrafficParameters) -> SimulatedVisit:
    shift = arrival + traffic.unloading_d * rng.lognormal(0.0, 0.4)
    departure = shift + traffic.stay_d * rng.lognormal(0.0, 0.4)
    gathering = shift - traffic.lead_d * rng.lognormal(0.0, 0.4)
    if rng.random() < traffic.no_cargo_share or gathering < 0:
        gathering = float("nan")
    length = float(rng.uniform(95.0, 140.0))
    unloaded = int(np.clip(120 * rng.lognormal(0.0, 0.5), 20, 500))
    loaded = 0
    if not np.isnan(gathering):
        loaded = int(np.clip(traffic.load * rng.lognormal(0, 0.5), 30, 600))
    return SimulatedVisit(
        arrival_d=arrival,
        shift_d=shift,
        departure_d=departure,
        length_m=length,
        unloaded=unloaded,
        gathering_d=gathering,
        loaded=loaded,
    )


def _add_export(rng: np.random.Generator, pier: _ContainerLevel, visit: SimulatedVisit) -> None:
    """Cargo comes in a few lumps, the last of them perhaps during the stay; loading takes it."""
    if not visit.loaded:
        return
    stay = visit.departure_d - visit.shift_d
    lumps = int(rng.integers(2, 7))
    shares = rng.dirichlet(np.full(lumps, 2.0))
    last = max(visit.gathering_d, visit.shift_d + rng.uniform(-0.3, 0.2) * stay)
    starts = np.concatenate([[visit.gathering_d], rng.uniform(visit.gathering_d, last, lumps - 1)])
    for start, share in zip(starts, shares, strict=True):
        pier.add(float(start), float(start + rng.uniform(0.1, 0.5)), share * visit.loaded)
    left = rng.uniform(0.0, 0.08) if rng.random() < 0.5 else 0.0
    loading = visit.shift_d + 0.05 + 0.1 * stay
    pier.add(max(loading, last), visit.departure_d - 0.05, -(1 - left) * visit.loaded)
    if left:
        cleared = visit.departure_d + rng.uniform(2, 30)
        pier.add(visit.departure_d + 1, cleared, -left * visit.loaded)


def _add_import(rng: np.random.Generator, pier: _ContainerLevel, visit: SimulatedVisit) -> None:
    """Put the ship's cargo on the pier; lorries fetch it in the days after."""
    pier.add(visit.arrival_d + 0.05, visit.shift_d - 0.03, visit.unloaded)
    clock = visit.shift_d
    for share in rng.dirichlet(np.full(4, 2.0)):
        clock += rng.exponential(1.2)
        pier.add(clock, clock + 0.4, -share * visit.unloaded)


def _add_false_gathering(
    rng: np.random.Generator, pier: _ContainerLevel, start: float, traffic: TrafficParameters
) -> None:
    """Cargo that comes and goes by land."""
    number = float(np.clip(0.5 * traffic.load * rng.lognormal(0.0, 0.5), 20, 400))
    pier.add(start, start + rng.uniform(0.3, 2.0), number)
    away = start + rng.uniform(3.0, 15.0)
    pier.add(away, away + rng.uniform(0.3, 2.0), -number)
