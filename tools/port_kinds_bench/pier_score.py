"""All scores of one simulated pier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from simulated_ports.event_metrics import Proportion
from simulated_ports.event_truth import StatedTimes
from simulated_ports.pier_observation import ObservedPier
from simulated_ports.port import START

from cv.events.event import Event, EventKind
from cv.events.rules.throughput import estimate_throughput
from port_kinds_bench.call_score import CallScore, MatchedCalls, ShownStays, score_calls
from port_kinds_bench.event_judge import EventJudge
from port_kinds_bench.judged_events import JudgedEvent, JudgedStay, PortId
from port_kinds_bench.warning_score import WarningScore, score_warnings


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What ships took from (brought to) one pier: stated at least, about, and true."""

    at_least: float
    about: float
    true: float


def share_held(amounts: Sequence[Amounts]) -> Proportion:
    """Return the share of amounts of which no more is stated than is true."""
    return Proportion(sum(one.at_least <= one.true for one in amounts), len(amounts))


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
    judge = EventJudge(port, pier, others, calls, stays)
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
            judge.judge(i, event, one)
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
