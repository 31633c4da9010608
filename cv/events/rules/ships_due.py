"""Arrival warnings: cargo gathers as it does before a ship.

A warning uses only what was known as of its observation (the forward filter), except for the pier's
parameters, which are estimated from all observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cv.events.confidence import calibrated, is_stated
from cv.events.constants import LIKELY, PLAIN, REMAINING_SHARE
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.berth_state_model import WITH_SHIP
from cv.events.model.posterior import FORECAST_DAYS, Posterior
from cv.geometry.arrays import BoolArray
from cv.site import PierRole

_MIN_GROWTH, _GROWTH_Z = 8.0, 1.5
"""Growth of a stack: so many containers, and standard deviations of its error, since the lowest
level. It may be a chance one: what a warning states is how often a ship comes then."""
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

    A warning begins at the first observation at which cargo has grown and a ship within seven days
    is probable, and ends at the one that shows a ship, or that most of the cargo is gone. Piers at
    which no ship has been seen by then have none.
    """
    if not posterior.parameters.served_by_ships or posterior.observations.role in _NO_GATHERING:
        return ()
    there = posterior.filtered[:, WITH_SHIP].sum(axis=1)
    ship = there >= LIKELY
    shown = np.cumsum((there >= PLAIN) & (posterior.observations.hulls >= 1)) > 0
    in_a_week = posterior.forecast_with_growth[:, FORECAST_DAYS.index(7.0)]
    warnings = []
    for growth in _growths(posterior, ship):
        last = len(ship) if growth.ended is None else growth.ended
        for now in range(growth.began, last):
            confidence = calibrated(EventKind.WARNING, float(in_a_week[now]))
            if shown[now] and not ship[now] and is_stated(EventKind.WARNING, confidence):
                warnings.append(_warning(posterior, now, growth.ended, confidence, ship))
                break
    return tuple(warnings)


@dataclass(frozen=True)
class _Growth:
    """Cargo that grows, from one observation to another (None where it has not ended)."""

    began: int
    ended: int | None


def _growths(posterior: Posterior, ship: BoolArray) -> list[_Growth]:
    """Return when cargo grew, by time, as of each observation; a ship (n,) ends it."""
    lowest, max_growth, raised = 0, 0.0, -1
    growths = []
    for now, (level, sd) in enumerate(posterior.level.tolist()):
        lowest_level, lowest_sd = posterior.level[lowest].tolist()
        growth = level - lowest_level
        if raised >= 0 and (ship[now] or growth < REMAINING_SHARE * max_growth):
            growths.append(_Growth(raised, now))
            raised, lowest = -1, now
        elif raised >= 0:
            max_growth = max(max_growth, growth)
        elif ship[now] or growth <= 0.0:
            lowest = now
        elif growth >= max(_MIN_GROWTH, _GROWTH_Z * hypot(lowest_sd, sd)):
            raised, max_growth = now, growth
    return [*growths, _Growth(raised, None)] if raised >= 0 else growths


def _warning(
    posterior: Posterior, raised: int, ended: int | None, confidence: float, ship: BoolArray
) -> ShipDue:
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
        confidence=confidence,
        evidence=observations.scenes[max(0, raised - 1) : raised + 1],
        alternatives=_ALTERNATIVES,
        chances=(*posterior.forecast_with_growth[raised, :-1].tolist(), confidence),
        lead=lead,
    )
