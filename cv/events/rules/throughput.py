"""Throughput: how many containers ships took from a pier and put on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cv.events.constants import NEAR_CERTAIN
from cv.events.event import Event, EventKind


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Containers that the calls at one pier handled.

    Each number is low: what comes and goes between two observations does not show.
    """

    pier: str
    calls: int
    """Observed calls."""
    inferred: int
    """Calls that no observation shows."""
    loaded_at_least: float
    """Containers loaded: sum of the lower ends of the nearly certain changes."""
    unloaded_at_least: float
    """The same of containers unloaded."""
    loaded_about: float
    """Containers loaded in all calls, inferred ones too; a call without an observation before or
    after it counts as the mean of the others."""
    unloaded_about: float
    """The same of containers unloaded."""


def estimate_throughput(pier: str, events: Sequence[Event]) -> Throughput:
    """Return the throughput of `pier` over all its `events` (those of others are left out)."""
    own = [event for event in events if event.pier == pier]
    calls = [event for event in own if event.kind is EventKind.CALL]
    unseen = [event for event in own if event.kind is EventKind.UNSEEN_CALL]
    open_ended = sum(call.began.earliest is None or call.ended.latest is None for call in calls)
    scale = 1 + open_ended / max(1, len(calls) - open_ended)
    loaded, unloaded = _total(own, EventKind.LOADING, -1.0), _total(own, EventKind.UNLOADING, 1.0)
    return Throughput(
        pier=pier,
        calls=len(calls),
        inferred=len(unseen),
        loaded_at_least=_lower_bound(own, EventKind.LOADING),
        unloaded_at_least=_lower_bound(own, EventKind.UNLOADING),
        loaded_about=loaded * scale + _total(unseen, EventKind.UNSEEN_CALL, -1.0),
        unloaded_about=unloaded * scale + _total(unseen, EventKind.UNSEEN_CALL, 1.0),
    )


def _total(events: Sequence[Event], kind: EventKind, sign: float) -> float:
    """Return the positive sum of the changes of one kind with one sign, containers."""
    sizes = [event.size.value for event in events if event.kind is kind and event.size]
    return float(sum(size * sign for size in sizes if size * sign > 0))


def _lower_bound(events: Sequence[Event], kind: EventKind) -> float:
    """Return the sum of the interval ends nearest to zero of the nearly certain changes."""
    sizes = [e.size for e in events if e.kind is kind and e.size and e.confidence >= NEAR_CERTAIN]
    return float(sum(min(abs(size.low), abs(size.high)) for size in sizes))
