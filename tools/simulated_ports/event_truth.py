"""Whether an event is true: one function for each kind, from what truly happened at a pier.

Each function takes the truth and the times that an event states, and nothing of the engine. None
means that the history ends too early to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

import numpy as np
from scipy.optimize import linear_sum_assignment

from cv.events.event import Event
from cv.geometry.arrays import Float64Array
from simulated_ports.observation_parameters import StandingObject
from simulated_ports.pier_history import PierHistory, TrueStay
from simulated_ports.port import START

DUE_D = 7.0
"""A warning is of a ship that arrives within this time, days."""
UNCHANGED_BOXES, UNCHANGED_SHARE = 3.0, 0.1
"""The number may differ by so many containers during a dwell, or by this share of those that are
there."""
INFLOW_BOXES, INFLOW_SHARE = 5.0, 0.1
"""So many containers may come after the inflow has stopped, or this share of those that were
there."""
MIN_RISE = 10
"""A smaller rise of the number of containers is no stockpile."""
PAUSE_SHARE = 0.9
"""A resumption needs a true pause of at least this share of the stated one."""
LONG_STAY_D = 14.0
"""A standing hull is there for at least this long, days."""
MIN_SEEN_SHARE = 0.5
"""An object that shows as a hull more rarely is no standing hull."""


@dataclass(frozen=True)
class StatedTimes:
    """When something began and ended as stated, days since the start of the simulation."""

    begins_after: float
    """The last time by which it had not begun; -inf if unknown."""
    begins_by: float
    """The first time by which it had."""
    ends_after: float
    """The last time by which it had not ended."""
    ends_by: float
    """The first time by which it had; inf if unknown."""

    @classmethod
    def of(cls, event: Event, last_d: float) -> StatedTimes:
        """Return the times of an event; what lasts is there until the last observation `last_d`."""
        after, by = (_day(t) for t in (event.began.earliest, event.began.latest))
        ends_after, ends_by = (_day(t) for t in (event.ended.earliest, event.ended.latest))
        begins_after = -inf if after is None else after
        begins_by = by if by is not None else (after if after is not None else -inf)
        if ends_after is None:
            ends_after = last_d if ends_by is None else begins_by
        return cls(begins_after, begins_by, ends_after, inf if ends_by is None else ends_by)


def _day(time: datetime | None) -> float | None:
    return None if time is None else (time - START) / timedelta(days=1)


def match_calls(calls: Sequence[StatedTimes], stays: Sequence[TrueStay]) -> dict[int, int]:
    """Return the stay of each true call: it overlaps the time from first to last observation of it.

    Each stay is matched once, so that as many calls as possible are true, and then so that they
    overlap longest.
    """
    shown = [(call.begins_by, max(call.begins_by, call.ends_after)) for call in calls]
    return _match(shown, stays)


def match_unseen_calls(
    calls: Sequence[StatedTimes], stays: Sequence[TrueStay], seen: dict[int, int]
) -> dict[int, int]:
    """Return the stay of each true unseen call: it overlaps the outer interval of the call.

    Stays that are matched to a seen call (`seen`, as of `match_calls`) are left out; each other one
    is matched once.
    """
    free = [i for i in range(len(stays)) if i not in set(seen.values())]
    outer = [(call.begins_after, call.ends_by) for call in calls]
    pairs = _match(outer, [stays[i] for i in free])
    return {call: free[i] for call, i in pairs.items()}


def _match(spans: Sequence[tuple[float, float]], stays: Sequence[TrueStay]) -> dict[int, int]:
    if not spans or not stays:
        return {}
    first, last = np.array(spans).T[:, :, None]
    arrival, departure = np.array([(s.arrival_d, s.departure_d) for s in stays]).T[:, None, :]
    overlap = np.minimum(last, departure) - np.maximum(first, arrival)
    meets = (first < departure) & (last >= arrival)
    weight = np.where(meets, 1e6 + overlap.clip(0.0, 1e3), 0.0)
    pairs = zip(*(index.tolist() for index in linear_sum_assignment(-weight)), strict=True)
    return {call: stay for call, stay in pairs if meets[call, stay]}


def arrived_in(times: StatedTimes, stay: TrueStay) -> bool:
    """Return whether the ship of a true call arrived in the stated interval."""
    return times.begins_after <= stay.arrival_d <= times.begins_by


def departed_in(times: StatedTimes, stay: TrueStay) -> bool:
    """Return whether the ship of a true call left in the stated interval."""
    return times.ends_after <= stay.departure_d <= times.ends_by


def shipped_during(history: PierHistory, times: StatedTimes) -> tuple[int, int]:
    """Return the containers that ships took and brought in the outer interval of an event.

    A loading (unloading) is true if its call is true and ships took (brought) any in that time.
    """
    present = [
        i
        for i, stay in enumerate(history.stays)
        if stay.arrival_d < times.ends_by and times.begins_after < stay.departure_d
    ]
    return history.shipped(times.begins_after, times.ends_by, present)


def ship_arrives(history: PierHistory, day: float) -> bool | None:
    """Return whether a ship arrives within seven days after a warning is first stated, at `day`."""
    if any(day < stay.arrival_d <= day + DUE_D for stay in history.stays):
        return True
    return None if day + DUE_D > history.days else False


def ship_present(history: PierHistory, day: float) -> bool:
    """Return whether a ship is at the pier at a time."""
    return any(stay.arrival_d <= day < stay.departure_d for stay in history.stays)


def is_dwell(history: PierHistory, times: StatedTimes) -> bool:
    """Return whether no ship came and the number stayed the same over the inner interval.

    The same: within three containers of that at its beginning, or 10 % of it, if that is more. A
    ship that was there already may leave.
    """
    first, last = times.begins_by, times.ends_after
    if any(first < stay.arrival_d <= last for stay in history.stays):
        return False
    number = history.number_at(np.concatenate([[first], history.changes(first, last)]))
    allowed = max(UNCHANGED_BOXES, UNCHANGED_SHARE * float(number[0]))
    return bool(np.abs(number - number[0]).max() <= allowed)


def is_inflow_stopped(history: PierHistory, times: StatedTimes) -> bool:
    """Return whether next to no container came within the inner interval, by land or by ship.

    Next to none: five, or 10 % of the largest number in that time, if that is more.
    """
    first, last = times.begins_by, times.ends_after
    number = history.number_at(np.concatenate([[first], history.changes(first, last)]))
    came = history.came_between(first, last)
    return came <= max(INFLOW_BOXES, INFLOW_SHARE * float(number.max()))


def no_call_within(history: PierHistory, times: StatedTimes) -> bool:
    """Return whether no call lies wholly within the inner interval of a halt.

    This is what a halt states the probability of: such a call would have gone unseen.
    """
    first, last = times.begins_by, times.ends_after
    return not any(first <= stay.arrival_d and stay.departure_d <= last for stay in history.stays)


def no_ship_during(history: PierHistory, times: StatedTimes) -> bool:
    """Return whether no ship was there at any time of the inner interval of a halt."""
    first, last = times.begins_by, times.ends_after
    return not any(stay.arrival_d < last and first < stay.departure_d for stay in history.stays)


def is_resumption(history: PierHistory, stay: int | None, stated_pause_d: float) -> bool:
    """Return whether a call is true and came after a pause of nine tenths of what is stated.

    `stay` is the matched one of the call, None for a false call.
    """
    if stay is None:
        return False
    arrival = history.stays[stay].arrival_d
    earlier = [s.departure_d for i, s in enumerate(history.stays) if i != stay]
    left = max((d for d in earlier if d <= arrival), default=-inf)
    others = any(s.arrival_d < arrival < s.departure_d for s in history.stays)
    return not others and arrival - left >= PAUSE_SHARE * stated_pause_d


def is_stockpile(history: PierHistory, times: StatedTimes) -> bool:
    """Return whether the number rose by ten from its earliest begin to its earliest end."""
    number = _numbers(history, times)
    return bool((number - np.minimum.accumulate(number)).max() >= MIN_RISE)


def true_peak(history: PierHistory, times: StatedTimes) -> float:
    """Return the largest number of containers from an earliest begin to an earliest end."""
    return float(_numbers(history, times).max())


def _numbers(history: PierHistory, times: StatedTimes) -> Float64Array:
    first = max(times.begins_after, 0.0)
    return np.asarray(history.number_at(history.changes(first, max(first, times.ends_after))))


def is_standing_hull(
    history: PierHistory, objects: Sequence[StandingObject], times: StatedTimes
) -> bool:
    """Return whether one ship or object that shows as a hull was there for the inner interval.

    The interval lasts two weeks or more; an object shows as a hull in half of the images or more.
    """
    first, last = times.begins_by, times.ends_after
    stays = any(s.arrival_d <= first and last <= s.departure_d for s in history.stays)
    shows = any(one.seen_share >= MIN_SEEN_SHARE for one in objects)
    return last - first >= LONG_STAY_D and (stays or shows)


def is_berth_shift(here: PierHistory, there: PierHistory, times: StatedTimes) -> bool:
    """Return whether a ship left one pier and came to the other on one visit, as stated.

    It left in the interval in which the event began and came in that in which it ended.
    """
    came = {s.visit: s.arrival_d for s in there.stays}
    return any(
        times.begins_after <= s.departure_d <= times.begins_by
        and times.ends_after <= came.get(s.visit, -inf) <= times.ends_by
        and s.departure_d <= came[s.visit]
        for s in here.stays
    )
