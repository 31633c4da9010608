"""How a pier is used: how often ships call, how long they stay, how cargo gathers before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.events.flow import FLOWS, Flow
from cv.events.watch import Watch

_LEAST_LOAD = 20.0
_USUAL_CADENCE_D, _USUAL_CALLS = 8.0, 2.0
"""What is believed before anything was seen: a call every so many days, as firmly as if so many
calls had been seen."""
_WATCHED_D = 2.0
"""So much of the time between two looks is as good as watched, days."""
_STAYED_D = 1.0
"""So long a ship is taken to have stayed after a look that shows it, at most, days."""
_USUAL_STAY_D, _USUAL_STAYS = 1.6, 4.0


@dataclass(frozen=True)
class Habits:
    """Means of a pier's usage."""

    cadence_d: float
    """From one arrival to the next while the pier is in use, days."""
    stay_d: float
    """From arrival to departure, days."""
    load: float
    """Containers of a large stack on this pier."""
    flow: Flow
    """How its containers come and go."""
    gather_d: float = 2.0
    """From the first cargo of a call to the ship's arrival, days."""
    halts: float = 0.04
    """Share of calls after which the pier falls out of use for long."""
    halt_d: float = 40.0
    """How long it then is out of use, days."""

    @classmethod
    def of(cls, watch: Watch) -> Habits:
        """Those of the pier that `watch` is of, from what stands out in its looks.

        Spells of looks with a ship tell how often and how long; looks are few, so that what is
        usual elsewhere weighs as much as a few calls.
        """
        known = np.isfinite(watch.ships)
        days, ships = watch.days[known], watch.ships[known] > 0
        load = _LEAST_LOAD
        boxes = watch.boxes[np.isfinite(watch.boxes)]
        if len(boxes):
            load = max(load, float(np.quantile(boxes, 0.95)))
        flow = FLOWS[watch.role]
        if len(days) < 2:
            return cls(_USUAL_CADENCE_D, _USUAL_STAY_D, load, flow)
        begins = ships & ~np.concatenate([[False], ships[:-1]])
        gaps = np.diff(days)
        # time that nobody looked at has its calls too: it counts for no pause; and a pause far
        # longer than usual is a halt, and no part of the rhythm
        watched = np.concatenate([[0.0], np.cumsum(gaps.clip(max=_WATCHED_D))])
        pauses = np.diff(watched[begins])
        used = pauses[pauses < 4 * np.median(pauses)] if len(pauses) else pauses
        calls = len(used)
        cadence = (used.sum() + _USUAL_CADENCE_D * _USUAL_CALLS) / (calls + _USUAL_CALLS)
        there = float(gaps[ships[:-1]].clip(max=_STAYED_D).sum())
        stays = max(1, int(begins.sum()))
        stay = (there + _USUAL_STAY_D * _USUAL_STAYS) / (stays + _USUAL_STAYS)
        stay = float(np.clip(stay, 0.5, 0.6 * cadence))
        return cls(float(cadence), stay, load, flow)
