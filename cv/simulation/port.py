"""A simulated port: its history, and the looks at its two piers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from cv.counting.count import Count
from cv.simulation.camera import Errors, Place, Truth, looked
from cv.simulation.operation import Operation, Traffic, Voyage
from cv.simulation.weather import Sky, seen
from cv.site import Role

START = datetime(2023, 1, 1, tzinfo=UTC)
EXPORT, IMPORT = Place("Export pier", Role.EXPORT), Place("Import pier", Role.IMPORT)
_PASS_H, _PASS_SPREAD_H = 2.0, 0.6
"""Time of the daily pass and its spread, hours UTC."""
_SECOND = 0.1
"""Share of days with a second image, four hours later."""


@dataclass(frozen=True)
class Port:
    """What happened at a port and what was seen of it."""

    operation: Operation
    exported: tuple[Count, ...]
    """The looks at the export pier, by time."""
    imported: tuple[Count, ...]
    """Those at the import pier."""

    @classmethod
    def drawn(
        cls,
        seed: int,
        sky: Sky,
        days: int = 365,
        traffic: Traffic = Traffic(),  # noqa: B008 (a frozen value)
        errors: Errors = Errors(),  # noqa: B008
    ) -> Port:
        """The port of a seed over `days`, under `sky`."""
        rng = np.random.default_rng(seed)
        operation = Operation.drawn(rng, float(days), traffic)
        dates = [START + timedelta(days=day) for day in range(days)]
        shown = seen(rng, np.array([date.month for date in dates]), sky)
        looks: tuple[list[Count], list[Count]] = ([], [])
        for date, share in zip(dates, shown.tolist(), strict=True):
            if share != share:
                continue
            hour = _PASS_H + _PASS_SPREAD_H * float(rng.standard_normal())
            hours = [hour, hour + 4] if rng.random() < _SECOND else [hour]
            for at in (date + timedelta(hours=h) for h in hours):
                at = at.replace(microsecond=0)
                for kept, place in zip(looks, (EXPORT, IMPORT), strict=True):
                    truth = true_at(operation, place, at)
                    kept.append(looked(rng, place, at, share, truth, errors))
        return cls(operation, tuple(looks[0]), tuple(looks[1]))


def true_at(operation: Operation, place: Place, at: datetime) -> Truth:
    """What is at `place` at a time."""
    day = (at - START) / timedelta(days=1)
    exports = place.role is Role.EXPORT
    times, numbers = operation.exported if exports else operation.imported
    boxes = float(np.interp(day, times, numbers))
    hull = 0.0
    for voyage in operation.voyages:
        first, last = stay(voyage, place)
        if first <= day < last:
            hull = voyage.length_m
    return Truth(boxes, hull)


def stay(voyage: Voyage, place: Place) -> tuple[float, float]:
    """From when to when a ship lies at `place`, days."""
    if place.role is Role.EXPORT:
        return voyage.shifts, voyage.leaves
    return voyage.unloads, voyage.shifts
