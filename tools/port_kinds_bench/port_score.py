"""All scores at one simulated port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from simulated_ports.kinds import KIND_BY_NAME
from simulated_ports.naive_calls import naive_calls
from simulated_ports.pier_observation import ObservedPier

from cv.events.event import Event
from cv.events.site_events import find_events
from port_kinds_bench.call_score import CallScore, MatchedCalls, ShownStays, score_calls
from port_kinds_bench.judged_events import JudgedEvent, PortId
from port_kinds_bench.pier_score import PierScore, score_pier
from port_kinds_bench.simple_warnings import Rule, rule_alarms
from port_kinds_bench.warning_score import WarningScore, score_warnings


@dataclass(frozen=True, kw_only=True, eq=False)
class PortScore:
    """All scores at one port, or the sum of those of one kind."""

    piers: tuple[PierScore, ...]
    naive: tuple[CallScore, ...]
    """Of calls by the count of hulls, of each pier."""
    naive_certain: tuple[CallScore, ...]
    """Of calls by the lower end of its interval."""
    rules: tuple[dict[str, WarningScore], ...]
    """Of simple warnings, of each pier."""

    def __add__(self, other: PortScore) -> PortScore:
        return PortScore(
            piers=self.piers + other.piers,
            naive=self.naive + other.naive,
            naive_certain=self.naive_certain + other.naive_certain,
            rules=self.rules + other.rules,
        )

    @property
    def calls(self) -> CallScore:
        """Of all piers."""
        return reduce(add, [pier.calls for pier in self.piers])

    @property
    def warnings(self) -> WarningScore:
        """Of all piers."""
        return reduce(add, [pier.warnings for pier in self.piers])

    @property
    def events(self) -> list[JudgedEvent]:
        """Of all piers."""
        return [event for pier in self.piers for event in pier.events]


def score_port(port: PortId, days: int, rules: Sequence[Rule]) -> PortScore:
    """Simulate a port, find its events and score them and the simple rules."""
    piers = KIND_BY_NAME[port.kind].simulate(port.seed, port.number, days)
    by_name = {pier.name: pier for pier in piers}
    events = find_events({pier.name: pier.series for pier in piers})
    return score_events(port, by_name, events, rules)


def score_events(
    port: PortId, piers: dict[str, ObservedPier], events: Sequence[Event], rules: Sequence[Rule]
) -> PortScore:
    """Score the `events` at the `piers` of a port, and the simple rules there."""
    naive, certain = (
        tuple(
            score_calls(
                pier, ShownStays.of(pier), MatchedCalls.of(pier, naive_calls(pier.series, sure))
            )
            for pier in piers.values()
        )
        for sure in (False, True)
    )
    return PortScore(
        piers=tuple(score_pier(port, pier, piers, events) for pier in piers.values()),
        naive=naive,
        naive_certain=certain,
        rules=tuple(
            {rule[0]: score_warnings(pier, rule_alarms(pier, *rule)) for rule in rules}
            for pier in piers.values()
        ),
    )
