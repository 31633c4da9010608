"""How a pier is used: how often ships call, how long they stay, how cargo gathers before them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cv.events.model.cargo_flow import CARGO_FLOWS, CargoFlow
from cv.events.model.observations import Floats, PierObservations

_LEAST_LOAD = 20.0
_USUAL_CADENCE_D, _USUAL_CALLS = 8.0, 2.0
"""What is believed before anything was seen: a call every so many days, as firmly as if so many
calls had been seen."""
_WATCHED_D = 2.0
"""So much of the time between two looks is as good as watched, days."""
_USUAL_STAY_D, _STAY_SPREAD = 1.3, 0.5
"""What is believed of stays before anything was seen: their mean, days, and the standard deviation
of its logarithm."""
_STAYS_D = np.geomspace(0.3, 8.0, 34)
"""Mean stays that are compared."""
_SOON_D = 3.0
"""Looks farther apart tell nothing of one stay."""
_FOUND = 0.8
"""Share of ships that a look at a berth finds."""


@dataclass(frozen=True)
class PierParameters:
    """Means of a pier's usage."""

    call_interval_d: float
    """From one arrival to the next while the pier is in use, days."""
    stay_d: float
    """From arrival to departure, days."""
    load: float
    """Containers of a large stack on this pier."""
    flow: CargoFlow
    """How its containers come and go."""
    gathering_d: float = 2.0
    """From the first cargo of a call to the ship's arrival, days."""
    halt_share: float = 0.04
    """Share of calls after which the pier falls out of use for long."""
    halt_d: float = 40.0
    """How long it then is out of use, days."""

    @classmethod
    def of(cls, watch: PierObservations) -> PierParameters:
        """Those of the pier that `watch` is of, from what stands out in its looks.

        Spells of looks with a ship tell how often and how long; looks are few, so that what is
        usual elsewhere weighs as much as a few calls.
        """
        known = np.isfinite(watch.hulls)
        days, ships = watch.days[known], watch.hulls[known] > 0
        load = _LEAST_LOAD
        boxes = watch.containers[np.isfinite(watch.containers)]
        if len(boxes):
            load = max(load, float(np.quantile(boxes, 0.95)))
        flow = CARGO_FLOWS[watch.role]
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
        own = cls(_USUAL_CADENCE_D, _stay(gaps, ships), load, flow)
        return own.with_calls(calls, float(used.sum()))

    def with_calls(self, calls: float, used_d: float) -> PierParameters:
        """These, where so many `calls` came in `used_d` days of use."""
        cadence = (used_d + _USUAL_CADENCE_D * _USUAL_CALLS) / (calls + _USUAL_CALLS)
        return replace(self, call_interval_d=cadence, stay_d=min(self.stay_d, 0.6 * cadence))


def _stay(gaps: Floats, ships: NDArray[np.bool_]) -> float:
    """The likeliest mean stay, days, of looks (n,) with or without a ship and `gaps` (n - 1,).

    By how often a ship that one look shows is still there at the next. A stay has two stages
    (rhythm.py); of one that a look meets, so much lasts on as if it had begun at one of both.
    """
    pairs = ships[:-1] & (gaps <= _SOON_D)
    ways, still = gaps[pairs][:, None] / _STAYS_D, ships[1:][pairs][:, None]
    shown = _FOUND * np.exp(-2 * ways) * (1 + ways)
    told = np.log(np.where(still, shown, 1 - shown)).sum(axis=0)
    believed = -0.5 * (np.log(_STAYS_D / _USUAL_STAY_D) / _STAY_SPREAD) ** 2
    return float(_STAYS_D[np.argmax(told + believed)])
