"""The thirteen published findings about Rajin, and what the engine concludes about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cv.evaluation.events.reported_counts import PublishedCase
from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from cv.events.model.observations import PierObservations
from cv.events.model.pier_coupling import couple_piers
from cv.events.model.posterior import Posterior
from cv.events.pipeline import find_events
from cv.events.rules.berth_shifts import BerthShift
from cv.events.rules.halts import Halt
from cv.events.rules.observability import Observability
from cv.events.vessels.port_calls import merge_port_calls, port_calls, read_port_calls
from cv.events.vessels.scenario import read_load_assumptions
from cv.events.vessels.vessel_matching import UNKNOWN, BridgePosition, Fleet, HullMeasurement
from cv.events.vessels.voyages import count_voyages

CONTAINERS = Magnitude(6_700.0, 6_700.0, 6_700.0, "containers")
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
        self, kind: EventKind, pier: str, began: tuple[datetime, datetime] | None = None
    ) -> list[Event]:
        """Return the events of a kind at a pier, by time.

        With `began`, only those that had begun from its first time on and before its second.
        """
        found = [event for event in self.events if (event.kind, event.pier) == (kind, pier)]
        if began is None:
            return found
        return [e for e in found if e.began.latest and began[0] <= e.began.latest < began[1]]


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
    warnings = evidence.events_of(EventKind.WARNING, "Pier 2", _between((3, 8), (3, 12)))
    calls = evidence.events_of(EventKind.CALL, "Pier 1", _between((3, 9), (3, 11)))
    later = evidence.events_of(EventKind.CALL, "Pier 2", _between((3, 10), (12, 31)))
    if not warnings or not calls or not later:
        return "no warning before the call", "cargo and ship were not found together"
    warning = warnings[0]
    return (
        f"cargo from {_dates(warning.began)}, {_size(warning)}, chance of a ship within 7 days "
        f"{warning.confidence:.0%}; ship at Pier 1 {_dates(calls[0].began)}, at Pier 2 "
        f"{_days_between(warning, later[0]):.0f} days later",
        "",
    )


def _pier_roles(evidence: CaseEvidence) -> Answer:
    for event in evidence.events:
        if isinstance(event, BerthShift) and (event.pier, event.to_pier) == ("Pier 1", "Pier 2"):
            return f"shift from Pier 1 to Pier 2, there by {event.ended.latest:%d %b %Y}", ""
    first = evidence.events_of(EventKind.CALL, "Pier 1", _between((3, 9), (3, 11)))
    second = evidence.events_of(EventKind.CALL, "Pier 2", _between((3, 10), (3, 13)))
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
    for halt in evidence.events_of(EventKind.HALT, "Pier 1", _between((2, 12), (2, 15))):
        if isinstance(halt, Halt):
            return (
                f"no call for {_size(halt)} in {halt.observations} observations, "
                f"longest time without one {halt.longest_unseen_d:.0f} days, "
                f"chance of an unseen call {halt.unseen_call:.0%}",
                "",
            )
    return "no halt", "the pause is not long for this pier"


def _unseen_call(evidence: CaseEvidence) -> Answer:
    days = _between((11, 10), (11, 16), 2023)
    for call in evidence.events_of(EventKind.UNSEEN_CALL, "Pier 2", days):
        return f"{_dates(call.began)}, {_size(call)}, {call.confidence:.0%}", ""
    alone = {
        name: Posterior.of(PierObservations.of(counts))
        for name, counts in evidence.case.counts.items()
    }
    posterior = couple_piers(alone)["Pier 2"]
    first = posterior.observations.first_at_or_after(days[0])
    chance = 1.0 - posterior.empty_probability(first, first + 2)
    return (
        f"chance of a call between 10 and 13 November {chance:.0%}",
        "no number of containers was published for 10 November; taken as 80 to 400 it does not "
        "settle that anything was taken away, and none of the observations shows a ship",
    )


def _dwell(evidence: CaseEvidence) -> Answer:
    for dwell in evidence.events_of(EventKind.DWELL, "Pier 1", _between((2, 8), (2, 14))):
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
    for event in evidence.events_of(EventKind.RESUMPTION, "Pier 1", _between((3, 9), (3, 11))):
        return f"{_dates(event.began)} after {_size(event)}", ""
    return "no resumption", "no halt before it"


def _scenario(evidence: CaseEvidence) -> Answer:
    amounts = [
        f"{low / 1e6:.1f} to {high / 1e6:.1f} million of {load.unit}"
        for load in read_load_assumptions(evidence.case.folder / "loads.csv")
        for low, high in [load.amount_in(CONTAINERS)]
    ]
    return f"scenario, if all of 6,700 containers held nothing else: {' or '.join(amounts)}", ""


def _observability(evidence: CaseEvidence) -> Answer:
    found = Observability.of(evidence.case.counts["Pier 2"])
    return (
        f"Pier 2: {found.usable} usable days of {found.days}, a ship on {found.with_ship}",
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


def _between(
    first: tuple[int, int], last: tuple[int, int], year: int = 2024
) -> tuple[datetime, datetime]:
    """Return the beginnings of two days, given as (month, day), UTC."""
    return datetime(year, *first, tzinfo=UTC), datetime(year, *last, tzinfo=UTC)


def _days_between(one: Event, other: Event) -> float:
    if one.began.latest is None or other.began.latest is None:
        return float("nan")
    return (other.began.latest - one.began.latest) / timedelta(days=1)


def _dates(time: CensoredTime) -> str:
    first, last = time.earliest, time.latest
    return f"{first:%d %b} to {last:%d %b %Y}" if first and last else f"by {last:%d %b %Y}"


def _size(event: Event) -> str:
    size = event.size
    if size is None:
        return "size unknown"
    return f"{size.value:.0f} ({size.low:.0f} to {size.high:.0f}) {size.unit}"
