"""How well events tell what happened at a simulated pier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import inf, isfinite
from statistics import median

from cv.counting.count import CountStatus, PierCount
from cv.evaluation.simulation.count_errors import SimulatedPier
from cv.evaluation.simulation.operation import PortHistory
from cv.evaluation.simulation.port import START, stay_days
from cv.events.event import CensoredTime, Event, EventKind
from cv.events.rules.halts import Halt

Time = tuple[float, float]
"""From when to when, days since the start."""


@dataclass(frozen=True)
class Proportion:
    """So many of so many."""

    hits: int = 0
    total: int = 0

    def __add__(self, other: Proportion) -> Proportion:
        return Proportion(self.hits + other.hits, self.total + other.total)

    @property
    def rate(self) -> float:
        """0 to 1; 1 of nothing."""
        return self.hits / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.rate:.3f} ({self.hits} of {self.total})"


@dataclass(frozen=True)
class EventMetrics:
    """What was right; those of several piers can be added."""

    years: float = 0.0
    """Of piers."""
    recall: Proportion = Proportion()
    """True calls with at least one clear look that were told, as seen or as inferred ones."""
    precision: Proportion = Proportion()
    """Calls told as seen that there were."""
    arrivals: Proportion = Proportion()
    """Of those, that arrived in the span that was told."""
    departures: Proportion = Proportion()
    """Of those, that left in the span that was told."""
    inferred: Proportion = Proportion()
    """Inferred calls that there were."""
    warned: Proportion = Proportion()
    """Gatherings of cargo for a ship, with a clear look in time, that were warned of before it."""
    false_alarms: int = 0
    """Warnings that stood at no time between the first cargo for a ship and its arrival."""
    late_alarms: int = 0
    """Those of them that were given while the ship was there already."""
    leads_d: tuple[float, ...] = ()
    """From a right warning to the arrival, days."""
    halts: tuple[tuple[float, bool], ...] = ()
    """For each halt told: the probability of an unseen call, and whether there was one."""

    def __add__(self, other: EventMetrics) -> EventMetrics:
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return EventMetrics(**{name: one + two for name, (one, two) in pairs.items()})

    @property
    def median_lead_d(self) -> float:
        """Median time from a right warning to the arrival, days."""
        return median(self.leads_d) if self.leads_d else 0.0

    @property
    def false_alarms_per_year(self) -> float:
        """False alarms a pier and year."""
        return self.false_alarms / self.years if self.years else 0.0


def score_events(
    operation: PortHistory, place: SimulatedPier, looks: Sequence[PierCount], told: Iterable[Event]
) -> EventMetrics:
    """Of the events `told` of the pier `place` from its `looks`."""
    events = list(told)
    stays = [stay_days(voyage, place) for voyage in operation.visits]
    clear = [_day(c.acquired) for c in looks if c.acquired and c.status is CountStatus.COUNTED]
    seen = [event for event in events if event.kind is EventKind.CALL]
    inferred = [event for event in events if event.kind is EventKind.UNSEEN_CALL]
    pairs = _matched(seen, stays)
    found = set(pairs.values()) | {
        i for event in inferred for i, one in enumerate(stays) if _meet(_outer(event), one)
    }
    shown = [i for i, (first, last) in enumerate(stays) if any(first <= t < last for t in clear)]
    hits = [(seen[k], stays[i]) for k, i in pairs.items()]
    alarms = [(_day(e.began.latest), _end(e)) for e in events if e.kind is EventKind.WARNING]
    warned, false, late, leads = _alarmed(operation, place, clear, alarms)
    return EventMetrics(
        operation.days / 365.0,
        Proportion(sum(i in found for i in shown), len(shown)),
        Proportion(len(pairs), len(seen)),
        Proportion(sum(_within(first, call.began) for call, (first, _) in hits), len(hits)),
        Proportion(sum(_within(last, call.ended) for call, (_, last) in hits), len(hits)),
        Proportion(
            sum(any(_meet(_outer(e), one) for one in stays) for e in inferred), len(inferred)
        ),
        warned,
        false,
        late,
        leads,
        tuple((e.unseen_call, _visited(e, stays)) for e in events if isinstance(e, Halt)),
    )


def score_alarms(
    operation: PortHistory, place: SimulatedPier, looks: Sequence[PierCount], alarms: Sequence[Time]
) -> EventMetrics:
    """Of `alarms` alone, from when to when each stands."""
    clear = [_day(c.acquired) for c in looks if c.acquired and c.status is CountStatus.COUNTED]
    warned, false, late, leads = _alarmed(operation, place, clear, alarms)
    return EventMetrics(
        operation.days / 365.0, warned=warned, false_alarms=false, late_alarms=late, leads_d=leads
    )


def _alarmed(
    operation: PortHistory, place: SimulatedPier, clear: Sequence[float], alarms: Sequence[Time]
) -> tuple[Proportion, int, int, tuple[float, ...]]:
    """Gatherings that were warned of, false alarms, late ones, and the right ones' lead, days.

    Right is an alarm that stands at a time from the first cargo for a ship on until that ship is
    there; the lead counts from then, or from the first cargo where the alarm is older.
    """
    stays = [stay_days(voyage, place) for voyage in operation.visits]
    waits = [
        (voyage.gathering_d, first)
        for voyage, (first, _) in zip(operation.visits, stays, strict=True)
        if isfinite(voyage.gathering_d)
    ]
    leads: dict[int, float] = {}
    false = late = 0
    for alarm in sorted(alarms):
        here = [i for i, wait in enumerate(waits) if _meet(alarm, wait)]
        there = any(first <= alarm[0] < last for first, last in stays)
        late += there and not here
        false += not here
        for i in here:
            leads.setdefault(i, waits[i][1] - max(alarm[0], waits[i][0]))
    in_time = [i for i, (a, b) in enumerate(waits) if any(a <= t < b for t in clear)]
    share = Proportion(sum(i in leads for i in in_time), len(in_time))
    return share, false, late, tuple(leads.values())


def _matched(calls: Sequence[Event], stays: Sequence[Time]) -> dict[int, int]:
    """Which of `stays` each of `calls` is, by the looks that show it; none twice."""
    pairs: dict[int, int] = {}
    for k, call in enumerate(calls):
        looked = _day(call.began.latest), _day(call.ended.earliest)
        meets = [i for i, one in enumerate(stays) if one[0] <= looked[1] and looked[0] < one[1]]
        free = [i for i in meets if i not in pairs.values()]
        if free:
            pairs[k] = free[0]
    return pairs


def _visited(halt: Halt, stays: Sequence[Time]) -> bool:
    """Whether a ship came and left in a halt."""
    first, last = _day(halt.began.latest), _day(halt.ended.earliest or halt.ended.latest)
    return any(first <= a and b <= last for a, b in stays)


def _end(event: Event) -> float:
    """When a warning was withdrawn, or what it warned of was seen."""
    return inf if event.ended.latest is None else _day(event.ended.latest)


def _outer(event: Event) -> Time:
    return _day(event.began.earliest), _day(event.ended.latest)


def _meet(one: Time, other: Time) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _within(day: float, span: CensoredTime) -> bool:
    first = -inf if span.earliest is None else _day(span.earliest)
    last = inf if span.latest is None else _day(span.latest)
    return first <= day <= last


def _day(at: datetime | None) -> float:
    """Days since the start of the simulation; nan for no time."""
    return float("nan") if at is None else (at - START) / timedelta(days=1)
