"""When the containers come to a simulated pier that gather there for a ship."""

from __future__ import annotations

import numpy as np

from cv.geometry.arrays import Float64Array
from simulated_ports.traffic_parameters import TrafficParameters


def draw_gathering_times(
    rng: np.random.Generator, traffic: TrafficParameters, first: float, last: float, number: int
) -> Float64Array:
    """Draw when each of `number` containers comes (number,), days, sorted.

    They come between the days `first` and `last`, in lumps or evenly; with lumps, one begins at
    `first`.
    """
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
