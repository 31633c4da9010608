"""A simulated port: its history, and the counts of its two piers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from cv.counting.count import PierCount
from cv.evaluation.simulation.cloud_cover import CloudClimate, visible_shares
from cv.evaluation.simulation.count_errors import PierTruth, SimulatedPier, simulate_count
from cv.evaluation.simulation.operation import PortHistory, SimulatedVisit
from cv.site import PierRole

START = datetime(2023, 1, 1, tzinfo=UTC)
EXPORT, IMPORT = (
    SimulatedPier("Export pier", PierRole.EXPORT),
    SimulatedPier("Import pier", PierRole.IMPORT),
)
_PASS_H, _PASS_SD_H = 2.0, 0.6
"""Time of the daily satellite pass and its standard deviation, hours UTC."""
_SECOND_IMAGE_SHARE = 0.1
"""Share of days with a second image, four hours later."""


@dataclass(frozen=True)
class SimulatedPort:
    """What happened at a port and what was observed of it."""

    history: PortHistory
    export_counts: tuple[PierCount, ...]
    """Counts of the export pier, by time."""
    import_counts: tuple[PierCount, ...]
    """Counts of the import pier, by time."""

    @classmethod
    def simulate(cls, seed: int, climate: CloudClimate, days: int = 365) -> SimulatedPort:
        """Draw the port of a seed over `days`, in a cloud `climate`."""
        rng = np.random.default_rng(seed)
        history = PortHistory.simulate(rng, float(days))
        dates = [START + timedelta(days=day) for day in range(days)]
        visible = visible_shares(rng, np.array([date.month for date in dates]), climate)
        counts: dict[SimulatedPier, list[PierCount]] = {EXPORT: [], IMPORT: []}
        for date, share in zip(dates, visible.tolist(), strict=True):
            if np.isnan(share):
                continue
            hour = _PASS_H + _PASS_SD_H * float(rng.standard_normal())
            hours = [hour, hour + 4] if rng.random() < _SECOND_IMAGE_SHARE else [hour]
            for time in (date + timedelta(hours=h) for h in hours):
                time = time.replace(microsecond=0)
                for pier, own in counts.items():
                    truth = truth_at(history, pier, time)
                    own.append(simulate_count(rng, pier, time, share, truth))
        return cls(history, tuple(counts[EXPORT]), tuple(counts[IMPORT]))


def truth_at(history: PortHistory, pier: SimulatedPier, time: datetime) -> PierTruth:
    """Return what is at `pier` at a time."""
    day = (time - START) / timedelta(days=1)
    exports = pier.role is PierRole.EXPORT
    times, numbers = history.export_level if exports else history.import_level
    hull = 0.0
    for visit in history.visits:
        first, last = berth_stay_days(visit, pier)
        if first <= day < last:
            hull = visit.length_m
    return PierTruth(float(np.interp(day, times, numbers)), hull)


def berth_stay_days(visit: SimulatedVisit, pier: SimulatedPier) -> tuple[float, float]:
    """Return from when to when a ship lies at `pier`, days since the start."""
    if pier.role is PierRole.EXPORT:
        return visit.shift_d, visit.departure_d
    return visit.arrival_d, visit.shift_d
