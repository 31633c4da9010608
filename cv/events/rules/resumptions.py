"""Resumptions: the call that ends a halt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cv.events.event import Event, EventKind
from cv.events.rules.halts import Halt

_ALTERNATIVES = ("calls that no observation shows came before it",)


def find_resumptions(halts: Sequence[Halt], calls: Sequence[Event]) -> tuple[Event, ...]:
    """Return the calls that ended `halts`, by time; `size` is the duration of the halt, days.

    `confidence` is the probability that a ship was there and that none came before it.
    """
    resumptions = []
    for halt in halts:
        if halt.began.earliest is None or halt.ended.latest is None:
            continue  # what was before it, or after it, is not known
        call = next((call for call in calls if call.began == halt.ended), None)
        if call is not None:
            resumptions.append(
                replace(
                    call,
                    kind=EventKind.RESUMPTION,
                    size=halt.size,
                    confidence=call.confidence * halt.confidence,
                    alternatives=_ALTERNATIVES,
                )
            )
    return tuple(resumptions)
