"""The containers that ships bring to a simulated pier and fetch from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

import numpy as np

from cv.geometry.arrays import Float64Array
from simulated_ports.berth_schedule import Berthing
from simulated_ports.gathering_times import draw_gathering_times
from simulated_ports.pier_history import NO_STAY, Cause, TrueContainers, TrueStay
from simulated_ports.traffic_parameters import TrafficParameters


@dataclass(frozen=True, kw_only=True)
class _HandlingPlan:
    """How many containers a ship brings and fetches, and when they can be handled, days."""

    brings: int
    fetches: int
    first_d: float
    last_d: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, traffic: TrafficParameters, ship: Berthing
    ) -> _HandlingPlan:
        """Draw no more containers than the cranes handle during the ship's stay."""
        stay_d = ship.departure_d - ship.arrival_d
        first = ship.arrival_d + min(0.06, 0.1 * stay_d)
        last = ship.departure_d - min(0.04, 0.06 * stay_d)
        most = max(1, int(traffic.rate_per_d * (last - first)))
        brings = fetches = 0
        if traffic.unloads is not None and rng.random() < traffic.unloading_share:
            brings = min(most, traffic.unloads.draw_number(rng, ship.load_factor))
        if traffic.loads is not None and rng.random() < traffic.fetching_share:
            fetches = min(most, traffic.loads.draw_number(rng, ship.load_factor))
        if brings + fetches > most:
            brings, fetches = (int(n * most / (brings + fetches)) for n in (brings, fetches))
        return cls(brings=brings, fetches=fetches, first_d=first, last_d=last)

    @property
    def turn_d(self) -> float:
        """When unloading ends at the latest, and loading begins at the earliest."""
        both = max(1, self.brings + self.fetches)
        return self.first_d + (self.last_d - self.first_d) * self.brings / both


@dataclass(eq=False)
class ShipCargo:
    """Draws the containers that the ships at a pier move, ship by ship; `lots` are those so far."""

    rng: np.random.Generator
    traffic: TrafficParameters
    quay_m: float
    """Length of the quay, metres."""
    lots: list[TrueContainers] = field(default_factory=list)
    _waiting: list[tuple[Float64Array, int]] = field(default_factory=list)
    """Containers that wait for a later ship: when each came, and the stay that brought them."""

    def serve(self, number: int, ship: Berthing) -> TrueStay:
        """Draw the containers that a ship brings and fetches; `number` is that of its stay."""
        rng, rate = self.rng, self.traffic.rate_per_d
        plan = _HandlingPlan.draw(rng, self.traffic, ship)
        if plan.fetches:
            loading = max(plan.turn_d, plan.last_d - 1.6 * plan.fetches / rate), plan.last_d
            self._load(number, ship, plan.fetches, loading)
        if plan.brings:
            ends = min(plan.turn_d, plan.first_d + 1.6 * plan.brings / rate)
            self._unload(number, np.sort(rng.uniform(plan.first_d, ends, plan.brings)))
        if rng.random() < self.traffic.land_at_call_share:
            self._land_batch(ship)
        part_m = self.quay_m / self.traffic.berths
        half = min(ship.length_m, part_m) / 2
        return TrueStay(
            visit=ship.visit,
            arrival_d=ship.arrival_d,
            departure_d=ship.departure_d,
            length_m=ship.length_m,
            beam_m=ship.length_m / float(rng.uniform(5.5, 7.5)),
            position_m=ship.berth * part_m + float(rng.uniform(half, part_m - half)),
        )

    def left_waiting(self) -> Iterator[TrueContainers]:
        """Yield the containers that no later ship fetched: they stay."""
        for came, brought_by in self._waiting:
            still = np.full(len(came), inf)
            yield TrueContainers.lot(
                came, still, _brought(brought_by), Cause.THROUGHOUT, brought_by=brought_by
            )

    def _load(
        self, number: int, ship: Berthing, fetches: int, loading: tuple[float, float]
    ) -> None:
        """Draw `fetches` containers that a ship takes, first those that already wait for one."""
        rest = fetches - self._load_waiting(number, fetches, loading)
        if rest <= 0:
            return
        if self.rng.random() >= self.traffic.gathering_share:
            self._load_just_in_time(number, ship, rest, loading)
        else:
            self._load_gathered(number, ship, rest, loading)

    def _load_waiting(self, number: int, fetches: int, loading: tuple[float, float]) -> int:
        """Load up to `fetches` containers that wait for a ship; return how many there were."""
        taken = 0
        still = []
        for came, brought_by in self._waiting:
            ready = came < loading[0]
            take = np.flatnonzero(ready)[: max(0, fetches - taken)]
            taken += len(take)
            if len(take):
                left = np.sort(self.rng.uniform(*loading, len(take)))
                lot = TrueContainers.lot(
                    came[take],
                    left,
                    _brought(brought_by),
                    Cause.SHIP,
                    brought_by=brought_by,
                    taken_by=number,
                )
                self.lots.append(lot)
            rest = np.delete(came, take)
            if len(rest):
                still.append((rest, brought_by))
        self._waiting = still
        return taken

    def _load_just_in_time(
        self, number: int, ship: Berthing, fetches: int, loading: tuple[float, float]
    ) -> None:
        """Draw containers that come by land while the ship is there."""
        left = np.sort(self.rng.uniform(*loading, fetches))
        waits = 0.003 + self.rng.exponential(self.traffic.quay_wait_d, fetches)
        came = np.maximum(left - waits, ship.arrival_d - 0.02)
        self.lots.append(TrueContainers.lot(came, left, left_by=Cause.SHIP, taken_by=number))

    def _load_gathered(
        self, number: int, ship: Berthing, fetches: int, loading: tuple[float, float]
    ) -> None:
        """Draw containers that gather before the ship comes; some come late or are left behind."""
        rng, traffic = self.rng, self.traffic
        lead = float(traffic.gathering_d.draw(rng, 1)[0])
        came = draw_gathering_times(rng, traffic, ship.arrival_d - lead, ship.arrival_d, fetches)
        late = rng.random(fetches) < traffic.late_share
        came[late] = rng.uniform(ship.arrival_d, max(ship.arrival_d, loading[0]), int(late.sum()))
        left = rng.permutation(rng.uniform(*loading, fetches))
        behind = rng.random(fetches) < min(0.9, float(rng.exponential(traffic.left_share)))
        loaded = TrueContainers.lot(
            came[~behind], left[~behind], left_by=Cause.SHIP, taken_by=number, meant_for=number
        )
        self.lots.append(loaded)
        if not behind.any():
            return
        if rng.random() < 0.5:
            self._waiting.append((np.sort(came[behind]), NO_STAY))
        else:
            away = ship.departure_d + rng.uniform(1.0, 30.0, int(behind.sum()))
            self.lots.append(TrueContainers.lot(came[behind], away, meant_for=number))

    def _unload(self, number: int, came: Float64Array) -> None:
        """Draw what becomes of the containers that a ship puts on the pier at times `came` (k,)."""
        waits = self.rng.random(len(came)) < self.traffic.transshipped_share
        if waits.any():
            self._waiting.append((came[waits], number))
        by_land = came[~waits]
        left = by_land + 0.03 + self.traffic.clearance_d.draw(self.rng, len(by_land))
        self.lots.append(TrueContainers.lot(by_land, left, Cause.SHIP, brought_by=number))

    def _land_batch(self, ship: Berthing) -> None:
        """Draw a batch that comes and leaves by land shortly before or during a ship's stay."""
        batch = self.traffic.land_batch.draw_number(self.rng)
        at = float(self.rng.uniform(ship.arrival_d - 0.6, ship.departure_d))
        came = np.sort(at + self.rng.uniform(0.0, 0.3, batch))
        self.lots.append(
            TrueContainers.lot(came, came + 0.05 + self.traffic.land_dwell_d.draw(self.rng, batch))
        )


def _brought(by: int) -> Cause:
    """Return how containers came that the ship of stay `by` brought, or none."""
    return Cause.SHIP if by >= 0 else Cause.LAND
