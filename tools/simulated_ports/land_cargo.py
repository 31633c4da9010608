"""Containers that come to a simulated pier by land and leave it by land."""

from __future__ import annotations

import numpy as np

from simulated_ports.berth_schedule import BEFORE_D
from simulated_ports.gathering_times import draw_gathering_times
from simulated_ports.pier_history import TrueContainers
from simulated_ports.traffic_parameters import TrafficParameters


def draw_land_cargo(
    rng: np.random.Generator, traffic: TrafficParameters, days: float
) -> list[TrueContainers]:
    """Draw the containers that come and leave by land, and those that gather for no ship."""
    lots = []
    for _ in range(rng.poisson(traffic.land_batches_per_d * (days + BEFORE_D))):
        batch = traffic.land_batch.draw_number(rng)
        came = float(rng.uniform(-BEFORE_D, days)) + np.sort(rng.uniform(0.0, 0.3, batch))
        lots.append(TrueContainers.lot(came, came + traffic.land_dwell_d.draw(rng, batch)))
    size = traffic.loads or traffic.land_batch
    for _ in range(rng.poisson(traffic.false_gatherings_per_y * days / 365.0)):
        number = max(10, size.draw_number(rng, 0.6))
        start = float(rng.uniform(0.0, days))
        lead = float(traffic.gathering_d.draw(rng, 1)[0])
        came = draw_gathering_times(rng, traffic, start, start + lead, number)
        away = start + lead + float(rng.uniform(2.0, 15.0))
        lots.append(TrueContainers.lot(came, away + rng.uniform(0.0, 2.0, number)))
    return lots
