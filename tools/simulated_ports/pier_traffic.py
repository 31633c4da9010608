"""Traffic of a simulated pier: its ships, and the containers that come with them or by land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from simulated_ports.berth_schedule import Berthing, draw_berthings, draw_earlier_berthings
from simulated_ports.land_cargo import draw_land_cargo
from simulated_ports.pier_history import Cause, PierHistory, TrueContainers, TrueStay
from simulated_ports.ship_cargo import ShipCargo
from simulated_ports.traffic_parameters import TrafficParameters


def simulate_pier(
    rng: np.random.Generator, traffic: TrafficParameters, days: float, quay_m: float
) -> PierHistory:
    """Draw the history of a pier over `days`; its quay is `quay_m` long."""
    return _history(rng, traffic, draw_berthings(rng, traffic, days), days, quay_m)


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
    at_second = draw_berthings(rng, second, days)
    at_first = draw_earlier_berthings(rng, first.stays_d, at_second)
    return (
        _history(rng, first, at_first, days, quay_m),
        _history(rng, second, at_second, days, quay_m),
    )


def _history(
    rng: np.random.Generator,
    traffic: TrafficParameters,
    berthings: Sequence[Berthing],
    days: float,
    quay_m: float,
) -> PierHistory:
    """Draw the containers that the ships at a pier move, and those that come by land."""
    cargo = ShipCargo(rng, traffic, quay_m)
    stays = [cargo.serve(number, one) for number, one in enumerate(berthings)]
    lots = [*cargo.lots, *cargo.left_waiting(), *draw_land_cargo(rng, traffic, days)]
    always = np.full(traffic.standing, inf)
    lots.append(TrueContainers.lot(-always, always, Cause.THROUGHOUT, Cause.THROUGHOUT))
    boxes = TrueContainers.joined(lots)
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
