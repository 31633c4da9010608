"""Stockpiles: cargo that gathered on a pier, how much, how fast, and whether that is much here."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cv.events.event import ENDS, ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior

MIN_RISE = 15.0
"""Smaller gatherings are none, containers."""
_GONE = 0.4
"""A stockpile is over when so small a part of it is left."""
_OTHERWISE = (
    "empty boxes are being stored",
    "the cargo is for lorries or trains",
)


Level = tuple[float, float]
"""A number of containers: mean and standard deviation."""


@dataclass(frozen=True)
class Stockpile(Event):
    """Cargo on the pier; `size` is the most that was there at a look."""

    growth_per_day: float
    """Mean growth from its beginning to its peak, containers a day."""
    peak: str
    """Scene of the peak."""
    rank: float | None
    """Share of this pier's earlier stockpiles that were smaller, 0 to 1; None for the first."""


def find_stockpiles(story: Posterior) -> tuple[Stockpile, ...]:
    """Every rise of the number of containers by `LEAST` or more above its noise, by time."""
    known = np.flatnonzero(np.isfinite(story.observations.containers)).tolist()
    level: list[Level] = story.level.tolist()
    found: list[Stockpile] = []
    low = peak = -1
    for look in known:
        if low < 0:
            low = peak = look
        if _grown(level, low, peak) and level[look][0] < _GONE * level[peak][0]:
            found.append(_stockpile(story, low, peak, look, found))
            low = peak = look
        elif level[look][0] > level[peak][0]:
            peak = look
        elif not _grown(level, low, peak) and level[look][0] <= level[low][0]:
            low = peak = look
    if low >= 0 and _grown(level, low, peak):
        found.append(_stockpile(story, low, peak, None, found))
    return tuple(found)


def _grown(level: list[Level], low: int, peak: int) -> bool:
    (base, below), (most, above) = level[low], level[peak]
    return most - base >= max(MIN_RISE, ENDS * hypot(below, above))


def _stockpile(
    story: Posterior, low: int, peak: int, gone: int | None, earlier: list[Stockpile]
) -> Stockpile:
    watch, (most, spread) = story.observations, story.level[peak]
    base = float(story.level[low][0])
    first = next(i for i in range(low, peak + 1) if story.level[i, 0] - base >= 0.1 * (most - base))
    first = max(first, low + 1)
    days = float(watch.days[peak] - watch.days[first - 1])
    sizes = [one.size.value for one in earlier if one.size is not None]
    ended = ONGOING
    if gone is not None:
        ended = CensoredTime(watch.times[gone - 1], watch.times[gone])
    return Stockpile(
        kind=EventKind.STOCKPILE,
        pier=watch.pier,
        began=CensoredTime(watch.times[first - 1], watch.times[first]),
        ended=ended,
        size=Magnitude.from_mean_sd(float(most), float(spread), "containers", 0.0),
        confidence=story.level_change(low, peak).sign_probability,
        evidence=watch.scenes[first - 1 : peak + 1],
        alternatives=_OTHERWISE,
        growth_per_day=(float(most) - base) / max(days, 0.2),
        peak=watch.scenes[peak],
        rank=sum(size < most for size in sizes) / len(sizes) if sizes else None,
    )
