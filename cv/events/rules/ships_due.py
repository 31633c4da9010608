"""Arrival warnings: cargo gathers as it does before a ship.

A warning uses only what was known as of its observation (the forward filter), except for the pier's
parameters, which are estimated from all observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cv.counting.uncertainty import FINDING_Z
from cv.events.constants import LIKELY, REMAINING_SHARE
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.berth_state_model import WITH_SHIP
from cv.events.model.posterior import FORECAST_DAYS, Posterior
from cv.events.rules.growth import least_growth
from cv.geometry.arrays import BoolArray
from cv.site import PierRole

_MIN_GATHERING = 0.3
"""Filtered probability of gathering cargo from which on a warning may be given."""
_MIN_GROWTH, _MIN_WAITING_GROWTH = 6.0, 10.0
"""Containers that must have come since the lowest level: while cargo gathers, and otherwise."""
_AHEAD_D = 7.0
"""A warning is right if a ship arrives within so many days."""
_PRIOR_GROWTHS = 2.0
"""Weight of the forecast from the calls alone, in growths of the record."""
_NO_GATHERING = (PierRole.IMPORT, PierRole.ANCHORAGE)
"""Roles of piers where cargo does not gather for a ship."""
_ALTERNATIVES = (
    "the cargo is for lorries or trains",
    "empty boxes are being stored",
    "one of the counts is wrong",
)


@dataclass(frozen=True, kw_only=True, repr=False)
class ShipDue(Event):
    """A warning.

    `size` is the number of containers as of the observation that raised it, `confidence` the
    probability, as of then, that a ship arrives within seven days.
    """

    chances: tuple[float, ...]
    """Probability, as of that observation, that a ship arrives within 1, 3 and 7 days."""
    lead: Magnitude | None
    """From that observation to the arrival of the ship that ended it, days; None without one."""


def find_ships_due(posterior: Posterior) -> tuple[ShipDue, ...]:
    """Return the warnings at a pier, by time.

    A warning begins at the observation at which cargo has grown and ends at the one that shows a
    ship, or that most of the cargo is gone. It is given if, as of then, a ship has been seen at the
    pier, and growth has more often than not been followed by one within seven days.
    """
    if not posterior.parameters.served_by_ships or posterior.observations.role in _NO_GATHERING:
        return ()
    days = posterior.observations.days
    ship = posterior.filtered[:, WITH_SHIP].sum(axis=1) >= LIKELY
    shown = ship & (posterior.observations.hulls >= 1)
    warnings, followed = [], []
    for growth in _growths(posterior, ship):
        known = [came for until, came in followed if until <= days[growth.began]]
        base = float(posterior.forecast[growth.began, FORECAST_DAYS.index(7.0)])
        chance = (sum(known) + _PRIOR_GROWTHS * base) / (len(known) + _PRIOR_GROWTHS)
        first, last = np.searchsorted(days, days[growth.began] + np.array([0.0, _AHEAD_D]), "right")
        came = 1.0 - float(np.prod(1.0 - posterior.gap_arrivals[first - 1 : last]))
        followed.append((float(days[growth.began]) + _AHEAD_D, came))
        if chance >= LIKELY and shown[: growth.began + 1].any():
            warnings.append(_warning(posterior, growth, chance, ship))
    return tuple(warnings)


@dataclass(frozen=True)
class _Growth:
    """Cargo that grows, from one observation to another (None where it has not ended)."""

    began: int
    ended: int | None


def _growths(posterior: Posterior, ship: BoolArray) -> list[_Growth]:
    """Return when cargo grew, by time, as of each observation; a ship (n,) ends it."""
    gathers = posterior.at_observations(posterior.causes.came_by_land) >= _MIN_GATHERING
    lowest, max_growth, raised = 0, 0.0, -1
    growths = []
    for now, (level, sd) in enumerate(posterior.level.tolist()):
        lowest_level, lowest_sd = posterior.level[lowest].tolist()
        growth = level - lowest_level
        least = least_growth(posterior, lowest)
        waiting_growth = max(_MIN_WAITING_GROWTH, least, FINDING_Z * hypot(lowest_sd, sd))
        if raised >= 0 and (ship[now] or growth < REMAINING_SHARE * max_growth):
            growths.append(_Growth(raised, now))
            raised, lowest = -1, now
        elif raised >= 0:
            max_growth = max(max_growth, growth)
        elif ship[now] or growth <= 0.0:
            lowest = now
        elif growth >= waiting_growth or (growth >= max(_MIN_GROWTH, least) and gathers[now]):
            raised, max_growth = now, growth
    return [*growths, _Growth(raised, None)] if raised >= 0 else growths


def _warning(posterior: Posterior, growth: _Growth, chance: float, ship: BoolArray) -> ShipDue:
    raised, ended = growth.began, growth.ended
    observations, days = posterior.observations, posterior.observations.days
    mean, sd = posterior.level[raised].tolist()
    end, lead = ONGOING, None
    if ended is not None:
        end = observations.time_between(ended - 1, ended)
        low, high = (float(days[i] - days[raised]) for i in (ended - 1, ended))
        lead = Magnitude((low + high) / 2, low, high, "days") if ship[ended] else None
    return ShipDue(
        kind=EventKind.WARNING,
        pier=observations.pier,
        began=observations.time_between(raised - 1, raised),
        ended=end,
        size=Magnitude.from_mean_sd(mean, sd, "containers", 0.0),
        confidence=chance,
        evidence=observations.scenes[max(0, raised - 1) : raised + 1],
        alternatives=_ALTERNATIVES,
        chances=tuple(posterior.forecast[raised].tolist()),
        lead=lead,
    )
