"""Ship calls: stays at the berth that observations show, and those that cargo implies.

A hull that lies there for weeks is a part of the berth (`cv.events.model.standing_hulls`).
"""

from __future__ import annotations

import numpy as np

from cv.events.constants import CALL_LENGTH_ERROR, LIKELY, NEAR_CERTAIN
from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.model.hull_evidence import vessel_probability
from cv.events.model.parameters import NO_CHANGE
from cv.events.model.posterior import Posterior
from cv.events.model.standing_hulls import MAX_MISSES
from cv.events.model.vessels_at_berth import VesselTrack, track_vessels

CALLS = (EventKind.CALL, EventKind.UNSEEN_CALL)
"""Kinds of events that are calls."""
_MIN_UNSEEN_PROBABILITY, _MIN_CHANGE_PROBABILITY = 0.6, 0.75
"""An unseen call needs at least this probability of a ship, and of a change of the containers."""
_CALL_ALTERNATIVES = ("a barge or a structure that resembles a hull",)
_STANDING_ALTERNATIVES = (
    "a ship under repair or laid up",
    "several ships of one length, one after another",
)
_UNSEEN_ALTERNATIVES = (
    "the cargo left or came by road or rail",
    "the containers were moved to another part of the port",
    "one of the counts is wrong",
)


def observed_calls(posterior: Posterior) -> tuple[Event, ...]:
    """Return the calls that at least one observation shows, by time.

    Two ships in consecutive observations are one call unless a new arrival is more likely, or their
    lengths or number show that they are two.
    """
    observations = posterior.observations
    calls: list[Event] = []
    stays = _stays(posterior)
    ends = [-1, *(last for _, last in stays)]
    begins = [*(first for first, _ in stays[1:]), len(observations)]
    for (first, last), before, after in zip(stays, ends, begins, strict=False):
        vessels = _likely_vessels(posterior, first, last)
        for one, confidence in vessels:
            seen = first, last
            if one is not None and len(vessels) > 1:
                seen = one.first, one.last
            calls.append(_call(posterior, one, confidence, seen, (before, after)))
    return tuple(calls)


def _likely_vessels(
    posterior: Posterior, first: int, last: int
) -> list[tuple[VesselTrack | None, float]]:
    """Return the vessels of a stay, each with the probability that it was there.

    One of them is that of the stay; the others need evidence of their own. None is a vessel of
    which nothing but its presence is known.
    """
    observations, habits = posterior.observations, posterior.parameters
    there = float(posterior.ship_present[first : last + 1].max())
    usual = min(0.5, habits.berth.stay_d / habits.berth.call_interval_d)
    rated = [
        (vessel_probability(observations, habits.detector, one.hulls, usual), one)
        for one in track_vessels(observations, first, last)
    ]
    if not rated:
        return [(None, there)]
    best = max(rated, key=lambda pair: (pair[0], len(pair[1].hulls)))
    return [
        (one, there if one is best[1] else chance)
        for chance, one in rated
        if one is best[1] or chance >= LIKELY
    ]


def _call(
    posterior: Posterior,
    vessel: VesselTrack | None,
    confidence: float,
    seen: tuple[int, int],
    between: tuple[int, int],
) -> Event:
    """Return the call of a vessel, `seen` from one observation to another.

    It lies between the last observation of the stay before and the first of the one after.
    """
    ship, observations = posterior.ship_present, posterior.observations
    first, last = seen
    absent = ship <= 1 - NEAR_CERTAIN
    for i in range(between[0] + 1, between[1]):  # another one was there, and it was not
        hulls = () if first <= i <= last or vessel is None else observations.ships[i]
        absent[i] |= vessel is not None and bool(hulls) and not vessel.fits(hulls)
    certain = [i for i in range(first, last + 1) if ship[i] >= NEAR_CERTAIN] or [first, last]
    before = next((i for i in range(first - 1, between[0], -1) if absent[i]), between[0])
    after = next((i for i in range(last + 1, between[1]) if absent[i]), between[1])
    size = None
    if vessel is not None:
        error = CALL_LENGTH_ERROR * vessel.length_m
        size = Magnitude.from_mean_sd(vessel.length_m, error, "metres", 0.0)
    return Event(
        kind=EventKind.CALL,
        pier=observations.pier,
        began=observations.time_between(before, certain[0]),
        ended=observations.time_between(certain[-1], after),
        size=size,
        confidence=confidence,
        evidence=observations.scenes[first : last + 1],
        alternatives=_CALL_ALTERNATIVES,
    )


def unseen_calls(posterior: Posterior) -> tuple[Event, ...]:
    """Return the calls that no observation shows, by time.

    Inferred where the number of containers changed as only a ship explains, from one observation to
    the next or to the one after that, and not on the word of the last count alone: its image may be
    bad. A long gap that probably had its calls is not enough: see
    `Halt.unseen_call`. Piers at which no ship was ever seen have none.
    """
    if not posterior.parameters.served_by_ships or not posterior.shows_ships:
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
                confidence=min(float(ship[first]), due_to_ship),
                evidence=observations.scenes[first : last + 1],
                alternatives=_UNSEEN_ALTERNATIVES,
            )
            found.append((first, call))
    return tuple(call for _, call in sorted(found, key=lambda one: one[0]))


def find_standing_hulls(posterior: Posterior) -> tuple[Event, ...]:
    """Return the hulls that are part of the berth, from the first to the last that shows them."""
    observations, found = posterior.observations, []
    for hull in observations.standing:
        inside = range(hull.first, hull.last + 1)
        showing = [i for i in inside if np.isfinite(observations.hulls[i])]
        length = hull.length_m
        later = np.isfinite(observations.hulls[hull.last + 1 :]).sum()
        left = observations.time_between(hull.last, hull.last + 1)
        event = Event(
            kind=EventKind.STANDING_HULL,
            pier=observations.pier,
            began=observations.time_between(hull.first - 1, hull.first),
            ended=left if later > MAX_MISSES else ONGOING,
            size=Magnitude.from_mean_sd(length, CALL_LENGTH_ERROR * length, "metres", 0.0),
            confidence=1.0,
            evidence=tuple(observations.scenes[i] for i in showing),
            alternatives=_STANDING_ALTERNATIVES,
        )
        found.append(event)
    return tuple(found)


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
