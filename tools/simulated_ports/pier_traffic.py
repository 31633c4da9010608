"""Traffic of a simulated pier: ships, and every container with how and when it came and left.

Times are days since the start, and the traffic begins before it, so that a pier is in use when the
observations begin. All parameters of a pier are its own (`port_kinds`); none is taken from the
engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import BoolArray, Float64Array

_BEFORE_D = 60.0
"""Traffic is simulated from this long before the start, days."""
_QUAY_PAUSE_D = 0.08
"""Shortest time from one ship to the next at one berth, days."""
NO_STAY = -1
"""Number of the stay of a container that has to do with no ship."""


class Cause(IntEnum):
    """How a container came to a pier or left it."""

    LAND = 0
    """By lorry or train."""
    SHIP = 1
    THROUGHOUT = 2
    """It stood there all the time."""


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


@dataclass(frozen=True, kw_only=True)
class TrueStay:
    """A ship at the pier."""

    visit: int
    """Number of the ship's visit to the port: the same at each pier of a visit."""
    arrival_d: float
    departure_d: float
    length_m: float
    beam_m: float
    position_m: float
    """Its middle, metres along the quay."""
    loaded: int = 0
    """Containers that it took from the pier."""
    unloaded: int = 0
    """Containers that it put on the pier."""
    gathering_d: float = nan
    """When the first cargo came that gathered for it before its arrival; nan without such."""
    gathered: int = 0
    """Containers that had gathered for it on the pier when it arrived."""


@dataclass(frozen=True, eq=False)
class TrueContainers:
    """The k containers that ever stood on a pier. Each change of cargo is in here with its cause.

    A container without a ship to come or leave with has the stay `NO_STAY`.
    """

    came_d: Float64Array
    """(k,) -inf if it always stood there."""
    left_d: Float64Array
    """(k,) inf if it stays."""
    came_by: NDArray[np.int64]
    """(k,) `Cause`"""
    left_by: NDArray[np.int64]
    """(k,) `Cause`"""
    brought_by: NDArray[np.int64]
    """(k,) stay of the ship that put it on the pier."""
    taken_by: NDArray[np.int64]
    """(k,) stay of the ship that took it."""
    meant_for: NDArray[np.int64]
    """(k,) stay of the ship that it was brought to the pier for."""

    def __len__(self) -> int:
        return len(self.came_d)

    @classmethod
    def joined(cls, parts: Sequence[TrueContainers]) -> TrueContainers:
        """Return the containers of all `parts`."""
        names = list(cls.__dataclass_fields__)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @classmethod
    def lot(
        cls,
        came_d: Float64Array,
        left_d: Float64Array,
        came_by: Cause = Cause.LAND,
        left_by: Cause = Cause.LAND,
        *,
        brought_by: int = NO_STAY,
        taken_by: int = NO_STAY,
        meant_for: int = NO_STAY,
    ) -> TrueContainers:
        """Return containers with one history but for the times."""
        codes = (came_by, left_by, brought_by, taken_by, meant_for)
        return cls(came_d, left_d, *(np.full(len(came_d), int(code)) for code in codes))


@dataclass(frozen=True, eq=False)
class PierHistory:
    """What happened at a pier: the truth that events are judged by."""

    days: float
    """Length of the history, days."""
    stays: tuple[TrueStay, ...]
    """By arrival; some are before the start or end after the end."""
    containers: TrueContainers

    @cached_property
    def _came(self) -> Float64Array:
        return np.sort(self.containers.came_d)

    @cached_property
    def _left(self) -> Float64Array:
        return np.sort(self.containers.left_d)

    def number_at(self, days: Float64Array) -> NDArray[np.int64]:
        """Return the containers (n,) on the pier at each time (n,)."""
        came, left = (np.searchsorted(t, days, "right") for t in (self._came, self._left))
        return np.asarray(came - left)

    def came_between(self, first: float, last: float) -> int:
        """Return how many containers came after one time and by another."""
        return int(np.diff(np.searchsorted(self._came, [first, last], "right"))[0])

    def left_between(self, first: float, last: float) -> int:
        """Return how many containers left after one time and by another."""
        return int(np.diff(np.searchsorted(self._left, [first, last], "right"))[0])

    def changes(self, first: float, last: float) -> Float64Array:
        """Return the times at which the number changes in an interval, with both its ends."""
        times = np.concatenate([self._came, self._left])
        inside = times[(times > first) & (times < last)]
        return np.sort(np.concatenate([[first], inside, [last]]))

    def shipped(self, first: float, last: float, stays: Sequence[int]) -> tuple[int, int]:
        """Return the containers that the ships of `stays` took and brought in an interval."""
        boxes = self.containers
        took = np.isin(boxes.taken_by, stays) & (boxes.left_d >= first) & (boxes.left_d <= last)
        brought = np.isin(boxes.brought_by, stays)
        brought &= (boxes.came_d >= first) & (boxes.came_d <= last)
        return int(took.sum()), int(brought.sum())

    @cached_property
    def totals(self) -> tuple[int, int]:
        """Containers that ships took and brought during the history."""
        every = range(len(self.stays))
        return self.shipped(0.0, self.days, list(every))

    def presence(self) -> BoolArray:
        """Return whether a ship was there at each hour of the history (24 * days,)."""
        hours = np.arange(0.0, self.days, 1 / 24)
        there = np.zeros(len(hours), dtype=bool)
        for stay in self.stays:
            there |= (hours >= stay.arrival_d) & (hours < stay.departure_d)
        return there


@dataclass(frozen=True, kw_only=True)
class _Berthing:
    """When a ship is at a berth."""

    visit: int
    arrival_d: float
    departure_d: float
    length_m: float
    berth: int = 0
    load_factor: float = 1.0


@dataclass(eq=False)
class _Cargo:
    """The containers of a pier so far."""

    lots: list[TrueContainers] = field(default_factory=list)
    waiting: list[tuple[Float64Array, int]] = field(default_factory=list)
    """Containers that wait for a later ship: when each came, and the stay that brought them."""


def simulate_pier(
    rng: np.random.Generator, traffic: TrafficParameters, days: float, quay_m: float
) -> PierHistory:
    """Draw the history of a pier over `days`; its quay is `quay_m` long."""
    return _history(rng, traffic, _berthings(rng, traffic, days), days, quay_m)


def simulate_two_piers(
    rng: np.random.Generator,
    first: TrafficParameters,
    second: TrafficParameters,
    days: float,
    quay_m: float,
) -> tuple[PierHistory, PierHistory]:
    """Draw the histories of two piers: ships go from the first pier to the second.

    The pauses are those of the second pier, counted from a ship's departure there.
    """
    at_second = _berthings(rng, second, days)
    stays = first.stays_d.draw(rng, len(at_second))
    at_first, earlier = [], -inf
    for one, stay in zip(at_second, stays.tolist(), strict=True):
        leaves = one.arrival_d - float(rng.uniform(0.02, 0.1))
        comes = max(earlier + 0.05, leaves - stay)
        if comes < leaves - 0.1:
            at_first.append(
                _Berthing(
                    visit=one.visit,
                    arrival_d=comes,
                    departure_d=leaves,
                    length_m=one.length_m,
                    load_factor=one.load_factor,
                )
            )
            earlier = leaves
    return (
        _history(rng, first, at_first, days, quay_m),
        _history(rng, second, at_second, days, quay_m),
    )


def _berthings(
    rng: np.random.Generator, traffic: TrafficParameters, days: float
) -> list[_Berthing]:
    """Draw the ships of all berths, by arrival."""
    if traffic.pauses_d is None:
        return []
    found = []
    most = int(2 * (days + _BEFORE_D) / max(0.5, traffic.pauses_d.mean)) + 20
    for berth in range(traffic.berths):
        pauses, stays = traffic.pauses_d.draw(rng, most), traffic.stays_d.draw(rng, most)
        lengths, halts = traffic.lengths_m.draw(rng, most), traffic.halts_d.draw(rng, most)
        halted = rng.random(most) < traffic.halt_share
        clock = -_BEFORE_D + float(rng.uniform(0.0, traffic.pauses_d.mean))
        for i in range(most):
            regime = _regime(traffic, clock)
            if regime.pause_factor == inf:
                clock = min((r.from_d for r in traffic.regimes if r.from_d > clock), default=inf)
                if clock == inf:
                    break
                clock += float(rng.uniform(0.0, traffic.pauses_d.mean))
                regime = _regime(traffic, clock)
            if clock >= days:
                break
            ends = clock + float(stays[i])
            found.append((clock, ends, float(lengths[i]), berth, regime.load_factor))
            pause = float(pauses[i]) * min(regime.pause_factor, 1e3)
            clock = ends + max(_QUAY_PAUSE_D, pause) + (float(halts[i]) if halted[i] else 0.0)
    return [
        _Berthing(
            visit=i,
            arrival_d=arrival,
            departure_d=departure,
            length_m=length,
            berth=berth,
            load_factor=factor,
        )
        for i, (arrival, departure, length, berth, factor) in enumerate(sorted(found))
    ]


def _regime(traffic: TrafficParameters, day: float) -> Regime:
    past = [regime for regime in traffic.regimes if regime.from_d <= day]
    return past[-1] if past else Regime(-inf, 1.0, 1.0)


def _history(
    rng: np.random.Generator,
    traffic: TrafficParameters,
    berthings: Sequence[_Berthing],
    days: float,
    quay_m: float,
) -> PierHistory:
    """Draw the containers that the ships at a pier move, and those that come by land."""
    cargo = _Cargo()
    stays = []
    for number, one in enumerate(berthings):
        stays.append(_serve(rng, traffic, number, one, quay_m, cargo))
    for came, brought_by in cargo.waiting:  # no later ship: they stay
        cause = Cause.SHIP if brought_by >= 0 else Cause.LAND
        still = np.full(len(came), inf)
        cargo.lots.append(
            TrueContainers.lot(came, still, cause, Cause.THROUGHOUT, brought_by=brought_by)
        )
    cargo.lots += _land_traffic(rng, traffic, days)
    always = np.full(traffic.standing, inf)
    cargo.lots.append(TrueContainers.lot(-always, always, Cause.THROUGHOUT, Cause.THROUGHOUT))
    boxes = TrueContainers.joined(cargo.lots)
    loaded, unloaded = (
        np.bincount(by[by >= 0], minlength=len(stays)) for by in (boxes.taken_by, boxes.brought_by)
    )
    served = [
        replace(_gathering(boxes, i, stay), loaded=int(loaded[i]), unloaded=int(unloaded[i]))
        for i, stay in enumerate(stays)
    ]
    return PierHistory(days=days, stays=tuple(served), containers=boxes)


def _gathering(boxes: TrueContainers, number: int, stay: TrueStay) -> TrueStay:
    """Return a stay with the cargo that gathered for it before its arrival."""
    own = boxes.came_d[(boxes.meant_for == number) & (boxes.came_d < stay.arrival_d)]
    return replace(stay, gathering_d=float(own.min()), gathered=len(own)) if len(own) else stay


def _serve(
    rng: np.random.Generator,
    traffic: TrafficParameters,
    number: int,
    ship: _Berthing,
    quay_m: float,
    cargo: _Cargo,
) -> TrueStay:
    """Draw the containers that a ship brings and fetches, and add them to `cargo`."""
    stay_d = ship.departure_d - ship.arrival_d
    first = ship.arrival_d + min(0.06, 0.1 * stay_d)
    last = ship.departure_d - min(0.04, 0.06 * stay_d)
    most = max(1, int(traffic.rate_per_d * (last - first)))
    brings = fetches = 0
    if traffic.unloads is not None and rng.random() < traffic.unloading_share:
        brings = min(most, _number(rng, traffic.unloads, ship.load_factor))
    if traffic.loads is not None and rng.random() < traffic.fetching_share:
        fetches = min(most, _number(rng, traffic.loads, ship.load_factor))
    if brings + fetches > most:
        brings, fetches = (int(n * most / (brings + fetches)) for n in (brings, fetches))
    middle = first + (last - first) * brings / max(1, brings + fetches)
    if fetches:
        loading = max(middle, last - 1.6 * fetches / traffic.rate_per_d), last
        _load(rng, traffic, number, ship, fetches, loading, cargo)
    if brings:
        ends = min(middle, first + 1.6 * brings / traffic.rate_per_d)
        _unload(rng, traffic, number, np.sort(rng.uniform(first, ends, brings)), cargo)
    if rng.random() < traffic.land_at_call_share:
        batch = _number(rng, traffic.land_batch, 1.0)
        at = float(rng.uniform(ship.arrival_d - 0.6, ship.departure_d))
        came = np.sort(at + rng.uniform(0.0, 0.3, batch))
        cargo.lots.append(
            TrueContainers.lot(came, came + 0.05 + traffic.land_dwell_d.draw(rng, batch))
        )
    part_m = quay_m / traffic.berths
    half = min(ship.length_m, part_m) / 2
    return TrueStay(
        visit=ship.visit,
        arrival_d=ship.arrival_d,
        departure_d=ship.departure_d,
        length_m=ship.length_m,
        beam_m=ship.length_m / float(rng.uniform(5.5, 7.5)),
        position_m=ship.berth * part_m + float(rng.uniform(half, part_m - half)),
    )


def _number(rng: np.random.Generator, spread: Spread, factor: float) -> int:
    return max(1, round(float(spread.draw(rng, 1)[0]) * factor))


def _load(
    rng: np.random.Generator,
    traffic: TrafficParameters,
    number: int,
    ship: _Berthing,
    fetches: int,
    loading: tuple[float, float],
    cargo: _Cargo,
) -> None:
    """Draw `fetches` containers that a ship takes, first those that already wait for one."""
    taken = 0
    still = []
    for came, brought_by in cargo.waiting:
        ready = came < loading[0]
        take = np.flatnonzero(ready)[: max(0, fetches - taken)]
        taken += len(take)
        if len(take):
            left = np.sort(rng.uniform(*loading, len(take)))
            cause = Cause.SHIP if brought_by >= 0 else Cause.LAND
            lot = TrueContainers.lot(
                came[take], left, cause, Cause.SHIP, brought_by=brought_by, taken_by=number
            )
            cargo.lots.append(lot)
        rest = np.delete(came, take)
        if len(rest):
            still.append((rest, brought_by))
    cargo.waiting = still
    rest_number = fetches - taken
    if rest_number <= 0:
        return
    if rng.random() >= traffic.gathering_share:  # just in time
        left = np.sort(rng.uniform(*loading, rest_number))
        waits = 0.003 + rng.exponential(traffic.quay_wait_d, rest_number)
        came = np.maximum(left - waits, ship.arrival_d - 0.02)
        cargo.lots.append(TrueContainers.lot(came, left, left_by=Cause.SHIP, taken_by=number))
        return
    lead = float(traffic.gathering_d.draw(rng, 1)[0])
    came = _gathering_times(rng, traffic, ship.arrival_d - lead, ship.arrival_d, rest_number)
    late = rng.random(rest_number) < traffic.late_share
    came[late] = rng.uniform(ship.arrival_d, max(ship.arrival_d, loading[0]), int(late.sum()))
    left = rng.permutation(rng.uniform(*loading, rest_number))
    behind = rng.random(rest_number) < min(0.9, float(rng.exponential(traffic.left_share)))
    loaded = TrueContainers.lot(
        came[~behind], left[~behind], left_by=Cause.SHIP, taken_by=number, meant_for=number
    )
    cargo.lots.append(loaded)
    if not behind.any():
        return
    if rng.random() < 0.5:
        cargo.waiting.append((np.sort(came[behind]), NO_STAY))
    else:
        away = ship.departure_d + rng.uniform(1.0, 30.0, int(behind.sum()))
        cargo.lots.append(TrueContainers.lot(came[behind], away, meant_for=number))


def _gathering_times(
    rng: np.random.Generator, traffic: TrafficParameters, first: float, last: float, number: int
) -> Float64Array:
    """Draw when each of `number` containers comes, in lumps or evenly; the first at `first`."""
    if traffic.lumps:
        lumps = max(1, int(rng.poisson(traffic.lumps)))
        shares = rng.random(lumps) ** (1 / traffic.lateness)
        shares[0] = 0.0
        lump = rng.choice(lumps, number, p=rng.dirichlet(np.full(lumps, 2.0)))
        length = min(0.4, (last - first) / 4)
        starts = first + shares * (last - first - length)
        times = starts[lump] + rng.uniform(0.0, length, number)
    else:
        times = first + (last - first) * rng.random(number) ** (1 / traffic.lateness)
    return np.asarray(np.sort(times))


def _unload(
    rng: np.random.Generator,
    traffic: TrafficParameters,
    number: int,
    came: Float64Array,
    cargo: _Cargo,
) -> None:
    """Draw what becomes of the containers that a ship puts on the pier at times `came` (k,)."""
    waits = rng.random(len(came)) < traffic.transshipped_share
    if waits.any():
        cargo.waiting.append((came[waits], number))
    by_land = came[~waits]
    left = by_land + 0.03 + traffic.clearance_d.draw(rng, len(by_land))
    cargo.lots.append(TrueContainers.lot(by_land, left, Cause.SHIP, brought_by=number))


def _land_traffic(
    rng: np.random.Generator, traffic: TrafficParameters, days: float
) -> list[TrueContainers]:
    """Draw the containers that come and leave by land, and those that gather for no ship."""
    lots = []
    for _ in range(rng.poisson(traffic.land_batches_per_d * (days + _BEFORE_D))):
        batch = _number(rng, traffic.land_batch, 1.0)
        came = float(rng.uniform(-_BEFORE_D, days)) + np.sort(rng.uniform(0.0, 0.3, batch))
        lots.append(TrueContainers.lot(came, came + traffic.land_dwell_d.draw(rng, batch)))
    size = traffic.loads or traffic.land_batch
    for _ in range(rng.poisson(traffic.false_gatherings_per_y * days / 365.0)):
        number = max(10, _number(rng, size, 0.6))
        start = float(rng.uniform(0.0, days))
        lead = float(traffic.gathering_d.draw(rng, 1)[0])
        came = _gathering_times(rng, traffic, start, start + lead, number)
        away = start + lead + float(rng.uniform(2.0, 15.0))
        lots.append(TrueContainers.lot(came, away + rng.uniform(0.0, 2.0, number)))
    return lots
