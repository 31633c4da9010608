"""Stockpiles: cargo that gathered on a pier, how much, how fast, and how that compares."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cv.counting.uncertainty import FINDING_Z
from cv.events.constants import LIKELY, REMAINING_SHARE
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.posterior import Posterior
from cv.events.rules.growth import least_growth
from cv.geometry.arrays import Float64Array

MIN_RISE = 15.0
"""A smaller rise is not a stockpile, containers."""
_RETURN_D = 14.0
"""A number that was there so many days ago, with no ship since, is no new stockpile."""
_ONSET_SHARE = 0.1
"""The stockpile begins when more than this share of its rise has come, and it stays so."""
_EXTREMES_Z = 3.0
"""Standard deviations between the lowest and the highest of many counts, from which they differ:
among ninety counts of one number, some two differ by more than 90 % intervals allow."""
_MIN_GROWTH_DAYS = 0.2
"""Growth is reported per day of at least this time, days."""
_ALTERNATIVES = (
    "empty boxes are being stored",
    "the cargo is for lorries or trains",
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Stockpile(Event):
    """Cargo on the pier; `size` is the largest number of containers in an observation."""

    growth_per_day: float
    """Mean growth from its beginning to its peak, containers a day."""
    peak: str
    """Scene of the peak."""
    rank: float | None
    """Share of this pier's earlier stockpiles that were smaller, 0 to 1; None for the first."""


def find_stockpiles(posterior: Posterior) -> tuple[Stockpile, ...]:
    """Return every significant rise of the number of containers by `MIN_RISE` or more, by time.

    A rise back to a number of the last two weeks, with no ship since, is none. Nor does the last
    count end one alone, unless a ship was there: its image may be bad.
    """
    counted = np.flatnonzero(np.isfinite(posterior.observations.containers)).tolist()
    level, sd = posterior.level.T.tolist()
    before = _highest_before(posterior)
    shipped = posterior.at_observations(posterior.ship_between_counts)
    before_last = counted[-2] if len(counted) > 1 else -1
    found: list[Stockpile] = []
    lowest = peak = counted[0] if counted else -1
    for now in [*counted, None]:
        margin = _EXTREMES_Z * hypot(sd[lowest], sd[peak])
        rise = max(MIN_RISE, margin, least_growth(posterior, lowest))
        rose = level[peak] - level[lowest] >= rise
        rose &= level[peak] - before[lowest] >= MIN_RISE
        gone = now is None or level[now] < REMAINING_SHARE * level[peak]
        if now is not None and now == counted[-1] and shipped[now] < LIKELY:
            gone &= level[before_last] < REMAINING_SHARE * level[peak]
        if rose and gone:
            found.append(_stockpile(posterior, lowest, peak, now, found))
        if now is not None and level[now] > level[peak]:
            peak = now
        elif now is not None and (gone if rose else level[now] <= level[lowest]):
            lowest = peak = now
    return tuple(found)


def _highest_before(posterior: Posterior) -> Float64Array:
    """Return (n,) the highest level within `_RETURN_D` before each observation, since a ship.

    Cargo that is back at that number was there all the time, under haze, or was moved about.
    """
    observations = posterior.observations
    shipped = posterior.at_observations(posterior.ship_between_counts) >= LIKELY
    shipped |= posterior.ship_present >= LIKELY
    highest = np.zeros(len(observations))
    for now in range(1, len(observations)):
        first = int(np.searchsorted(observations.days, observations.days[now] - _RETURN_D))
        ships = np.flatnonzero(shipped[first : now + 1])
        first = first + int(ships[-1]) if len(ships) else first
        highest[now] = posterior.level[first:now, 0].max(initial=0.0)
    return highest


def _stockpile(
    posterior: Posterior, lowest: int, peak: int, gone: int | None, earlier: list[Stockpile]
) -> Stockpile:
    """Return the stockpile that rose from `lowest` to `peak` and was `gone` at an observation."""
    observations, level = posterior.observations, posterior.level[:, 0]
    scenes = observations.scenes
    size, sd = posterior.level[peak].tolist()
    rise = size - float(level[lowest])
    onset = _onset(posterior, lowest, peak)
    days = float(observations.days[peak] - observations.days[onset - 1])
    sizes = [one.size.value for one in earlier if one.size is not None]
    return Stockpile(
        kind=EventKind.STOCKPILE,
        pier=observations.pier,
        began=observations.time_between(onset - 1, onset),
        ended=ONGOING if gone is None else observations.time_between(gone - 1, gone),
        size=Magnitude.from_mean_sd(size, sd, "containers", 0.0),
        confidence=posterior.level_change(lowest, peak).sign_probability,
        evidence=scenes[onset - 1 : peak + 1],
        alternatives=_ALTERNATIVES,
        growth_per_day=rise / max(days, _MIN_GROWTH_DAYS),
        peak=scenes[peak],
        rank=sum(one < size for one in sizes) / len(sizes) if sizes else None,
    )


def _onset(posterior: Posterior, lowest: int, peak: int) -> int:
    """Return the first observation from which on more than at `lowest` stays, up to `peak`."""
    level, sd = posterior.level[lowest : peak + 1].T
    margin = np.maximum(_ONSET_SHARE * (level[-1] - level[0]), FINDING_Z * np.hypot(sd, sd[0]))
    still_low = np.flatnonzero(level - level[0] < margin)
    return lowest + 1 + int(still_low[still_low < peak - lowest].max())
