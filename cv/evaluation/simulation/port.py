"""A simulated port: its history, and the looks at its two piers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from cv.counting.count import PierCount
from cv.evaluation.simulation.cloud_cover import CloudClimate, visible_shares
from cv.evaluation.simulation.count_errors import (
    CountErrorModel,
    PierTruth,
    SimulatedPier,
    simulate_count,
)
from cv.evaluation.simulation.operation import PortHistory, SimulatedVisit, TrafficParameters
from cv.site import PierRole

START = datetime(2023, 1, 1, tzinfo=UTC)
EXPORT, IMPORT = (
    SimulatedPier("Export pier", PierRole.EXPORT),
    SimulatedPier("Import pier", PierRole.IMPORT),
)
_PASS_H, _PASS_SPREAD_H = 2.0, 0.6
"""Time of the daily pass and its spread, hours UTC."""
_SECOND = 0.1
"""Share of days with a second image, four hours later."""


@dataclass(frozen=True)
class SimulatedPort:
    """What happened at a port and what was seen of it."""

    history: PortHistory
    export_counts: tuple[PierCount, ...]
    """The looks at the export pier, by time."""
    import_counts: tuple[PierCount, ...]
    """Those at the import pier."""

    @classmethod
    def simulate(
        cls,
        seed: int,
        sky: CloudClimate,
        days: int = 365,
        traffic: TrafficParameters = TrafficParameters(),  # noqa: B008 (a frozen value)
        errors: CountErrorModel = CountErrorModel(),  # noqa: B008
    ) -> SimulatedPort:
        """The port of a seed over `days`, under `sky`."""
        rng = np.random.default_rng(seed)
        operation = PortHistory.simulate(rng, float(days), traffic)
        dates = [START + timedelta(days=day) for day in range(days)]
        shown = visible_shares(rng, np.array([date.month for date in dates]), sky)
        looks: tuple[list[PierCount], list[PierCount]] = ([], [])
        for date, share in zip(dates, shown.tolist(), strict=True):
            if share != share:
                continue
            hour = _PASS_H + _PASS_SPREAD_H * float(rng.standard_normal())
            hours = [hour, hour + 4] if rng.random() < _SECOND else [hour]
            for at in (date + timedelta(hours=h) for h in hours):
                at = at.replace(microsecond=0)
                for kept, place in zip(looks, (EXPORT, IMPORT), strict=True):
                    truth = truth_at(operation, place, at)
                    kept.append(simulate_count(rng, place, at, share, truth, errors))
        return cls(operation, tuple(looks[0]), tuple(looks[1]))


def truth_at(operation: PortHistory, place: SimulatedPier, at: datetime) -> PierTruth:
    """What is at `place` at a time."""
    day = (at - START) / timedelta(days=1)
    exports = place.role is PierRole.EXPORT
    times, numbers = operation.export_level if exports else operation.import_level
    boxes = float(np.interp(day, times, numbers))
    hull = 0.0
    for voyage in operation.visits:
        first, last = stay_days(voyage, place)
        if first <= day < last:
            hull = voyage.length_m
    return PierTruth(boxes, hull)


def stay_days(voyage: SimulatedVisit, place: SimulatedPier) -> tuple[float, float]:
    """From when to when a ship lies at `place`, days."""
    if place.role is PierRole.EXPORT:
        return voyage.shift_d, voyage.departure_d
    return voyage.arrival_d, voyage.shift_d
