"""Arrival warnings: cargo gathers as it does before a ship.

A warning uses only what was known as of its observation (the forward filter), except for the pier's
parameters, which are estimated from all observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from cv.counting.uncertainty import FINDING_Z
from cv.events.constants import LIKELY, REMAINING_SHARE
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.berth_state_model import GATHERING, WITH_SHIP
from cv.events.model.posterior import FORECAST_DAYS, Posterior
from cv.events.rules.growth import least_growth

_MIN_GATHERING = 0.3
"""Filtered probability of gathering cargo from which on a warning may be given."""
_MIN_GROWTH, _MIN_WAITING_GROWTH = 6.0, 10.0
"""Containers that must have come since the lowest level: while cargo gathers, and otherwise."""
_MIN_GATHERING_SHARE = 0.3
"""Piers where cargo gathers before a smaller share of calls have no warnings."""
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

    A warning begins at the observation that raises it and ends at the one that shows a ship, or
    that most of the cargo is gone.
    """
    flow = posterior.parameters.flow
    if not flow.served_by_ships or flow.gathering_share < _MIN_GATHERING_SHARE:
        return ()
    ship = posterior.filtered[:, WITH_SHIP].sum(axis=1) >= LIKELY
    gathers = posterior.filtered[:, GATHERING] >= _MIN_GATHERING
    lowest, max_growth, raised = 0, 0.0, -1
    warnings = []
    for now, (level, sd) in enumerate(posterior.level.tolist()):
        lowest_level, lowest_sd = posterior.level[lowest].tolist()
        growth = level - lowest_level
        least = least_growth(posterior, lowest)
        waiting_growth = max(_MIN_WAITING_GROWTH, least, FINDING_Z * hypot(lowest_sd, sd))
        if raised >= 0 and (ship[now] or growth < REMAINING_SHARE * max_growth):
            warnings.append(_warning(posterior, raised, now, bool(ship[now])))
            raised, lowest = -1, now
        elif raised >= 0:
            max_growth = max(max_growth, growth)
        elif ship[now] or growth <= 0.0:
            lowest = now
        elif growth >= waiting_growth or (growth >= max(_MIN_GROWTH, least) and gathers[now]):
            raised, max_growth = now, growth
    if raised >= 0:
        warnings.append(_warning(posterior, raised, None, False))
    return tuple(warnings)


def _warning(posterior: Posterior, raised: int, ended: int | None, ship_came: bool) -> ShipDue:
    observations, days = posterior.observations, posterior.observations.days
    mean, sd = posterior.level[raised].tolist()
    end, lead = ONGOING, None
    if ended is not None:
        end = observations.time_between(ended - 1, ended)
        low, high = (float(days[i] - days[raised]) for i in (ended - 1, ended))
        lead = Magnitude((low + high) / 2, low, high, "days") if ship_came else None
    return ShipDue(
        kind=EventKind.WARNING,
        pier=observations.pier,
        began=observations.time_between(raised - 1, raised),
        ended=end,
        size=Magnitude.from_mean_sd(mean, sd, "containers", 0.0),
        confidence=float(posterior.forecast[raised, FORECAST_DAYS.index(7.0)]),
        evidence=observations.scenes[max(0, raised - 1) : raised + 1],
        alternatives=_ALTERNATIVES,
        chances=tuple(posterior.forecast[raised].tolist()),
        lead=lead,
    )
