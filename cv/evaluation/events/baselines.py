"""Alarms as people raise them today: from counts alone, unaware of what a look could not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from cv.counting.count import PierCount
from cv.evaluation.simulation.port import START

Floats = NDArray[np.float64]
Alarm = tuple[float, float]
"""From when to when it stands, days since the start."""


@dataclass(frozen=True, eq=False)
class RawCounts:
    """Counts as a detector delivers them."""

    days: Floats
    """(n,) days since the start."""
    containers: Floats
    """(n,) containers."""

    @classmethod
    def of(cls, looks: Sequence[PierCount], cloudy: bool) -> RawCounts:
        """Those of `looks`; what clouds hide counts as nothing, or is left out unless `cloudy`."""
        rows = [
            ((count.acquired - START) / timedelta(days=1), count.containers.value or 0.0)
            for count in looks
            if count.acquired is not None and (cloudy or count.containers.known)
        ]
        table = np.array(rows, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def alarms_while(self, up: NDArray[np.bool_]) -> list[Alarm]:
        """Alarms that stand from the first look of each run of `up` (n,) to the look after it."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], up, [False]]).astype(int)))
        days = np.append(self.days, np.inf)
        return [(float(days[a]), float(days[b])) for a, b in edges.reshape(-1, 2).tolist()]


def threshold_alarms(raw: RawCounts, least: float) -> list[Alarm]:
    """More than `least` containers."""
    return raw.alarms_while(raw.containers > least)


def cusum_alarms(raw: RawCounts, limit: float) -> list[Alarm]:
    """Page's one-sided cumulative sum (1954) of the counts above their median, in units of their
    standard deviation, half of one as slack; it stands while the sum is above `limit`."""
    spread = float(raw.containers.std()) or 1.0
    scores = (raw.containers - float(np.median(raw.containers))) / spread - 0.5
    total, up = 0.0, np.zeros(len(scores), dtype=bool)
    for look, score in enumerate(scores.tolist()):
        total = min(max(0.0, total + score), 2 * limit)
        up[look] = total > limit
    return raw.alarms_while(up)


def pelt_alarms(raw: RawCounts, penalty: float) -> list[Alarm]:
    """Changes of the mean found by ruptures' PELT (Killick et al. 2012; l2, whole series); stands
    over each segment whose mean is above that of the one before."""
    import ruptures

    spread = float(raw.containers.std()) or 1.0
    model = ruptures.Pelt(model="l2", min_size=1, jump=1).fit(raw.containers[:, None] / spread)
    ends = model.predict(pen=penalty)
    up = np.zeros(len(raw.containers), dtype=bool)
    before = None
    for first, last in zip([0, *ends[:-1]], ends, strict=True):
        mean = float(raw.containers[first:last].mean())
        up[first:last] = before is not None and mean > before
        before = mean
    return raw.alarms_while(up)


BASELINES: dict[str, tuple[Callable[[RawCounts, float], list[Alarm]], tuple[float, ...]]] = {
    "fixed threshold": (threshold_alarms, (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0)),
    "CUSUM": (cusum_alarms, (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)),
    "ruptures PELT": (pelt_alarms, (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)),
}
"""Each with the settings that are tried."""
