"""When ships are at the berths of a simulated pier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from simulated_ports.traffic_parameters import Regime, Spread, TrafficParameters

BEFORE_D = 60.0
"""Traffic is simulated from this long before the start, days."""
_QUAY_PAUSE_D = 0.08
"""Shortest time from one ship to the next at one berth, days."""


@dataclass(frozen=True, kw_only=True)
class Berthing:
    """When a ship is at a berth."""

    visit: int
    """Number of the ship's visit to the port: the same at each pier of a visit."""
    arrival_d: float
    departure_d: float
    length_m: float
    berth: int = 0
    """Number of the berth along the quay."""
    load_factor: float = 1.0
    """Factor of the containers that the ship fetches and brings."""


def draw_berthings(
    rng: np.random.Generator, traffic: TrafficParameters, days: float
) -> list[Berthing]:
    """Draw the ships of all berths of a pier over `days`, by arrival."""
    if traffic.pauses_d is None:
        return []
    most = int(2 * (days + BEFORE_D) / max(0.5, traffic.pauses_d.mean)) + 20
    found: list[Berthing] = []
    for berth in range(traffic.berths):
        found += _draw_berthings_of_one(rng, traffic, traffic.pauses_d, berth, days, most)
    found.sort(key=lambda one: (one.arrival_d, one.departure_d, one.length_m, one.berth))
    return [replace(one, visit=i) for i, one in enumerate(found)]


def _draw_berthings_of_one(
    rng: np.random.Generator,
    traffic: TrafficParameters,
    pauses: Spread,
    berth: int,
    days: float,
    most: int,
) -> Iterator[Berthing]:
    """Yield the ships of one berth, at most so many; their visits are not numbered yet."""
    pauses_d, stays_d = pauses.draw(rng, most), traffic.stays_d.draw(rng, most)
    lengths_m, halts_d = traffic.lengths_m.draw(rng, most), traffic.halts_d.draw(rng, most)
    halted = rng.random(most) < traffic.halt_share
    clock = -BEFORE_D + float(rng.uniform(0.0, pauses.mean))
    for i in range(most):
        regime = _regime(traffic, clock)
        if regime.pause_factor == inf:
            clock = min((r.from_d for r in traffic.regimes if r.from_d > clock), default=inf)
            if clock == inf:
                return
            clock += float(rng.uniform(0.0, pauses.mean))
            regime = _regime(traffic, clock)
        if clock >= days:
            return
        departure = clock + float(stays_d[i])
        yield Berthing(
            visit=-1,
            arrival_d=clock,
            departure_d=departure,
            length_m=float(lengths_m[i]),
            berth=berth,
            load_factor=regime.load_factor,
        )
        pause = float(pauses_d[i]) * min(regime.pause_factor, 1e3)
        clock = departure + max(_QUAY_PAUSE_D, pause) + (float(halts_d[i]) if halted[i] else 0.0)


def _regime(traffic: TrafficParameters, day: float) -> Regime:
    past = [regime for regime in traffic.regimes if regime.from_d <= day]
    return past[-1] if past else Regime(-inf, 1.0, 1.0)


def draw_earlier_berthings(
    rng: np.random.Generator, stays_d: Spread, later: Sequence[Berthing]
) -> list[Berthing]:
    """Draw when the ships of a pier were at another one before; some have no time for it."""
    found, earlier = [], -inf
    for one, stay in zip(later, stays_d.draw(rng, len(later)).tolist(), strict=True):
        leaves = one.arrival_d - float(rng.uniform(0.02, 0.1))
        comes = max(earlier + 0.05, leaves - stay)
        if comes < leaves - 0.1:
            found.append(replace(one, arrival_d=comes, departure_d=leaves, berth=0))
            earlier = leaves
    return found
