"""Ship calls: stays at the berth that observations show, and those that cargo implies.

A hull that lies there for weeks is laid up, under repair, or not a ship at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

import numpy as np

from cv.events.constants import CALL_LENGTH_ERROR, LIKELY, NEAR_CERTAIN
from cv.events.event import Event, EventKind, Magnitude
from cv.events.model.parameters import NO_CHANGE
from cv.events.model.posterior import Posterior

CALLS = (EventKind.CALL, EventKind.UNSEEN_CALL)
"""Kinds of events that are calls."""
_MIN_UNSEEN_PROBABILITY, _MIN_CHANGE_PROBABILITY = 0.6, 0.6
"""An unseen call needs at least this probability of a ship, and of a change of the containers."""
MIN_LAID_UP = timedelta(days=14)
"""A shorter stay is an ordinary call."""
_CALL_ALTERNATIVES = ("a barge or a structure that resembles a hull",)
_LAID_UP_ALTERNATIVES = (
    "a barge, a pontoon or a structure of the pier",
    "several ships of one length, one after another",
)
_UNSEEN_ALTERNATIVES = (
    "the cargo left or came by road or rail",
    "the containers were moved to another part of the port",
    "one of the counts is wrong",
)


def observed_calls(posterior: Posterior) -> tuple[Event, ...]:
    """Return the calls that at least one observation shows, by time.

    Two ships in consecutive observations are one call unless a new arrival is more likely.
    """
    ship, observations = posterior.ship_present, posterior.observations
    absent = ship <= 1 - NEAR_CERTAIN
    stays, calls = _stays(posterior), []
    last_before = -1
    first_after = [*(first for first, _ in stays[1:]), len(observations)]
    for (first, last), next_first in zip(stays, first_after, strict=False):
        certain = [i for i in range(first, last + 1) if ship[i] >= NEAR_CERTAIN] or [first, last]
        before = next((i for i in range(first - 1, last_before, -1) if absent[i]), last_before)
        after = next((i for i in range(last + 1, next_first) if absent[i]), next_first)
        lengths = [max(own) for own in observations.ship_lengths[first : last + 1] if own]
        size = None
        if lengths:
            length = median(lengths)
            size = Magnitude.from_mean_sd(length, CALL_LENGTH_ERROR * length, "metres", 0.0)
        call = Event(
            kind=EventKind.CALL,
            pier=observations.pier,
            began=observations.time_between(before, certain[0]),
            ended=observations.time_between(certain[-1], after),
            size=size,
            confidence=float(ship[first : last + 1].max()),
            evidence=observations.scenes[first : last + 1],
            alternatives=_CALL_ALTERNATIVES,
        )
        calls.append(call)
        last_before = last
    return tuple(calls)


def unseen_calls(posterior: Posterior) -> tuple[Event, ...]:
    """Return the calls that no observation shows, by time.

    Inferred where the number of containers changed as only a ship explains, from one observation to
    the next or to the one after that, and not on the word of the last count alone: its image may be
    bad. A long gap that probably had its calls is not enough: see
    `Halt.unseen_call`. Piers that ships do not serve have none.
    """
    if not posterior.parameters.served_by_ships:
        return ()
    taken = np.zeros(len(posterior.observations) - 1, dtype=bool)
    for first, last in _stays(posterior):
        taken[max(0, first - 1) : last + 1] = True
    causes = posterior.causes
    handled = posterior.at_observations(causes.handled.sum(axis=1) - causes.handled[:, NO_CHANGE])
    observations, found = posterior.observations, []
    for span in (1, 2):
        ship = 1.0 - posterior.empty_probabilities(span)
        for first in np.flatnonzero(ship >= _MIN_UNSEEN_PROBABILITY).tolist():
            last = first + span
            change = posterior.level_change(first, last)
            if last == len(observations) - 1 or taken[first:last].any():
                continue
            due_to_ship = 1.0 - float(np.prod(1.0 - handled[first + 1 : last + 1]))
            if min(change.sign_probability, due_to_ship) < _MIN_CHANGE_PROBABILITY:
                continue
            taken[first:last] = True
            during = observations.time_between(first, last)
            call = Event(
                kind=EventKind.UNSEEN_CALL,
                pier=observations.pier,
                began=during,
                ended=during,
                size=change,
                confidence=float(ship[first]),
                evidence=observations.scenes[first : last + 1],
                alternatives=_UNSEEN_ALTERNATIVES,
            )
            found.append((first, call))
    return tuple(call for _, call in sorted(found, key=lambda one: one[0]))


def find_laid_up_hulls(calls: Sequence[Event]) -> tuple[Event, ...]:
    """Return those of `calls` that lasted for weeks, first to last observation with the ship."""
    return tuple(
        replace(call, kind=EventKind.STANDING_HULL, alternatives=_LAID_UP_ALTERNATIVES)
        for call in calls
        if call.began.latest
        and call.ended.earliest
        and call.ended.earliest - call.began.latest >= MIN_LAID_UP
    )


def _stays(posterior: Posterior) -> list[tuple[int, int]]:
    """Return the first and last observation of every stay that an observation shows."""
    ship = posterior.ship_present >= LIKELY
    stays: list[tuple[int, int]] = []
    for i in np.flatnonzero(ship).tolist():
        continues = i and ship[i - 1] and posterior.gap_arrivals[i - 1] < LIKELY
        if continues and stays:
            stays[-1] = stays[-1][0], i
        else:
            stays.append((i, i))
    shown = posterior.observations.hulls >= 1
    return [(first, last) for first, last in stays if shown[first : last + 1].any()]
