"""Metrics of weather: the calls found at a port under it, against those found in clear weather."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cv.counting.pier_count import PierCount
from cv.events.event import FIRST_TIME, Event
from cv.events.rules.ship_calls import CALLS
from simulated_ports.event_metrics import Proportion

_LAST_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class WeatherMetrics:
    """What weather changes; the metrics of several piers can be added."""

    found: Proportion
    """Calls found in clear weather that are found under it."""
    in_time: Proportion
    """Of those, that are found at the same observation, or at the first after it that the weather
    left as it was."""
    added: int
    """Calls found under it alone."""

    def __add__(self, other: WeatherMetrics) -> WeatherMetrics:
        return WeatherMetrics(
            found=self.found + other.found,
            in_time=self.in_time + other.in_time,
            added=self.added + other.added,
        )


def compare_weather(
    clear: Sequence[PierCount],
    clear_events: Iterable[Event],
    under: Sequence[PierCount],
    under_events: Iterable[Event],
) -> WeatherMetrics:
    """Compare the calls at one pier, in `clear` weather and `under` another.

    Both are counts of the same scenes, by time, with the events of this pier that were found from
    them. Two calls are one if they may have been at the same time; each is matched once.
    """
    spared = [
        one.acquired
        for one, other in zip(clear, under, strict=True)
        if one == other and one.containers.known and one.acquired
    ]
    left = [event for event in under_events if event.kind in CALLS]
    calls = [event for event in clear_events if event.kind in CALLS]
    delays = []
    for call in calls:
        same = next((other for other in left if _overlap(call, other)), None)
        if same is not None:
            left.remove(same)
            delays.append((_seen(call), _seen(same)))
    timely = [not any(first <= time < then for time in spared) for first, then in delays]
    return WeatherMetrics(
        found=Proportion(len(delays), len(calls)),
        in_time=Proportion(sum(timely), len(timely)),
        added=len(left),
    )


def _seen(call: Event) -> datetime:
    """Return the first observation by which a call had begun."""
    return call.began.latest or FIRST_TIME


def _overlap(one: Event, other: Event) -> bool:
    (begin, end), (other_begin, other_end) = (
        (call.began.earliest or FIRST_TIME, call.ended.latest or _LAST_TIME)
        for call in (one, other)
    )
    return begin < other_end and other_begin < end
