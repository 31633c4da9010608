"""The thirteen published findings about Rajin, and what the engine concludes about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan

from cv.evaluation.events.reported_counts import PublishedCase
from cv.events.event import CensoredTime, Event, EventKind
from cv.events.model.observations import MIN_VISIBLE
from cv.events.model.pier_coupling import infer_sites
from cv.events.rules.berth_shifts import BerthShift
from cv.events.rules.halts import Halt
from cv.events.site_events import find_events
from cv.events.vessels.port_calls import merge_port_calls, port_calls, read_port_calls
from cv.events.vessels.vessel_matching import UNKNOWN, BridgePosition, Fleet, HullMeasurement
from cv.events.vessels.voyages import count_voyages
from cv.io.csv_tables import read_rows

CONTAINERS = 6_700
"""As published, July 2023 to February 2024."""


@dataclass(frozen=True)
class BenchmarkAnswer:
    """What the engine concludes about one published finding."""

    number: int
    """1 to 13."""
    published: str
    """The finding, in a few words."""
    concluded: str
    """What the engine concludes."""
    declined: str = ""
    """Why it does not reproduce the finding; empty where it does."""

    def __str__(self) -> str:
        verdict = f"declined: {self.declined}" if self.declined else "reproduced"
        return f"{self.number:>2}  {self.published}: {self.concluded}; {verdict}"


@dataclass(frozen=True)
class CaseEvidence:
    """The published observations and the events found from them."""

    case: PublishedCase
    events: tuple[Event, ...]

    def events_of(
        self, kind: EventKind, pier: str, first: str = "", last: str = "~"
    ) -> list[Event]:
        """Return the events of a kind at a pier that had begun from `first` to before `last`.

        Both are dates, ISO 8601; by default all events, by time.
        """
        found = [event for event in self.events if (event.kind, event.pier) == (kind, pier)]
        return [event for event in found if first <= str(event.began.latest) < last]


Answer = tuple[str, str]
"""What the engine concludes, and why it declines (empty where it reproduces the finding)."""


def answer_all() -> tuple[BenchmarkAnswer, ...]:
    """Return the answers to the thirteen findings, in order."""
    case = PublishedCase.read("rajin")
    evidence = CaseEvidence(case, find_events(case.counts))
    return tuple(
        BenchmarkAnswer(number, published, *answer(evidence))
        for number, (published, answer) in enumerate(_FINDINGS, start=1)
    )


def _gathering(evidence: CaseEvidence) -> Answer:
    warnings = evidence.events_of(EventKind.WARNING, "Pier 2", "2024-03-08", "2024-03-12")
    calls = evidence.events_of(EventKind.CALL, "Pier 1", "2024-03-09", "2024-03-11")
    later = evidence.events_of(EventKind.CALL, "Pier 2", "2024-03-10", "2024-12-31")
    if not warnings or not calls or not later:
        return "no warning before the call", "cargo and ship were not found together"
    warning = warnings[0]
    warned, came = warning.began.latest, later[0].began.latest
    days = (came - warned) / timedelta(days=1) if came and warned else nan
    return (
        f"cargo from {_dates(warning.began)}, {_size(warning)}, chance of a ship within 7 days "
        f"{warning.confidence:.0%}; ship at Pier 1 {_dates(calls[0].began)}, at Pier 2 "
        f"{days:.0f} days later",
        "",
    )


def _pier_roles(evidence: CaseEvidence) -> Answer:
    for event in evidence.events:
        if isinstance(event, BerthShift) and (event.pier, event.to_pier) == ("Pier 1", "Pier 2"):
            return f"shift from Pier 1 to Pier 2, there by {event.ended.latest:%d %b %Y}", ""
    first = evidence.events_of(EventKind.CALL, "Pier 1", "2024-03-09", "2024-03-11")
    second = evidence.events_of(EventKind.CALL, "Pier 2", "2024-03-10", "2024-03-13")
    if first and second:
        concluded = f"ship at Pier 1 {_dates(first[0].began)}, at Pier 2 {_dates(second[0].began)}"
        return concluded, "no length was published that would show that it is one ship"
    return "no pair of calls", "no call at one of the piers"


def _hull(evidence: CaseEvidence) -> Answer:
    fleet = Fleet.read(evidence.case.folder / "fleet.csv")
    hull = HullMeasurement(bridge=BridgePosition.FORE)
    ranked = ", ".join(f"{one.name} {one.probability:.0%}" for one in fleet.candidates(hull))
    name = fleet.most_probable_name(hull)
    declined = "" if name == UNKNOWN else f"the bridge alone must not name {name}"
    return f"bridge forward on 10 March: {ranked}; named: {name}", declined


def _departure(evidence: CaseEvidence) -> Answer:
    for call in evidence.events_of(EventKind.CALL, "Pier 2"):
        earliest, latest = call.ended.earliest, call.ended.latest
        if earliest and latest and latest - earliest < timedelta(hours=5):
            return f"left between {earliest:%d %b %H:%M} and {latest:%H:%M} UTC", ""
    return "no departure within hours", "the observation after it does not settle it"


def _absence(evidence: CaseEvidence) -> Answer:
    for halt in evidence.events_of(EventKind.HALT, "Pier 1", "2024-02-12", "2024-02-15"):
        if isinstance(halt, Halt):
            return (
                f"no call for {_size(halt)} in {halt.observations} observations, "
                f"longest time without one {halt.longest_unseen_d:.0f} days, "
                f"chance of an unseen call {halt.unseen_call:.0%}",
                "",
            )
    return "no halt", "the pause is not long for this pier"


def _unseen_call(evidence: CaseEvidence) -> Answer:
    found = evidence.events_of(EventKind.UNSEEN_CALL, "Pier 2", "2023-11-10", "2023-11-16")
    for call in found:
        return f"{_dates(call.began)}, {_size(call)}, {call.confidence:.0%}", ""
    ((_, coupled),) = infer_sites([evidence.case.counts])
    posterior = coupled["Pier 2"]
    first = posterior.observations.first_at_or_after(datetime(2023, 11, 10, tzinfo=UTC))
    chance = 1.0 - posterior.empty_probability(first, first + 2)
    return (
        f"chance of a call between 10 and 13 November {chance:.0%}",
        "no number of containers was published for 10 November; taken as 80 to 400 it does not "
        "settle that anything was taken away, and none of the observations shows a ship",
    )


def _dwell(evidence: CaseEvidence) -> Answer:
    for dwell in evidence.events_of(EventKind.DWELL, "Pier 1", "2024-02-08", "2024-02-14"):
        number = len(dwell.evidence)
        return f"{_size(dwell)} from {_dates(dwell.began)} in {number} observations", ""
    return "no dwell", "the counts differ"


def _inflow(evidence: CaseEvidence) -> Answer:
    for stop in evidence.events_of(EventKind.INFLOW_STOPPED, "Rail siding"):
        return f"nothing by rail for {_size(stop)} in {len(stop.evidence)} observations", ""
    return "no stop", "the siding was not observed for long enough"


def _trips(evidence: CaseEvidence) -> Answer:
    found = port_calls("Rajin", evidence.events, lambda _: UNKNOWN)
    reported = read_port_calls(evidence.case.folder / "visits.csv")
    counts = count_voyages(merge_port_calls(found, reported), "Rajin")
    return (
        "; ".join(f"{one.rule}: at least {one.seen}, {one.inferred} inferred" for one in counts),
        "few observations of the other ends are published; 25, 26, 27 and 32 stay claims of "
        "sources that saw more images",
    )


def _resumption(evidence: CaseEvidence) -> Answer:
    for event in evidence.events_of(EventKind.RESUMPTION, "Pier 1", "2024-03-09", "2024-03-11"):
        return f"{_dates(event.began)} after {_size(event)}", ""
    return "no resumption", "no halt before it"


def _scenario(evidence: CaseEvidence) -> Answer:
    columns = ("unit", "per_container_low", "per_container_high")
    amounts = [
        f"{CONTAINERS * float(low) / 1e6:.1f} to {CONTAINERS * float(high) / 1e6:.1f} million "
        f"of {unit}"
        for _, (unit, low, high) in read_rows(evidence.case.folder / "loads.csv", columns)
    ]
    return f"scenario, if all of 6,700 containers held nothing else: {' or '.join(amounts)}", ""


def _observability(evidence: CaseEvidence) -> Answer:
    counts = [(c.acquired.date(), c) for c in evidence.case.counts["Pier 2"] if c.acquired]
    days = (counts[-1][0] - counts[0][0]).days + 1
    visible = [(day, c) for day, c in counts if (c.visible_fraction or 0.0) >= MIN_VISIBLE]
    usable = {day for day, c in visible if c.containers.known or c.hulls.known}
    with_ship = {day for day, c in counts if (c.hulls.value or 0) >= 1}
    return (
        f"Pier 2: {len(usable)} usable days of {days}, a ship on {len(with_ship)}",
        "published observations are a choice of remarkable ones; the 109 imaged days are not "
        "listed, so that shares of these observations are no measure of the sky",
    )


def _alternatives(evidence: CaseEvidence) -> Answer:
    total = len(evidence.events)
    named = sum(bool(event.alternatives) for event in evidence.events)
    return f"{named} of {total} findings name theirs", "some name none" if named < total else ""


_FINDINGS: tuple[tuple[str, Callable[[CaseEvidence], Answer]], ...] = (
    ("cargo gathers at Pier 2 before the ship of March 2024", _gathering),
    ("unloading at Pier 1, loading at Pier 2", _pier_roles),
    ("a hull against the fleet", _hull),
    ("departure on 20 October 2023", _departure),
    ("no call since 12 February 2024", _absence),
    ("an unseen call in November 2023", _unseen_call),
    ("containers of February untouched for weeks", _dwell),
    ("no new deliveries, none by rail", _inflow),
    ("round trips", _trips),
    ("resumption on 10 March 2024", _resumption),
    ("what 6,700 containers would be", _scenario),
    ("observability", _observability),
    ("other explanations stand beside every finding", _alternatives),
)


def _dates(time: CensoredTime) -> str:
    first, last = time.earliest, time.latest
    return f"{first:%d %b} to {last:%d %b %Y}" if first and last else f"by {last:%d %b %Y}"


def _size(event: Event) -> str:
    size = event.size
    assert size is not None  # only calls without a measured hull have none
    return f"{size.value:.0f} ({size.low:.0f} to {size.high:.0f}) {size.unit}"
