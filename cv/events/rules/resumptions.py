"""Resumption: the call that ends a halt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cv.events.event import Event, EventKind
from cv.events.rules.halts import Halt

_OTHERWISE = ("calls that no look shows came before it",)


def find_resumptions(halts: Sequence[Halt], calls: Sequence[Event]) -> tuple[Event, ...]:
    """The calls that ended `halts`, by time; `size` is how long the halt was, days.

    As sure as that a ship was there, and that none came before it.
    """
    found = []
    for halt in halts:
        if halt.began.earliest is None or halt.ended.latest is None:
            continue  # what was before it, or is after it, is not known
        first = [call for call in calls if call.began == halt.ended]
        found += [
            replace(
                call,
                kind=EventKind.RESUMPTION,
                size=halt.size,
                confidence=call.confidence * halt.confidence,
                alternatives=_OTHERWISE,
            )
            for call in first[:1]
        ]
    return tuple(found)
