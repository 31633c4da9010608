"""Laid-up hulls: a hull lies at a pier for weeks, laid up, under repair, or not a ship at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from cv.events.event import Event, EventKind

MIN_DURATION = timedelta(days=14)
"""A shorter stay is an ordinary call."""
_ALTERNATIVES = (
    "a barge, a pontoon or a structure of the pier",
    "several ships of one length, one after another",
)


def find_laid_up_hulls(calls: Sequence[Event]) -> tuple[Event, ...]:
    """Return those of `calls` that lasted for weeks, first to last observation with the ship."""
    return tuple(
        replace(call, kind=EventKind.STANDING_HULL, alternatives=_ALTERNATIVES)
        for call in calls
        if call.began.latest
        and call.ended.earliest
        and call.ended.earliest - call.began.latest >= MIN_DURATION
    )
