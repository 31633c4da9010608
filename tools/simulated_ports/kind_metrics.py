"""Scores of events at simulated ports of many kinds, and every event with its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from math import isfinite
from statistics import median
from typing import Self

import numpy as np

from cv.counting.pier_count import CountStatus
from cv.events.event import Event, EventKind
from cv.events.rules.throughput import estimate_throughput
from simulated_ports import event_truth as truth
from simulated_ports.event_metrics import Proportion
from simulated_ports.event_truth import StatedTimes
from simulated_ports.pier_observation import ObservedPier
from simulated_ports.port import START

MIN_PROBABILITY = 0.5
"""Calibrated probability from which on a detection surely shows a ship."""
MIN_GATHERED = 10
"""Fewer containers before a ship are no gathering that a warning is expected of."""
_EVIDENT_SHARE = 0.3
"""Cargo is evident when this share of what gathers has come, and `MIN_GATHERED`."""


@dataclass(frozen=True, kw_only=True)
class PortId:
    """Which simulated port it is."""

    kind: str
    seed: int
    number: int


@dataclass(frozen=True, kw_only=True)
class JudgedEvent:
    """An event with its truth; a row of the machine-readable output."""

    port_kind: str
    seed: int
    port: int
    """Number of the port."""
    pier: str
    kind: str
    stated: float
    """Its confidence."""
    true: bool | None
    """None: the history ends too early to say."""
    strictly_true: bool | None
    """The same by a stricter definition: of a call, that it also arrived and left in the stated
    intervals; of a halt, that no ship was there; else the same."""
    begins_after: float | None
    """Days since the start; None if unknown."""
    begins_by: float | None
    ends_after: float | None
    ends_by: float | None
    size: float | None
    size_low: float | None
    size_high: float | None
    true_size: float | None
    """What the size truly was, where that is defined."""


@dataclass(frozen=True, kw_only=True)
class JudgedStay:
    """A true stay with what images show of it and whether it was found."""

    port_kind: str
    seed: int
    port: int
    pier: str
    arrival_d: float
    departure_d: float
    loaded: int
    unloaded: int
    gathered: int
    clear_images: int
    shown_likely: int
    """Clear images whose detection of this ship has a probability of one half or more."""
    shown_certainly: int
    """Those of them whose hull count has a lower end of one or more."""
    found_as: str
    """"call", "unseen_call", or empty."""


@dataclass(frozen=True)
class _Sum:
    """A score whose fields are added one by one."""

    def __add__(self, other: Self) -> Self:
        names = [f.name for f in fields(self)]
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in names})


_NONE = Proportion()


@dataclass(frozen=True, kw_only=True)
class CallScore(_Sum):
    """How well calls were found; scores of several piers can be added."""

    certain: Proportion = _NONE
    """Stays that a clear image surely shows, by the lower end of its interval; found."""
    likely: Proportion = _NONE
    """Stays that a clear image shows by a detection of `MIN_PROBABILITY`; found."""
    clear: Proportion = _NONE
    """Stays with any clear image; found."""
    precision: Proportion = _NONE
    """Seen calls that are true."""
    arrivals: Proportion = _NONE
    """True calls that arrived in the stated interval."""
    departures: Proportion = _NONE
    unseen: Proportion = _NONE
    """Unseen calls that are true."""


@dataclass(frozen=True, kw_only=True)
class WarningScore(_Sum):
    """How well warnings work; scores of several piers can be added."""

    years: float = 0.0
    warned: Proportion = _NONE
    """Gatherings with a clear image between the first cargo and the arrival; warned of."""
    evident: Proportion = _NONE
    """Those of them with a clear image when much cargo was there; warned of."""
    given: int = 0
    false: int = 0
    """Warnings without an arrival within seven days."""
    baseless: int = 0
    """Those of them that were active during no gathering either."""
    late: int = 0
    """Warnings that were first stated when a ship was there."""
    active_d: float = 0.0
    """Time during which a warning was active, days."""
    leads_d: tuple[float, ...] = ()

    @property
    def active_share(self) -> float:
        """Share of the time during which a warning was active."""
        return self.active_d / self.years / 365.0 if self.years else 0.0

    @property
    def false_per_year(self) -> float:
        """False warnings per pier and year."""
        return self.false / self.years if self.years else 0.0

    @property
    def lead_d(self) -> float:
        """Median lead, days."""
        return median(self.leads_d) if self.leads_d else 0.0


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What ships took from (brought to) one pier: stated at least, about, and true."""

    at_least: float
    about: float
    true: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PierScore:
    """All scores of one pier."""

    port: PortId
    name: str
    """Name of the pier."""
    calls: CallScore
    warnings: WarningScore
    loaded: Amounts
    unloaded: Amounts
    events: tuple[JudgedEvent, ...]
    stays: tuple[JudgedStay, ...]


@dataclass(frozen=True, eq=False)
class MatchedCalls:
    """Which calls are true, by their place in the given order."""

    seen: Sequence[StatedTimes]
    unseen: Sequence[StatedTimes]
    stay_of_seen: Mapping[int, int]
    stay_of_unseen: Mapping[int, int]

    @classmethod
    def of(
        cls, pier: ObservedPier, seen: Sequence[StatedTimes], unseen: Sequence[StatedTimes] = ()
    ) -> MatchedCalls:
        """Match calls to the true stays of a pier."""
        stays = pier.history.stays
        pairs = truth.match_calls(seen, stays)
        return cls(seen, unseen, pairs, truth.match_unseen_calls(unseen, stays, pairs))

    @property
    def found(self) -> set[int]:
        """Stays that were found, as seen or as inferred."""
        return {*self.stay_of_seen.values(), *self.stay_of_unseen.values()}


@dataclass(frozen=True, eq=False)
class ShownStays:
    """Images that show each stay of a pier (stays,)."""

    clear: Sequence[int]
    """Clear images."""
    likely: Sequence[int]
    """Those whose detection of the ship has `MIN_PROBABILITY` or more."""
    certain: Sequence[int]
    """Those of them whose hull count has a lower end of one or more."""

    @classmethod
    def of(cls, pier: ObservedPier) -> ShownStays:
        """Count the images of a pier."""
        clear, likely, certain = ([0] * len(pier.history.stays) for _ in range(3))
        for one in pier.shown:
            if one.clear:
                sure = one.probability >= MIN_PROBABILITY
                clear[one.stay] += 1
                likely[one.stay] += sure
                certain[one.stay] += sure and one.least_hulls >= 1
        return cls(clear, likely, certain)


def score_calls(pier: ObservedPier, shown: ShownStays, calls: MatchedCalls) -> CallScore:
    """Score the calls at a pier."""
    found, stays = calls.found, pier.history.stays
    hits = [(calls.seen[call], stays[stay]) for call, stay in calls.stay_of_seen.items()]

    def recall(images: Sequence[int]) -> Proportion:
        wanted = [stay for stay, number in enumerate(images) if number]
        return Proportion(sum(stay in found for stay in wanted), len(wanted))

    return CallScore(
        certain=recall(shown.certain),
        likely=recall(shown.likely),
        clear=recall(shown.clear),
        precision=Proportion(len(hits), len(calls.seen)),
        arrivals=Proportion(sum(truth.arrived_in(*hit) for hit in hits), len(hits)),
        departures=Proportion(sum(truth.departed_in(*hit) for hit in hits), len(hits)),
        unseen=Proportion(len(calls.stay_of_unseen), len(calls.unseen)),
    )


def score_warnings(pier: ObservedPier, alarms: Sequence[tuple[float, float]]) -> WarningScore:
    """Score warnings at a pier, from when to when each is active, days.

    A gathering is warned of if a warning is active between the first cargo for a ship and its
    arrival. A lead counts from the warning, or from the first cargo if the warning is older.
    """
    history = pier.history
    clear = np.array([c.acquired for c in pier.series if c.status is CountStatus.COUNTED])
    clear_d = np.array([(time - START) / timedelta(days=1) for time in clear], dtype=np.float64)
    boxes = history.containers
    leads, warned, evident = [], [], []
    gatherings = []
    for number, stay in enumerate(history.stays):
        if stay.gathered < MIN_GATHERED or not 0 < stay.arrival_d < history.days:
            continue
        gatherings.append((stay.gathering_d, stay.arrival_d))
        images = clear_d[(clear_d >= stay.gathering_d) & (clear_d < stay.arrival_d)]
        if not len(images):
            continue
        active = [a for a in alarms if a[0] < stay.arrival_d and stay.gathering_d < a[1]]
        warned.append(bool(active))
        if active:
            leads.append(stay.arrival_d - max(min(active)[0], stay.gathering_d))
        own = np.sort(boxes.came_d[boxes.meant_for == number])
        there = np.searchsorted(own, images[-1], "right")
        if there >= max(MIN_GATHERED, _EVIDENT_SHARE * stay.gathered):
            evident.append(bool(active))
    arrives = [truth.ship_arrives(history, start) for start, _ in alarms]
    false = [alarm for alarm, comes in zip(alarms, arrives, strict=True) if comes is False]
    baseless = [a for a in false if not any(a[0] < g[1] and g[0] < a[1] for g in gatherings)]
    return WarningScore(
        years=history.days / 365.0,
        warned=Proportion(sum(warned), len(warned)),
        evident=Proportion(sum(evident), len(evident)),
        given=len(alarms),
        false=len(false),
        baseless=len(baseless),
        late=sum(truth.ship_present(history, start) for start, _ in alarms),
        active_d=sum(max(0.0, min(last, history.days) - first) for first, last in alarms),
        leads_d=tuple(leads),
    )


def score_pier(
    port: PortId,
    pier: ObservedPier,
    others: Mapping[str, ObservedPier],
    events: Sequence[Event],
) -> PierScore:
    """Score the `events` of a pier; `others` are all piers of its port by name."""
    last = pier.series.counts[-1].acquired
    last_d = 0.0 if last is None else (last - START) / timedelta(days=1)
    own = [event for event in events if event.pier == pier.name]
    times = [StatedTimes.of(event, last_d) for event in own]
    seen, unseen = (
        [i for i, event in enumerate(own) if event.kind is kind]
        for kind in (EventKind.CALL, EventKind.UNSEEN_CALL)
    )
    calls = MatchedCalls.of(pier, [times[i] for i in seen], [times[i] for i in unseen])
    stays = {seen[k]: stay for k, stay in calls.stay_of_seen.items()}
    stays |= {unseen[k]: stay for k, stay in calls.stay_of_unseen.items()}
    judge = _Judge(pier, others, calls, stays)
    shown = ShownStays.of(pier)
    alarms = [
        (one.begins_by, one.ends_by)
        for event, one in zip(own, times, strict=True)
        if event.kind is EventKind.WARNING
    ]
    amounts = estimate_throughput(pier.name, own)
    took, brought = pier.history.totals
    return PierScore(
        port=port,
        name=pier.name,
        calls=score_calls(pier, shown, calls),
        warnings=score_warnings(pier, alarms),
        loaded=Amounts(
            at_least=amounts.loaded_at_least, about=amounts.loaded_about, true=float(took)
        ),
        unloaded=Amounts(
            at_least=amounts.unloaded_at_least, about=amounts.unloaded_about, true=float(brought)
        ),
        events=tuple(
            judge.event(port, i, event, one)
            for i, (event, one) in enumerate(zip(own, times, strict=True))
        ),
        stays=_judged_stays(port, pier, shown, calls),
    )


def _judged_stays(
    port: PortId, pier: ObservedPier, shown: ShownStays, calls: MatchedCalls
) -> tuple[JudgedStay, ...]:
    seen, unseen = set(calls.stay_of_seen.values()), set(calls.stay_of_unseen.values())
    return tuple(
        JudgedStay(
            port_kind=port.kind,
            seed=port.seed,
            port=port.number,
            pier=pier.name,
            arrival_d=stay.arrival_d,
            departure_d=stay.departure_d,
            loaded=stay.loaded,
            unloaded=stay.unloaded,
            gathered=stay.gathered,
            clear_images=shown.clear[i],
            shown_likely=shown.likely[i],
            shown_certainly=shown.certain[i],
            found_as="call" if i in seen else "unseen_call" if i in unseen else "",
        )
        for i, stay in enumerate(pier.history.stays)
        if stay.departure_d > 0 and stay.arrival_d < pier.history.days
    )


@dataclass(frozen=True, eq=False)
class _Judge:
    """Judges the events of one pier."""

    pier: ObservedPier
    others: Mapping[str, ObservedPier]
    calls: MatchedCalls
    stays: Mapping[int, int]
    """The stay of each event that is a true call, by the place of the event."""

    def event(self, port: PortId, i: int, event: Event, times: StatedTimes) -> JudgedEvent:
        """Judge event `i` of the pier."""
        true, strict, size = self._judge(i, event, times)
        stated = event.size
        return JudgedEvent(
            port_kind=port.kind,
            seed=port.seed,
            port=port.number,
            pier=self.pier.name,
            kind=event.kind.value,
            stated=event.confidence,
            true=true,
            strictly_true=true if strict is None else strict,
            begins_after=_finite(times.begins_after),
            begins_by=_finite(times.begins_by),
            ends_after=_finite(times.ends_after),
            ends_by=_finite(times.ends_by),
            size=stated.value if stated else None,
            size_low=stated.low if stated else None,
            size_high=stated.high if stated else None,
            true_size=size,
        )

    def _judge(
        self, i: int, event: Event, times: StatedTimes
    ) -> tuple[bool | None, bool | None, float | None]:
        """Return whether an event is true, strictly true (None: the same), and its true size."""
        history = self.pier.history
        stays = history.stays
        match event.kind:
            case EventKind.CALL:
                if i not in self.stays:
                    return False, False, None
                stay = stays[self.stays[i]]
                exact = truth.arrived_in(times, stay) and truth.departed_in(times, stay)
                return True, exact, stay.length_m
            case EventKind.UNSEEN_CALL:
                took, brought = truth.shipped_during(history, times)
                return i in self.stays, None, float(brought - took)
            case EventKind.LOADING | EventKind.UNLOADING:
                took, brought = truth.shipped_during(history, times)
                moved = -took if event.kind is EventKind.LOADING else brought
                return self._call_of(times) is not None and moved != 0, None, float(moved)
            case EventKind.WARNING:
                number = float(history.number_at(np.array([times.begins_by]))[0])
                return truth.ship_arrives(history, times.begins_by), None, number
            case EventKind.STOCKPILE:
                return truth.is_stockpile(history, times), None, truth.true_peak(history, times)
            case EventKind.DWELL:
                number = float(history.number_at(np.array([times.begins_by]))[0])
                return truth.is_dwell(history, times), None, number
            case EventKind.INFLOW_STOPPED:
                return truth.is_inflow_stopped(history, times), None, None
            case EventKind.HALT:
                quiet = truth.no_ship_during(history, times)
                return truth.no_call_within(history, times), quiet, None
            case EventKind.RESUMPTION:
                pause = event.size.low if event.size else 0.0
                return truth.is_resumption(history, self._call_of(times), pause), None, None
            case EventKind.STANDING_HULL:
                objects = self.pier.observation.standing_objects
                return truth.is_standing_hull(history, objects, times), None, None
            case EventKind.BERTH_SHIFT:
                there = self.others[str(getattr(event, "to_pier", self.pier.name))].history
                return truth.is_berth_shift(history, there, times), None, None
        return None, None, None

    def _call_of(self, times: StatedTimes) -> int | None:
        """Return the stay of the true call with these times, or None."""
        for call, stay in self.calls.stay_of_seen.items():
            if self.calls.seen[call] == times:
                return stay
        return None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
