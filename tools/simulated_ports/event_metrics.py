"""Metrics of events against the known history of a simulated pier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import inf, isfinite, nan
from statistics import median
from typing import Self

from cv.counting.pier_count import CountStatus, PierCount
from cv.events.event import CensoredTime, Event, EventKind
from cv.events.rules.halts import Halt
from simulated_ports.count_errors import SimulatedPier
from simulated_ports.port import START, berth_stay_days
from simulated_ports.port_operation import PortHistory

Interval = tuple[float, float]
"""From when to when, days since the start."""


@dataclass(frozen=True)
class Proportion:
    """A number of hits among a total."""

    hits: int = 0
    total: int = 0

    def __add__(self, other: Proportion) -> Proportion:
        return Proportion(self.hits + other.hits, self.total + other.total)

    @property
    def rate(self) -> float:
        """0 to 1; 1 if the total is 0."""
        return self.hits / self.total if self.total else 1.0


@dataclass(frozen=True)
class FieldSum:
    """A score whose fields are added one by one."""

    def __add__(self, other: Self) -> Self:
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return type(self)(**{name: one + two for name, (one, two) in pairs.items()})


@dataclass(frozen=True, kw_only=True)
class EventMetrics(FieldSum):
    """What was right; the metrics of several piers can be added."""

    years: float = 0.0
    """Pier years."""
    recall: Proportion = Proportion()
    """True calls with at least one clear observation that were found, as seen or as inferred."""
    precision: Proportion = Proportion()
    """Calls reported as seen that are true."""
    arrivals: Proportion = Proportion()
    """Of those, that arrived in the reported interval."""
    departures: Proportion = Proportion()
    """Of those, that left in the reported interval."""
    inferred: Proportion = Proportion()
    """Inferred calls that are true."""
    warned: Proportion = Proportion()
    """Gatherings of cargo for a ship, with a clear observation in time, that a warning preceded."""
    false_alarms: int = 0
    """Warnings active at no time between the first cargo for a ship and its arrival."""
    late_alarms: int = 0
    """Those of them that were given while the ship was already there."""
    leads_d: tuple[float, ...] = ()
    """From each right warning to the arrival, days."""
    halts: tuple[tuple[float, bool], ...] = ()
    """For each reported halt: probability of an unseen call, and whether there was one."""

    @property
    def median_lead_d(self) -> float:
        """Median time from a right warning to the arrival, days."""
        return median(self.leads_d) if self.leads_d else 0.0

    @property
    def false_alarms_per_year(self) -> float:
        """False alarms per pier and year."""
        return self.false_alarms / self.years if self.years else 0.0


def score_events(
    history: PortHistory,
    pier: SimulatedPier,
    counts: Sequence[PierCount],
    events: Iterable[Event],
) -> EventMetrics:
    """Score the `events` of `pier`, found from its `counts`, against the true `history`."""
    events = list(events)
    stays = [berth_stay_days(visit, pier) for visit in history.visits]
    seen = [event for event in events if event.kind is EventKind.CALL]
    inferred = [event for event in events if event.kind is EventKind.UNSEEN_CALL]
    halts = [event for event in events if isinstance(event, Halt)]
    warnings = [event for event in events if event.kind is EventKind.WARNING]
    pairs = _match(seen, stays)
    true_inferred = [
        {i for i, stay in enumerate(stays) if _overlap(_outer(call.began, call.ended), stay)}
        for call in inferred
    ]
    found = set(pairs.values()).union(*true_inferred)
    observed = _with_clear_observation(stays, counts)
    missed = []
    for halt in halts:
        left, came = _day(halt.began.latest), _day(halt.ended.earliest or halt.ended.latest)
        missed.append((halt.unseen_call, any(left <= a and b <= came for a, b in stays)))
    hits = [(seen[k], stays[i]) for k, i in pairs.items()]
    alarms = [(_day(one.began.latest), _day(one.ended.latest, inf)) for one in warnings]
    return score_alarms(history, pier, counts, alarms) + EventMetrics(
        recall=Proportion(sum(i in found for i in observed), len(observed)),
        precision=Proportion(len(pairs), len(seen)),
        arrivals=Proportion(sum(_contains(c.began, first) for c, (first, _) in hits), len(hits)),
        departures=Proportion(sum(_contains(c.ended, last) for c, (_, last) in hits), len(hits)),
        inferred=Proportion(sum(map(bool, true_inferred)), len(inferred)),
        halts=tuple(missed),
    )


def score_alarms(
    history: PortHistory,
    pier: SimulatedPier,
    counts: Sequence[PierCount],
    alarms: Sequence[Interval],
) -> EventMetrics:
    """Score `alarms` alone, from when to when each is active.

    An alarm is right if it is active at a time between the first cargo for a ship and the ship's
    arrival. Its lead counts from its start, or from the first cargo if the alarm is older.
    """
    stays = [berth_stay_days(visit, pier) for visit in history.visits]
    gatherings = [
        (visit.gathering_d, arrival)
        for visit, (arrival, _) in zip(history.visits, stays, strict=True)
        if isfinite(visit.gathering_d)
    ]
    leads: dict[int, float] = {}
    false = late = 0
    for alarm in sorted(alarms):
        preceded = [i for i, gathering in enumerate(gatherings) if _overlap(alarm, gathering)]
        ship_there = any(first <= alarm[0] < last for first, last in stays)
        late += ship_there and not preceded
        false += not preceded
        for i in preceded:
            first_cargo, arrival = gatherings[i]
            leads.setdefault(i, arrival - max(alarm[0], first_cargo))
    observed = _with_clear_observation(gatherings, counts)
    return EventMetrics(
        years=history.days / 365.0,
        warned=Proportion(sum(i in leads for i in observed), len(observed)),
        false_alarms=false,
        late_alarms=late,
        leads_d=tuple(leads.values()),
    )


def _with_clear_observation(
    intervals: Sequence[Interval], counts: Sequence[PierCount]
) -> list[int]:
    """Return the indices of the intervals in which the pier was fully visible at least once."""
    clear = [_day(c.acquired) for c in counts if c.acquired and c.status is CountStatus.COUNTED]
    return [i for i, (a, b) in enumerate(intervals) if any(a <= day < b for day in clear)]


def _match(calls: Sequence[Event], stays: Sequence[Interval]) -> dict[int, int]:
    """Return the index of the true stay for each call that has one, each stay at most once.

    A call matches the first free stay that overlaps the observations showing its ship.
    """
    pairs: dict[int, int] = {}
    for k, call in enumerate(calls):
        shown = _day(call.began.latest), _day(call.ended.earliest)
        for i, (first, last) in enumerate(stays):
            if first <= shown[1] and shown[0] < last and i not in pairs.values():
                pairs[k] = i
                break
    return pairs


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _outer(began: CensoredTime, ended: CensoredTime) -> Interval:
    """Return the earliest begin and the latest end, days."""
    return _day(began.earliest, -inf), _day(ended.latest, inf)


def _contains(time: CensoredTime, day: float) -> bool:
    first, last = _outer(time, time)
    return first <= day <= last


def _day(time: datetime | None, unknown: float = nan) -> float:
    """Return days since the start of the simulation; `unknown` for no time."""
    return unknown if time is None else (time - START) / timedelta(days=1)
