"""What truly happened at a simulated pier: ships, and every container with how it came and left.

Times are days since the start; a history begins before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from math import nan

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import BoolArray, Float64Array

NO_STAY = -1
"""Number of the stay of a container that has to do with no ship."""


class Cause(IntEnum):
    """How a container came to a pier or left it."""

    LAND = 0
    """By lorry or train."""
    SHIP = 1
    THROUGHOUT = 2
    """It stood there all the time."""


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
