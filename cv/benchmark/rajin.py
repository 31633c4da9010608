"""The thirteen findings that analysts published of Rajin, and what the engine makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cv.benchmark.looks import Case
from cv.events.event import Event, Kind, Size
from cv.events.findings import findings
from cv.events.fleet import UNKNOWN, Bridge, Fleet, Measured
from cv.events.halts import Halt
from cv.events.observability import Observability
from cv.events.scenario import loads
from cv.events.shifts import Shift
from cv.events.story import Story
from cv.events.ties import tied
from cv.events.visits import merged, read_visits, visits
from cv.events.voyages import tallies
from cv.events.watch import Watch
from cv.files import shipped

CONTAINERS = Size(6_700.0, 6_700.0, 6_700.0, "containers")
"""As published, July 2023 to February 2024."""


@dataclass(frozen=True)
class Answer:
    """What became of a published finding."""

    number: int
    """1 to 13, as in datasets/rajin/README.md."""
    published: str
    """The finding, in a few words."""
    told: str
    """What the engine says of it."""
    declined: str = ""
    """Why it does not repeat the finding; empty where it does."""

    def __str__(self) -> str:
        verdict = f"declined: {self.declined}" if self.declined else "reproduced"
        return f"{self.number:>2}  {self.published}: {self.told}; {verdict}"


@dataclass(frozen=True)
class Dossier:
    """All that is known of the case."""

    case: Case
    events: tuple[Event, ...]

    def of(self, kind: Kind, pier: str) -> list[Event]:
        """The events of a kind at a pier, by time."""
        return [event for event in self.events if (event.kind, event.pier) == (kind, pier)]


def answers() -> tuple[Answer, ...]:
    """One for each of the thirteen findings."""
    case = Case.read("rajin")
    dossier = Dossier(case, findings(case.counts))
    return tuple(
        Answer(number, published, *answer(dossier))
        for number, (published, answer) in enumerate(_FINDINGS, start=1)
    )


def _gathering(dossier: Dossier) -> tuple[str, str]:
    due = [e for e in dossier.of(Kind.WARNING, "Pier 2") if _in(e, (3, 8), (3, 12))]
    calls = [e for e in dossier.of(Kind.CALL, "Pier 1") if _in(e, (3, 9), (3, 11))]
    if not due or not calls:
        return "no warning before the call", "cargo and ship are not told together"
    return (
        f"cargo from {_span(due[0])}, {_size(due[0])}, chance of a ship within 7 days "
        f"{due[0].confidence:.0%}; ship at Pier 1 {_span(calls[0])}, at Pier 2 "
        f"{_days(due[0], _first(dossier.of(Kind.CALL, 'Pier 2'), (3, 10))):.0f} days later",
        "",
    )


def _roles(dossier: Dossier) -> tuple[str, str]:
    moves = [
        e
        for e in dossier.events
        if isinstance(e, Shift) and (e.pier, e.to_pier) == ("Pier 1", "Pier 2")
    ]
    calls = [e for e in dossier.of(Kind.CALL, "Pier 1") if _in(e, (3, 9), (3, 11))]
    next_calls = [e for e in dossier.of(Kind.CALL, "Pier 2") if _in(e, (3, 10), (3, 13))]
    if moves:
        return f"shift from Pier 1 to Pier 2, there by {moves[0].ended.by:%d %b %Y}", ""
    if calls and next_calls:
        told = f"ship at Pier 1 {_span(calls[0])}, at Pier 2 {_span(next_calls[0])}"
        return told, "no length was published that would tell that it is one ship"
    return "no pair of calls", "no call at one of the piers"


def _hull(dossier: Dossier) -> tuple[str, str]:
    fleet = Fleet.read(shipped("cases/rajin", "datasets/rajin") / "fleet.csv")
    ranked = fleet.candidates(Measured(bridge=Bridge.FORE))
    named = fleet.named(Measured(bridge=Bridge.FORE))
    told = ", ".join(f"{one.name} {one.probability:.0%}" for one in ranked)
    why = "" if named == UNKNOWN else f"the bridge alone must not name {named}"
    return f"bridge forward on 10 March: {told}; named: {named}", why


def _departure(dossier: Dossier) -> tuple[str, str]:
    for call in dossier.of(Kind.CALL, "Pier 2"):
        after, by = call.ended.after, call.ended.by
        if after and by and by - after < timedelta(hours=5):
            return f"left between {after:%d %b %H:%M} and {by:%H:%M} UTC", ""
    return "no departure within hours", "the look after it does not settle it"


def _absence(dossier: Dossier) -> tuple[str, str]:
    halts = [e for e in dossier.of(Kind.HALT, "Pier 1") if _in(e, (2, 12), (2, 15))]
    if not halts or not isinstance(halts[0], Halt):
        return "no halt", "the pause is not long for this pier"
    halt = halts[0]
    return (
        f"no call for {_size(halt)} in {halt.looks} looks, longest time without one "
        f"{halt.longest_unseen_d:.0f} days, chance of an unseen call {halt.unseen_call:.0%}",
        "",
    )


def _unseen(dossier: Dossier) -> tuple[str, str]:
    found = [e for e in dossier.of(Kind.UNSEEN_CALL, "Pier 2") if _in(e, (11, 10), (11, 16), 2023)]
    if found:
        return f"{_span(found[0])}, {_size(found[0])}, {found[0].confidence:.0%}", ""
    piers = tied({name: Story.of(Watch.of(looks)) for name, looks in dossier.case.counts.items()})
    story = piers["Pier 2"]
    first = story.watch.look(_at(11, 10, 2023))
    chance = 1.0 - story.absent(first, first + 2)
    return (
        f"chance of a call between 10 and 13 November {chance:.0%}",
        "no number of containers was published for 10 November; taken as 80 to 400 it does not "
        "settle that anything was taken away, and none of the looks shows a ship",
    )


def _dwell(dossier: Dossier) -> tuple[str, str]:
    found = [e for e in dossier.of(Kind.DWELL, "Pier 1") if _in(e, (2, 8), (2, 14))]
    if not found:
        return "no dwell", "the counts differ"
    return f"{_size(found[0])} from {_span(found[0])} in {len(found[0].evidence)} looks", ""


def _inflow(dossier: Dossier) -> tuple[str, str]:
    rail = dossier.of(Kind.INFLOW_STOPPED, "Rail siding")
    if not rail:
        return "no stop", "the siding was not watched for long enough"
    return f"nothing by rail for {_size(rail[0])} in {len(rail[0].evidence)} looks", ""


def _trips(dossier: Dossier) -> tuple[str, str]:
    told = visits("Rajin", dossier.events, lambda _: UNKNOWN)
    stated = read_visits(shipped("cases/rajin", "datasets/rajin") / "visits.csv")
    counts = tallies(merged(told, stated), "Rajin")
    return (
        "; ".join(f"{one.rule}: at least {one.seen}, {one.inferred} inferred" for one in counts),
        "looks at the other ends are not published but for a few; 25, 26, 27 and 32 stay claims of "
        "sources that saw more images",
    )


def _resumption(dossier: Dossier) -> tuple[str, str]:
    found = [e for e in dossier.of(Kind.RESUMPTION, "Pier 1") if _in(e, (3, 9), (3, 11))]
    if not found:
        return "no resumption", "no halt before it"
    return f"{_span(found[0])} after {_size(found[0])}", ""


def _scenario(dossier: Dossier) -> tuple[str, str]:
    table = loads(shipped("cases/rajin", "datasets/rajin") / "loads.csv")
    told = [
        f"{low / 1e6:.1f} to {high / 1e6:.1f} million of {load.unit}"
        for load in table
        for low, high in [load.of(CONTAINERS)]
    ]
    return f"scenario, if all of 6,700 containers held nothing else: {' or '.join(told)}", ""


def _observability(dossier: Dossier) -> tuple[str, str]:
    seen = Observability.of(dossier.case.counts["Pier 2"])
    return (
        f"Pier 2: {seen.usable} usable days of {seen.days}, a ship on {seen.with_ship}",
        "published looks are a choice of those with something to tell; the 109 imaged days are "
        "not listed, so that shares of these looks say nothing of the sky",
    )


def _alternatives(dossier: Dossier) -> tuple[str, str]:
    without = [event for event in dossier.events if not event.alternatives]
    told = f"{len(dossier.events) - len(without)} of {len(dossier.events)} findings name theirs"
    return told, "some name none" if without else ""


_FINDINGS: tuple[tuple[str, Callable[[Dossier], tuple[str, str]]], ...] = (
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
    return event.began.by is not None and _at(*first, year) <= event.began.by < _at(*last, year)


def _first(events: Sequence[Event], since: tuple[int, int]) -> Event:
    return next(e for e in events if e.began.by is not None and e.began.by >= _at(*since))


def _days(one: Event, other: Event) -> float:
    if one.began.by is None or other.began.by is None:
        return float("nan")
    return (other.began.by - one.began.by) / timedelta(days=1)


def _span(event: Event) -> str:
    after, by = event.began.after, event.began.by
    return f"{after:%d %b} to {by:%d %b %Y}" if after and by else f"by {by:%d %b %Y}"


def _size(event: Event) -> str:
    if event.size is None:
        return "size unknown"
    size = event.size
    return f"{size.value:.0f} ({size.low:.0f} to {size.high:.0f}) {size.unit}"
