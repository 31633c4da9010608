"""What the looks at one pier can tell an engine of events: evidence with its doubt, by time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import hypot, nan
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cv.counting.count import BerthedHull, PierCount
from cv.site import PierRole

Floats = NDArray[np.float64]

MIN_VISIBLE = 0.5
"""Share of pier or berth below which what was not seen there says nothing."""
MIN_SHIP_LENGTH_M = 60.0
"""Shorter hulls are boats and barges: they make no call, metres."""
_LEAST_SD = 0.5
"""Of a number of containers."""
_NOTHING = (nan, nan, nan)
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class PierObservations:
    """The looks at a pier from which anything was seen, by time; n of them."""

    pier: str
    role: PierRole
    scenes: tuple[str, ...]
    """(n,) identifiers."""
    times: tuple[datetime, ...]
    """(n,) when they were, UTC."""
    days: Floats
    """(n,) days since the first look."""
    containers: Floats
    """(n,) containers on the whole pier, nan where unknown: what a part shows is scaled up."""
    containers_sd: Floats
    """(n, 2) standard deviation of their error: how much fewer, and how much more, there may be."""
    hulls: Floats
    """(n,) hulls at the berth, nan where unknown."""
    min_hulls: Floats
    """(n,) lower end of their interval."""
    max_hulls: Floats
    """(n,) upper end of their interval."""
    berth_visible: Floats
    """(n,) share of the berth that was seen, 0 to 1."""
    hull_lengths: Floats
    """(n,) length of the longest hull, metres, nan without one."""

    @classmethod
    def of(cls, counts: Sequence[PierCount]) -> PierObservations:
        """The usable looks among `counts` of one pier, which are ordered by time.

        Raises ValueError where there are no counts at all, or one has no time.
        """
        if not counts:
            raise ValueError("a watch needs the counts of a pier")
        if any(count.acquired is None for count in counts):
            raise ValueError("a look without a time tells nothing of events")
        level = counts[0].interval_level
        told = [(count, _boxes(count, level), _ships(count)) for count in counts]
        # a look that says nothing is none: its gap is one with those beside it
        used = [one for one in told if one[1] is not None or one[2] is not None]
        seen = [count for count, _, _ in used]
        boxes = np.array([one or _NOTHING for _, one, _ in used]).reshape(-1, 3)
        ships = np.array([one or _NOTHING for _, _, one in used]).reshape(-1, 3)
        times = tuple(count.acquired for count in seen if count.acquired is not None)
        return cls(
            counts[0].pier,
            counts[0].role,
            tuple(count.scene for count in seen),
            times,
            np.array([(time - times[0]) / _DAY for time in times]),
            boxes[:, 0],
            boxes[:, 1:],
            ships[:, 0],
            ships[:, 1],
            ships[:, 2],
            np.array([count.berth_visible_fraction or 0.0 for count in seen], dtype=np.float64),
            np.array([_longest(count.berthed) for count in seen], dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.scenes)

    def first_at_or_after(self, at: datetime) -> int:
        """The first look at a time or after it; n where there is none."""
        return bisect_left(self.times, at)


def _boxes(count: PierCount, level: float) -> tuple[float, float, float] | None:
    """Containers on the whole pier, how much fewer and how much more there may be, if known."""
    seen, number = count.visible_fraction or 0.0, count.containers
    if number.value is None or number.low is None or number.high is None or seen < MIN_VISIBLE:
        return None
    whole = number.value / seen
    unseen = (1.0 - seen) * max(whole, 2.0)
    sides = (number.value - number.low, number.high - number.value)
    below, above = (max(_LEAST_SD, side / _ends(level)) / seen for side in sides)
    return whole, hypot(below, unseen), hypot(above, unseen)


@cache
def _ends(level: float) -> float:
    """Standard deviations from the middle of an interval at `level` to its ends."""
    return NormalDist().inv_cdf((1.0 + level) / 2)


def _ships(count: PierCount) -> tuple[float, float, float] | None:
    """Hulls, and the ends of their interval, where the berth was seen well enough."""
    number = count.hulls
    if number.value is None or number.low is None or number.high is None:
        return None
    boats = sum(1 for hull in count.berthed if hull.length_m < MIN_SHIP_LENGTH_M)
    ships = max(0.0, number.value - boats)
    if not ships and (count.berth_visible_fraction or 0.0) < MIN_VISIBLE:
        return None
    return ships, min(number.low, ships), number.high


def _longest(berthed: tuple[BerthedHull, ...]) -> float:
    return max((hull.length_m for hull in berthed), default=nan)
