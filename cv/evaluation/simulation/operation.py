"""What happens at a port: ships that bring and fetch, cargo that gathers for them, pauses.

Times are days since the start. All laws are the simulator's own and not those that the engine
assumes: pauses are gamma, stays and sizes lognormal, cargo comes in lumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
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
    """How long then, days."""
    no_cargo_share: float = 0.1
    """Share of calls for which no cargo gathers."""
    false_gatherings_per_year: float = 0.5
    """Times a year that cargo gathers and goes again without a ship."""


@dataclass(frozen=True)
class SimulatedVisit:
    """One ship's visit to the port."""

    arrival_d: float
    """Arrival at the import pier, days."""
    shift_d: float
    """Departure from there and arrival at the export pier, days."""
    departure_d: float
    """Departure from the export pier, days."""
    length_m: float
    """Of the hull."""
    unloaded: int
    """Containers put on the import pier."""
    gathering_d: float
    """When the first cargo for it comes to the export pier, days; nan where none does."""
    loaded: int
    """Containers that gather for it."""


@dataclass(frozen=True, eq=False)
class PortHistory:
    """A port's history."""

    days: float
    """How long it is."""
    visits: tuple[SimulatedVisit, ...]
    export_level: tuple[Floats, Floats]
    """Containers on the export pier: times (k,) at which their number (k,) is known; straight
    lines between them."""
    import_level: tuple[Floats, Floats]
    """Those on the import pier."""

    @classmethod
    def simulate(
        cls, rng: np.random.Generator, days: float, traffic: TrafficParameters
    ) -> PortHistory:
        """A history of `days`."""
        voyages, clock = [], rng.uniform(0.0, traffic.pause_d)
        while clock < days:
            voyage = _voyage(rng, clock, traffic)
            voyages.append(voyage)
            clock = voyage.departure_d + rng.gamma(3.0, traffic.pause_d / 3.0)
            if rng.random() < traffic.halt_share:
                clock += rng.uniform(*traffic.halt_d)
        known = [v for v in voyages if v.leaves < days]
        export, imports = _Yard(), _Yard()
        for voyage in known:
            _export(rng, export, voyage)
            _import(rng, imports, voyage)
        for _ in range(rng.poisson(traffic.false_gatherings_per_year * days / 365.0)):
            _stray(rng, export, float(rng.uniform(0.0, days)), traffic)
        return cls(days, tuple(known), export.curve(days), imports.curve(days))


class _Yard:
    """Changes of a number of containers, each a straight line in time."""

    def __init__(self) -> None:
        self._changes: list[tuple[float, float, float]] = []

    def change(self, first: float, last: float, number: float) -> None:
        """`number` more containers, evenly from `first` to `last`."""
        self._changes.append((first, max(last, first + 1e-3), number))

    def curve(self, days: float) -> tuple[Floats, Floats]:
        """Times and the number then."""
        ends = [end for first, last, _ in self._changes for end in (first, last)]
        times = np.unique(np.array([0.0, *ends, days]))
        number = np.zeros(len(times))
        for first, last, change in self._changes:
            number += change * ((times - first) / (last - first)).clip(0.0, 1.0)
        return times, number.clip(0.0)


def _voyage(rng: np.random.Generator, clock: float, traffic: TrafficParameters) -> SimulatedVisit:
    shifts = clock + traffic.unloading_d * rng.lognormal(0.0, 0.4)
    leaves = shifts + traffic.stay_d * rng.lognormal(0.0, 0.4)
    gathers = shifts - traffic.lead_d * rng.lognormal(0.0, 0.4)
    if rng.random() < traffic.no_cargo_share or gathers < 0:
        gathers = float("nan")
    return SimulatedVisit(
        clock,
        shifts,
        leaves,
        float(rng.uniform(95.0, 140.0)),
        int(np.clip(120 * rng.lognormal(0.0, 0.5), 20, 500)),
        gathers,
        0 if np.isnan(gathers) else int(np.clip(traffic.load * rng.lognormal(0, 0.5), 30, 600)),
    )


def _export(rng: np.random.Generator, yard: _Yard, voyage: SimulatedVisit) -> None:
    """Cargo comes in a few lumps, all but the last of it before the ship; loading takes it away."""
    if not voyage.loaded:
        return
    lumps = int(rng.integers(2, 7))
    shares = rng.dirichlet(np.full(lumps, 2.0))
    last = voyage.shift_d + rng.uniform(-0.3, 0.2) * (voyage.departure_d - voyage.shift_d)
    last = max(voyage.gathering_d, last)
    starts = np.concatenate([[voyage.gathering_d], rng.uniform(voyage.gathering_d, last, lumps - 1)])
    for start, share in zip(starts, shares, strict=True):
        yard.change(float(start), float(start + rng.uniform(0.1, 0.5)), share * voyage.loaded)
    left = rng.uniform(0.0, 0.08) if rng.random() < 0.5 else 0.0
    began = voyage.shift_d + 0.05 + 0.1 * (voyage.departure_d - voyage.shift_d)
    yard.change(max(began, last), voyage.departure_d - 0.05, -(1 - left) * voyage.loaded)
    if left:
        yard.change(voyage.departure_d + 1, voyage.departure_d + rng.uniform(2, 30), -left * voyage.loaded)


def _import(rng: np.random.Generator, yard: _Yard, voyage: SimulatedVisit) -> None:
    """The ship puts cargo on the pier; lorries fetch it in the days after."""
    yard.change(voyage.arrival_d + 0.05, voyage.shift_d - 0.03, voyage.unloaded)
    clock = voyage.shift_d
    for part in rng.dirichlet(np.full(4, 2.0)):
        clock += rng.exponential(1.2)
        yard.change(clock, clock + 0.4, -part * voyage.unloaded)


def _stray(rng: np.random.Generator, yard: _Yard, clock: float, traffic: TrafficParameters) -> None:
    """Cargo that comes and goes by land."""
    number = float(np.clip(0.5 * traffic.load * rng.lognormal(0.0, 0.5), 20, 400))
    yard.change(clock, clock + rng.uniform(0.3, 2.0), number)
    away = clock + rng.uniform(3.0, 15.0)
    yard.change(away, away + rng.uniform(0.3, 2.0), -number)
