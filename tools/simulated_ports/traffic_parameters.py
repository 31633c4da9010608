"""Parameters of the traffic at a simulated pier: ships, their cargo, and cargo by land.

All parameters of a pier are its own (`kinds.py`); none is taken from the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from cv.geometry.arrays import Float64Array


@dataclass(frozen=True)
class Spread:
    """A distribution of a positive quantity."""

    shape: str
    """"gamma", "lognormal" or "uniform"."""
    mean: float
    variation: float
    """Standard deviation over mean; at most 0.57 for a uniform distribution."""
    least: float = 0.0
    """Smaller values are raised to this."""
    most: float = inf
    """Larger ones are lowered to this."""

    def draw(self, rng: np.random.Generator, size: int) -> Float64Array:
        """Draw `size` values."""
        if self.shape == "gamma":
            k = self.variation**-2
            values = rng.gamma(k, self.mean / k, size)
        elif self.shape == "lognormal":
            sigma = np.sqrt(np.log1p(self.variation**2))
            values = self.mean * rng.lognormal(-(sigma**2) / 2, sigma, size)
        else:
            half = min(1.0, self.variation * 3**0.5) * self.mean
            values = rng.uniform(self.mean - half, self.mean + half, size)
        return np.asarray(values.clip(self.least, self.most))

    def draw_number(self, rng: np.random.Generator, factor: float = 1.0) -> int:
        """Draw a number of containers, at least 1; `factor` scales it."""
        return max(1, round(float(self.draw(rng, 1)[0]) * factor))


@dataclass(frozen=True)
class Regime:
    """The rhythm of ships from a time on."""

    from_d: float
    pause_factor: float
    """Factor of the pauses between ships; inf: no ship comes."""
    load_factor: float
    """Factor of the containers that ships fetch and bring."""


@dataclass(frozen=True, kw_only=True)
class TrafficParameters:
    """How ships and containers come to a pier."""

    pauses_d: Spread | None
    """From a departure to the next arrival at one berth, days; None: no ship ever comes."""
    stays_d: Spread
    lengths_m: Spread
    berths: int = 1
    """Berths with traffic of their own."""
    halt_share: float = 0.0
    """Share of calls after which no ship comes for long."""
    halts_d: Spread = Spread("uniform", 50.0, 0.35)
    """How long it then takes, days."""
    regimes: tuple[Regime, ...] = ()
    """Changes of the rhythm, by time."""

    loads: Spread | None
    """Containers that a ship fetches; None: none."""
    gathering_share: float = 0.0
    """Share of the fetching ships whose cargo gathers on the pier before they come."""
    gathering_d: Spread = Spread("lognormal", 2.4, 0.4)
    """From the first cargo for a ship to its arrival, days."""
    lumps: int = 4
    """Cargo comes in about so many lumps; 0: evenly, one by one."""
    lateness: float = 1.0
    """Above 1: most cargo comes shortly before the ship; below: at the beginning."""
    late_share: float = 0.0
    """Share of the gathering cargo that comes by land while the ship is there."""
    left_share: float = 0.0
    """Mean share of the gathered cargo that the ship leaves behind, for lorries or the next one."""
    fetching_share: float = 1.0
    """Share of ships that fetch containers."""

    unloads: Spread | None = None
    """Containers that a ship brings; None: none."""
    unloading_share: float = 1.0
    """Share of ships that bring containers."""
    clearance_d: Spread = Spread("gamma", 3.0, 0.9)
    """From unloading until a container leaves by land, days."""
    transshipped_share: float = 0.0
    """Share of the unloaded containers that a later ship fetches."""
    rate_per_d: float = 350.0
    """Containers that are handled at a ship in a day."""
    quay_wait_d: float = 0.03
    """Mean time that a container waits which comes for a ship that is there, days."""

    land_batches_per_d: float = 0.0
    """Batches that come by land and leave by land, a day."""
    land_batch: Spread = Spread("lognormal", 12.0, 0.7)
    """Containers in such a batch."""
    land_dwell_d: Spread = Spread("gamma", 6.0, 0.8)
    """How long each of them stays, days."""
    land_at_call_share: float = 0.0
    """Share of calls shortly before or during which such a batch comes."""
    false_gatherings_per_y: float = 0.0
    """How often a year cargo gathers as for a ship and goes again by land."""
    standing: int = 0
    """Containers that never move."""
