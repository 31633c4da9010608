"""The thirteen findings that analysts published of Rajin, and what the engine makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cv.evaluation.events.reported_counts import PublishedCase
from cv.events.event import Event, EventKind, Magnitude
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
from cv.io.atomic_files import packaged_folder

CONTAINERS = Magnitude(6_700.0, 6_700.0, 6_700.0, "containers")
"""As published, July 2023 to February 2024."""


@dataclass(frozen=True)
class BenchmarkAnswer:
    """What became of a published finding."""

    number: int
    """1 to 13, as in datasets/rajin/README.md."""
    published: str
    """The finding, in a few words."""
    concluded: str
    """What the engine says of it."""
    declined: str = ""
    """Why it does not repeat the finding; empty where it does."""

    def __str__(self) -> str:
        verdict = f"declined: {self.declined}" if self.declined else "reproduced"
        return f"{self.number:>2}  {self.published}: {self.concluded}; {verdict}"


@dataclass(frozen=True)
class CaseEvidence:
    """All that is known of the case."""

    case: PublishedCase
    events: tuple[Event, ...]

    def events_of(self, kind: EventKind, pier: str) -> list[Event]:
        """The events of a kind at a pier, by time."""
        return [event for event in self.events if (event.kind, event.pier) == (kind, pier)]


def answer_all() -> tuple[BenchmarkAnswer, ...]:
    """One for each of the thirteen findings."""
    case = PublishedCase.read("rajin")
    dossier = CaseEvidence(case, find_events(case.counts))
    return tuple(
        BenchmarkAnswer(number, published, *answer(dossier))
        for number, (published, answer) in enumerate(_FINDINGS, start=1)
    )


def _gathering(dossier: CaseEvidence) -> tuple[str, str]:
    due = [e for e in dossier.events_of(EventKind.WARNING, "Pier 2") if _in(e, (3, 8), (3, 12))]
    calls = [e for e in dossier.events_of(EventKind.CALL, "Pier 1") if _in(e, (3, 9), (3, 11))]
    if not due or not calls:
        return "no warning before the call", "cargo and ship are not told together"
    return (
        f"cargo from {_span(due[0])}, {_size(due[0])}, chance of a ship within 7 days "
        f"{due[0].confidence:.0%}; ship at Pier 1 {_span(calls[0])}, at Pier 2 "
        f"{_days(due[0], _first(dossier.events_of(EventKind.CALL, 'Pier 2'), (3, 10))):.0f} days later",
        "",
    )


def _roles(dossier: CaseEvidence) -> tuple[str, str]:
    moves = [
        e
        for e in dossier.events
        if isinstance(e, BerthShift) and (e.pier, e.to_pier) == ("Pier 1", "Pier 2")
    ]
    calls = [e for e in dossier.events_of(EventKind.CALL, "Pier 1") if _in(e, (3, 9), (3, 11))]
    next_calls = [e for e in dossier.events_of(EventKind.CALL, "Pier 2") if _in(e, (3, 10), (3, 13))]
    if moves:
        return f"shift from Pier 1 to Pier 2, there by {moves[0].ended.latest:%d %b %Y}", ""
    if calls and next_calls:
        told = f"ship at Pier 1 {_span(calls[0])}, at Pier 2 {_span(next_calls[0])}"
        return told, "no length was published that would tell that it is one ship"
    return "no pair of calls", "no call at one of the piers"


def _hull(dossier: CaseEvidence) -> tuple[str, str]:
    fleet = Fleet.read(packaged_folder("cases/rajin", "datasets/rajin") / "fleet.csv")
    ranked = fleet.candidates(HullMeasurement(bridge=BridgePosition.FORE))
    named = fleet.most_probable_name(HullMeasurement(bridge=BridgePosition.FORE))
    told = ", ".join(f"{one.name} {one.probability:.0%}" for one in ranked)
    why = "" if named == UNKNOWN else f"the bridge alone must not name {named}"
    return f"bridge forward on 10 March: {told}; named: {named}", why


def _departure(dossier: CaseEvidence) -> tuple[str, str]:
    for call in dossier.events_of(EventKind.CALL, "Pier 2"):
        after, by = call.ended.earliest, call.ended.latest
        if after and by and by - after < timedelta(hours=5):
            return f"left between {after:%d %b %H:%M} and {by:%H:%M} UTC", ""
    return "no departure within hours", "the look after it does not settle it"


def _absence(dossier: CaseEvidence) -> tuple[str, str]:
    halts = [e for e in dossier.events_of(EventKind.HALT, "Pier 1") if _in(e, (2, 12), (2, 15))]
    if not halts or not isinstance(halts[0], Halt):
        return "no halt", "the pause is not long for this pier"
    halt = halts[0]
    return (
        f"no call for {_size(halt)} in {halt.looks} looks, longest time without one "
        f"{halt.longest_unseen_d:.0f} days, chance of an unseen call {halt.unseen_call:.0%}",
        "",
    )


def _unseen(dossier: CaseEvidence) -> tuple[str, str]:
    found = [
        e for e in dossier.events_of(EventKind.UNSEEN_CALL, "Pier 2") if _in(e, (11, 10), (11, 16), 2023)
    ]
    if found:
        return f"{_span(found[0])}, {_size(found[0])}, {found[0].confidence:.0%}", ""
    piers = couple_piers(
        {
            name: Posterior.of(PierObservations.of(looks))
            for name, looks in dossier.case.counts.items()
        }
    )
    story = piers["Pier 2"]
    first = story.observations.first_at_or_after(_at(11, 10, 2023))
    chance = 1.0 - story.empty_probability(first, first + 2)
    return (
        f"chance of a call between 10 and 13 November {chance:.0%}",
        "no number of containers was published for 10 November; taken as 80 to 400 it does not "
        "settle that anything was taken away, and none of the looks shows a ship",
    )


def _dwell(dossier: CaseEvidence) -> tuple[str, str]:
    found = [e for e in dossier.events_of(EventKind.DWELL, "Pier 1") if _in(e, (2, 8), (2, 14))]
    if not found:
        return "no dwell", "the counts differ"
    return f"{_size(found[0])} from {_span(found[0])} in {len(found[0].evidence)} looks", ""


def _inflow(dossier: CaseEvidence) -> tuple[str, str]:
    rail = dossier.events_of(EventKind.INFLOW_STOPPED, "Rail siding")
    if not rail:
        return "no stop", "the siding was not watched for long enough"
    return f"nothing by rail for {_size(rail[0])} in {len(rail[0].evidence)} looks", ""


def _trips(dossier: CaseEvidence) -> tuple[str, str]:
    told = port_calls("Rajin", dossier.events, lambda _: UNKNOWN)
    stated = read_port_calls(packaged_folder("cases/rajin", "datasets/rajin") / "visits.csv")
    counts = count_voyages(merge_port_calls(told, stated), "Rajin")
    return (
        "; ".join(f"{one.rule}: at least {one.seen}, {one.inferred} inferred" for one in counts),
        "looks at the other ends are not published but for a few; 25, 26, 27 and 32 stay claims of "
        "sources that saw more images",
    )


def _resumption(dossier: CaseEvidence) -> tuple[str, str]:
    found = [e for e in dossier.events_of(EventKind.RESUMPTION, "Pier 1") if _in(e, (3, 9), (3, 11))]
    if not found:
        return "no resumption", "no halt before it"
    return f"{_span(found[0])} after {_size(found[0])}", ""


def _scenario(dossier: CaseEvidence) -> tuple[str, str]:
    table = read_load_assumptions(packaged_folder("cases/rajin", "datasets/rajin") / "loads.csv")
    told = [
        f"{low / 1e6:.1f} to {high / 1e6:.1f} million of {load.unit}"
        for load in table
        for low, high in [load.amount_in(CONTAINERS)]
    ]
    return f"scenario, if all of 6,700 containers held nothing else: {' or '.join(told)}", ""


def _observability(dossier: CaseEvidence) -> tuple[str, str]:
    seen = Observability.of(dossier.case.counts["Pier 2"])
    return (
        f"Pier 2: {seen.usable} usable days of {seen.days}, a ship on {seen.with_ship}",
        "published looks are a choice of those with something to tell; the 109 imaged days are "
        "not listed, so that shares of these looks say nothing of the sky",
    )


def _alternatives(dossier: CaseEvidence) -> tuple[str, str]:
    without = [event for event in dossier.events if not event.alternatives]
    told = f"{len(dossier.events) - len(without)} of {len(dossier.events)} findings name theirs"
    return told, "some name none" if without else ""


_FINDINGS: tuple[tuple[str, Callable[[CaseEvidence], tuple[str, str]]], ...] = (
    ("cargo gathers at Pier 2 before the ship of March 2024", _gathering),
    ("unloading at Pier 1, loading at Pier 2", _roles),
    ("a hull against the fleet", _hull),
    ("departure on 20 October 2023", _departure),
    ("no call since 12 February 2024", _absence),
    ("an unseen call in November 2023", _unseen),
    ("containers of February untouched for weeks", _dwell),
    ("no new deliveries, none by rail", _inflow),
    ("round trips", _trips),
    ("resumption on 10 March 2024", _resumption),
    ("what 6,700 containers would be", _scenario),
    ("observability", _observability),
    ("other explanations stand beside every finding", _alternatives),
)


def _at(month: int, day: int, year: int = 2024) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _in(event: Event, first: tuple[int, int], last: tuple[int, int], year: int = 2024) -> bool:
    """Whether an event had begun from a day (month, day) on and before another one."""
    return event.began.latest is not None and _at(*first, year) <= event.began.latest < _at(
        *last, year
    )


def _first(events: Sequence[Event], since: tuple[int, int]) -> Event:
    return next(e for e in events if e.began.latest is not None and e.began.latest >= _at(*since))


def _days(one: Event, other: Event) -> float:
    if one.began.latest is None or other.began.latest is None:
        return float("nan")
    return (other.began.latest - one.began.latest) / timedelta(days=1)


def _span(event: Event) -> str:
    after, by = event.began.earliest, event.began.latest
    return f"{after:%d %b} to {by:%d %b %Y}" if after and by else f"by {by:%d %b %Y}"


def _size(event: Event) -> str:
    if event.size is None:
        return "size unknown"
    size = event.size
    return f"{size.value:.0f} ({size.low:.0f} to {size.high:.0f}) {size.unit}"
