"""Stockpile before loading: cargo gathers as it does before a ship, told before the ship is there.

A warning rests on what was known at its look, not on later ones, but for the pier's habits: those
are read from all looks that there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.events.event import ENDS, ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.events.model.berth_state_model import GATHERING, WITH_SHIP
from cv.events.model.posterior import FORECAST_DAYS, Posterior
from cv.events.rules.ship_calls import LIKELY

_RAISED = 0.3
"""A warning is given where cargo so probably gathers."""
_LEAST_GROWN, _LEAST_WAITING = 6.0, 10.0
"""Containers by which the pier must have filled then, and where cargo does not gather but waits:
fewer are no ship's load."""
_GATHERS = 0.3
"""Share of calls before which cargo gathers, from which on it tells of one."""
_GONE = 0.4
"""A warning ends where so small a part of what had gathered is left."""
_OTHERWISE = (
    "the cargo is for lorries or trains",
    "empty boxes are being stored",
    "one of the counts is wrong",
)


@dataclass(frozen=True)
class ArrivalWarning(Event):
    """A warning; `size` is the number of containers as of the look that raised it."""

    chances: tuple[float, ...]
    """Probability, as of that look, that a ship arrives within 1, 3 and 7 days."""
    lead: Magnitude | None
    """From that look to the arrival of the ship that ended it, days; None where none has."""


def find_arrival_warnings(story: Posterior) -> tuple[ArrivalWarning, ...]:
    """Every time that cargo gathered as before a ship, by time.

    A warning begins at the look that raised it and ends at the look that shows a ship, or that the
    cargo is gone; `size` is the number of containers then, `confidence` the probability, as of the
    look that raised it, that a ship arrives within seven days.
    """
    if not story.parameters.flow.served_by_ships or story.parameters.flow.gathering_share < _GATHERS:
        return ()
    there = story.filtered[:, WITH_SHIP].sum(axis=1) >= LIKELY
    level = story.level
    low, most, open_at = 0, 0.0, -1
    found = []
    for look in range(len(level)):
        grown = float(level[look, 0] - level[low, 0])
        if open_at >= 0 and (there[look] or grown < _GONE * most):
            found.append(_warning(story, open_at, look, bool(there[look])))
            open_at, low = -1, look
        elif open_at >= 0:
            most = max(most, grown)
        elif there[look] or grown <= 0.0:
            low = look
        elif _due(story, low, look):
            open_at, most = look, grown
    if open_at >= 0:
        found.append(_warning(story, open_at, None, came=False))
    return tuple(found)


def _due(story: Posterior, low: int, look: int) -> bool:
    """Whether what has come since the look `low` is cargo for a ship."""
    grown = float(story.level[look, 0] - story.level[low, 0])
    if grown >= _LEAST_GROWN and story.filtered[look, GATHERING] >= _RAISED:
        return True
    spread = float(np.hypot(story.level[low, 1], story.level[look, 1]))
    return grown >= max(_LEAST_WAITING, ENDS * spread)


def _warning(story: Posterior, raised: int, ended: int | None, came: bool) -> ArrivalWarning:
    times, days = story.observations.times, story.observations.days
    mean, spread = story.level[raised]
    low = max(0, raised - 1)
    end, lead = ONGOING, None
    if ended is not None:
        end = CensoredTime(times[ended - 1], times[ended])
        first, last = (float(days[look] - days[raised]) for look in (ended - 1, ended))
        lead = Magnitude((first + last) / 2, first, last, "days") if came else None
    return ArrivalWarning(
        kind=EventKind.WARNING,
        pier=story.observations.pier,
        began=CensoredTime(times[low] if raised else None, times[raised]),
        ended=end,
        size=Magnitude.from_mean_sd(float(mean), float(spread), "containers", 0.0),
        confidence=float(story.forecast[raised, FORECAST_DAYS.index(7.0)]),
        evidence=tuple(story.observations.scenes[low : raised + 1]),
        alternatives=_OTHERWISE,
        chances=tuple(story.forecast[raised].tolist()),
        lead=lead,
    )
