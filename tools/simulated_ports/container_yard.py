"""Where the containers of a simulated pier stand: each comes to a place and stays until it leaves.

The pier is a straight strip. Containers stand in rows along it, each lot from a place on that is
drawn for it, and not quite in line.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians

import numpy as np
import shapely

from cv.geometry.arrays import Float64Array
from cv.timeseries.container_places import METRES_PER_DEGREE

ROWS, COLUMNS = 12, 70
"""Rows of places along the pier, and places in each."""
PITCH_M = (12.8, 2.9)
"""Distance of neighbouring places along and across the pier, metres."""
LENGTH_M, WIDTH_M = COLUMNS * PITCH_M[0], ROWS * PITCH_M[1]
OUT_OF_LINE_M = (1.0, 0.3)
"""Standard deviation of a container's place, metres."""
_CORNER = np.array([130.3, 42.2])
"""Longitude and latitude of the pier's south-western corner."""
_DEGREES_PER_METRE = 1.0 / (METRES_PER_DEGREE * np.array([cos(radians(_CORNER[1])), 1.0]))


@dataclass(frozen=True, eq=False)
class SimulatedYard:
    """The k containers that were on a pier at any time."""

    places_m: Float64Array
    """(k, 2) places, metres along and across the pier."""
    came_d: Float64Array
    """(k,) when each came, days since the start."""
    left_d: Float64Array
    """(k,) when it left; inf if it did not."""

    @classmethod
    def simulate(
        cls, rng: np.random.Generator, level: tuple[Float64Array, Float64Array]
    ) -> SimulatedYard:
        """Draw the containers of a `level`: times (t,), days, and numbers (t,), linear in between.

        The number is rounded. Those that came first leave first.
        """
        times, numbers = level
        whole = np.rint(numbers).astype(int)
        slots: list[int] = []
        came: list[float] = []
        left: list[float] = []
        free = np.ones(ROWS * COLUMNS, dtype=bool)
        present: list[int] = []
        number = 0
        for i, target in enumerate(whole.tolist()):
            change = target - number
            span = np.linspace(times[max(0, i - 1)], times[i], abs(change) + 2)[1:-1].tolist()
            first = int(rng.integers(ROWS * COLUMNS))
            for time in span if change > 0 else ():
                ahead = np.flatnonzero(np.roll(free, -first))
                slot = (first + int(ahead[0])) % len(free) if len(ahead) else first
                free[slot] = False
                present.append(len(slots))
                slots.append(slot)
                came.append(time)
                left.append(np.inf)
            for time in span if change < 0 else ():
                leaving = present.pop(0)
                free[slots[leaving]] = True
                left[leaving] = time
            number = target
        column, row = np.divmod(np.array(slots, dtype=int), ROWS)
        places = (np.stack([column, row], axis=1) + 0.5) * PITCH_M
        places = places + rng.normal(0.0, OUT_OF_LINE_M, places.shape)
        return cls(places, np.array(came), np.array(left))

    def at(self, day: float) -> Float64Array:
        """Return the places (m, 2), metres, of the containers that are there at a time."""
        return np.asarray(self.places_m[(self.came_d <= day) & (day < self.left_d)])


def pier_strip(first_m: float, last_m: float) -> shapely.Polygon:
    """Return the part of the pier between two distances along it, in EPSG:4326."""
    corners = np.array([[first_m, 0.0], [last_m, WIDTH_M]])
    (west, south), (east, north) = plane_to_lon_lat(corners)
    return shapely.box(west, south, east, north)


def plane_to_lon_lat(places_m: Float64Array) -> Float64Array:
    """Return places (m, 2), metres, as longitude and latitude, degrees."""
    return np.asarray(_CORNER + places_m * _DEGREES_PER_METRE)
