"""Stated and true probabilities of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from port_kinds_bench.judged_events import JudgedEvent
from port_kinds_bench.port_score import PortScore

BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Edges of the bands of stated probability."""
MIN_EVENTS, MAX_DIFFERENCE = 50, 0.05
"""A band of so many events is flagged if stated and true differ by more."""
_MOST_LISTED = 20
"""So many of the worst are listed."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Stated and true probability of some events."""

    kind: str
    """Kind of events."""
    where: str
    """Band of stated probability, or kind of port."""
    number: int
    stated: float
    true: float

    @classmethod
    def of(cls, kind: str, where: str, events: Sequence[JudgedEvent]) -> Reliability:
        """Compare the events, at least one, that can be judged."""
        stated = float(np.mean([event.stated for event in events]))
        true = float(np.mean([bool(event.true) for event in events]))
        return cls(kind=kind, where=where, number=len(events), stated=stated, true=true)

    @property
    def off(self) -> bool:
        """Whether stated and true differ by too much."""
        return self.number >= MIN_EVENTS and abs(self.stated - self.true) > MAX_DIFFERENCE

    def line(self) -> str:
        """Return it as a line of a table."""
        flag = "  *" if self.off else ""
        return (
            f"{self.kind:<24} {self.where:<16} {self.number:>6} {self.stated:>7.3f} "
            f"{self.true:>6.3f}{flag}"
        )


def reliabilities(events: Iterable[JudgedEvent]) -> list[Reliability]:
    """Return the reliability of each kind of event: over all its events, and by band."""
    by_kind: dict[str, list[JudgedEvent]] = defaultdict(list)
    for event in events:
        if event.true is not None:
            by_kind[event.kind].append(event)
    found = []
    for kind, own in sorted(by_kind.items()):
        found.append(Reliability.of(kind, "all", own))
        place = np.searchsorted(BANDS[1:-1], [event.stated for event in own], "right")
        for band, (low, high) in enumerate(pairwise(BANDS)):
            here = [event for event, p in zip(own, place.tolist(), strict=True) if p == band]
            if here:
                found.append(Reliability.of(kind, f"{low:g} to {high:g}", here))
    return found


def reliability_table(scores: Mapping[str, PortScore]) -> list[str]:
    """Return the lines of stated and true probabilities; * marks those that differ by too much."""
    events = [event for score in scores.values() for event in score.events]
    lines = ["reliability              stated           number  stated   true"]
    return lines + [one.line() for one in reliabilities(events)]


def farthest_off_table(scores: Mapping[str, PortScore]) -> list[str]:
    """Return the lines of the kinds of events and ports at which the two differ most."""
    cells = [
        Reliability.of(
            one.kind, name, [e for e in score.events if e.kind == one.kind and _known(e)]
        )
        for name, score in scores.items()
        for one in reliabilities(score.events)
        if one.where == "all"
    ]
    worst = sorted((one for one in cells if one.off), key=lambda one: -abs(one.stated - one.true))
    lines = ["farthest off             port             number  stated   true"]
    return lines + [one.line() for one in worst[:_MOST_LISTED]]


def _known(event: JudgedEvent) -> bool:
    return event.true is not None
