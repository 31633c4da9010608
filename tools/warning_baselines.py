"""Baselines for arrival warnings: simple alarms on the counts alone, unaware of visibility."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from simulated_ports.port import START

from cv.counting.pier_count import PierCount
from cv.geometry.arrays import BoolArray, Float64Array

_RISE_D = 7.0
"""A rise is measured over this time, days."""
Alarm = tuple[float, float]
"""From when to when it is active, days since the start."""


@dataclass(frozen=True, eq=False)
class RawCounts:
    """Container counts as a detector delivers them; n observations."""

    days: Float64Array
    """(n,) days since the start."""
    containers: Float64Array
    """(n,)"""

    @classmethod
    def of(cls, counts: Sequence[PierCount], clouds_as_zero: bool) -> RawCounts:
        """Return the numbers of `counts`; hidden by cloud, they are 0 or else left out."""
        rows = [
            ((count.acquired - START) / timedelta(days=1), count.containers.value or 0.0)
            for count in counts
            if count.acquired is not None and (clouds_as_zero or count.containers.known)
        ]
        table = np.array(rows, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def alarms_while(self, active: BoolArray) -> list[Alarm]:
        """Return an alarm for each run of `active` (n,), until the observation after it."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(int)))
        days = np.append(self.days, np.inf)
        return [(float(days[a]), float(days[b])) for a, b in edges.reshape(-1, 2).tolist()]


def threshold_alarms(raw: RawCounts, threshold: float) -> list[Alarm]:
    """Alarm while there are more than `threshold` containers."""
    return raw.alarms_while(raw.containers > threshold)


def rise_alarms(raw: RawCounts, rise: float) -> list[Alarm]:
    """Alarm while a count is more than `rise` above the lowest one of the seven days before it."""
    since = np.searchsorted(raw.days, raw.days - _RISE_D)
    active = [
        bool(raw.containers[i] - raw.containers[first : i + 1].min() > rise)
        for i, first in enumerate(since.tolist())
    ]
    return raw.alarms_while(np.array(active, dtype=bool))


def cusum_alarms(raw: RawCounts, limit: float) -> list[Alarm]:
    """Alarm while Page's one-sided cumulative sum (1954) is above `limit`.

    It sums the counts above their median, in standard deviations, with a slack of one half.
    """
    sd = float(raw.containers.std()) or 1.0
    scores = (raw.containers - float(np.median(raw.containers))) / sd - 0.5
    total, active = 0.0, np.zeros(len(scores), dtype=bool)
    for i, score in enumerate(scores.tolist()):
        total = min(max(0.0, total + score), 2 * limit)
        active[i] = total > limit
    return raw.alarms_while(active)


def pelt_alarms(raw: RawCounts, penalty: float) -> list[Alarm]:
    """Alarm over each segment whose mean is above that of the one before.

    Segments are those of ruptures' PELT (Killick et al. 2012; l2 cost) over the whole series.
    """
    import ruptures

    sd = float(raw.containers.std()) or 1.0
    model = ruptures.Pelt(model="l2", min_size=1, jump=1).fit(raw.containers[:, None] / sd)
    ends = model.predict(pen=penalty)
    active = np.zeros(len(raw.containers), dtype=bool)
    before = None
    for first, last in zip([0, *ends[:-1]], ends, strict=True):
        mean = float(raw.containers[first:last].mean())
        active[first:last] = before is not None and mean > before
        before = mean
    return raw.alarms_while(active)


BASELINES: dict[str, tuple[Callable[[RawCounts, float], list[Alarm]], tuple[float, ...]]] = {
    "fixed threshold": (threshold_alarms, (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0)),
    "CUSUM": (cusum_alarms, (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)),
    "ruptures PELT": (pelt_alarms, (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)),
}
"""Each baseline by name, with the settings that are tried."""
RISE_SETTINGS = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0)
"""Settings of `rise_alarms` that are tried."""
