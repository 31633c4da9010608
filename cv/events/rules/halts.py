"""Halts: no ship for much longer than usual at a pier, and the calls that end them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np

from cv.events.constants import MIN_PROBABILITY
from cv.events.event import (
    FIRST_TIME,
    JSON_NAME,
    ONGOING,
    CensoredTime,
    Event,
    EventKind,
    Magnitude,
)
from cv.events.model.posterior import Posterior

MIN_DURATION_D = 12.0
"""A shorter time without a ship is not a halt, days."""
MIN_CALL_INTERVALS = 1.75
"""Nor is one of fewer mean times from call to call, this one left out."""
_HALT_ALTERNATIVES = (
    "ships call at another pier or port",
    "a short call fell between two observations",
)
_RESUMPTION_ALTERNATIVES = ("calls that no observation shows came before it",)


@dataclass(frozen=True, kw_only=True, repr=False)
class Halt(Event):
    """A time without a call; `confidence` is the probability that no ship came unseen."""

    observations: int = field(metadata={JSON_NAME: "looks"})
    """Number of observations of the berth during it; none of them shows a ship."""
    longest_unseen_d: float
    """Longest time during it without an observation of the berth, days."""

    @property
    def unseen_call(self) -> float:
        """Probability that at least one call went unseen."""
        return 1.0 - self.confidence


def find_halts(posterior: Posterior, calls: Sequence[Event]) -> tuple[Halt, ...]:
    """Return the long times between two of `calls`, before the first and after the last, by time.

    `calls` are the observed and the inferred ones, in any order. Piers that ships do not serve,
    such as a rail siding, have no halts, nor have those at which none was seen.
    """
    if not posterior.parameters.served_by_ships or not posterior.shows_ships:
        return ()
    ordered = sorted(calls, key=lambda call: call.began.latest or call.ended.earliest or FIRST_TIME)
    before_first = CensoredTime(None, posterior.observations.times[0])
    departures = [before_first, *(call.ended for call in ordered)]
    arrivals = [*(call.began for call in ordered), ONGOING]
    observations, days = posterior.observations, posterior.observations.days
    halts = []
    for began, ended in zip(departures, arrivals, strict=True):
        if began.latest is None:
            continue  # the ship is still there
        first, last = observations.first_at_or_after(began.latest), len(observations) - 1
        if ended.latest is not None:
            last = observations.first_at_or_after(ended.earliest) if ended.earliest else first
        berth = [i for i in range(first, last + 1) if np.isfinite(observations.hulls[i])]
        if last <= first or not berth:
            continue
        shortest_d = longest_d = float(days[last] - days[first])
        usual_d = MIN_CALL_INTERVALS * posterior.usual_call_interval_d(first, last)
        confidence = posterior.stays_empty_probability(first, last)
        if shortest_d < max(MIN_DURATION_D, usual_d) or confidence < MIN_PROBABILITY:
            continue
        if began.earliest and ended.latest:
            longest_d = max(shortest_d, (ended.latest - began.earliest) / timedelta(days=1))
        halt = Halt(
            kind=EventKind.HALT,
            pier=observations.pier,
            began=began,
            ended=ended,
            size=Magnitude(shortest_d, shortest_d, longest_d, "days"),
            confidence=confidence,
            evidence=tuple(observations.scenes[i] for i in berth),
            alternatives=_HALT_ALTERNATIVES,
            observations=len(berth),
            longest_unseen_d=float(np.diff([days[first], *days[berth], days[last]]).max()),
        )
        halts.append(halt)
    return tuple(halts)


def find_resumptions(halts: Sequence[Halt], calls: Sequence[Event]) -> tuple[Event, ...]:
    """Return the calls that ended `halts`, by time; `size` is the duration of the halt, days.

    `confidence` is the probability that a ship was there and that none came before it. What was
    before the first observation, or after the last, is not known.
    """
    return tuple(
        replace(
            call,
            kind=EventKind.RESUMPTION,
            size=halt.size,
            confidence=call.confidence * halt.confidence,
            alternatives=_RESUMPTION_ALTERNATIVES,
        )
        for halt in halts
        if halt.began.earliest and halt.ended.latest
        for call in calls
        if call.began == halt.ended
    )
