"""The truth of each event of a pier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
from simulated_ports import event_truth
from simulated_ports.event_truth import StatedTimes
from simulated_ports.pier_observation import ObservedPier

from cv.events.event import Event, EventKind
from port_kinds_bench.call_score import MatchedCalls
from port_kinds_bench.judged_events import JudgedEvent, PortId


@dataclass(frozen=True)
class _Truth:
    """Whether an event is true, and its true size."""

    true: bool | None
    """None: the history ends too early to say."""
    size: float | None = None
    """None where it is not defined."""
    strictly: bool | None = None
    """By a stricter definition; None: the same."""


@dataclass(frozen=True, eq=False)
class EventJudge:
    """Judges the events of one pier."""

    port: PortId
    pier: ObservedPier
    others: Mapping[str, ObservedPier]
    """All piers of its port, by name."""
    calls: MatchedCalls
    stays: Mapping[int, int]
    """The stay of each event that is a true call, by the place of the event."""

    def judge(self, i: int, event: Event, times: StatedTimes) -> JudgedEvent:
        """Judge event `i` of the pier."""
        truth = self._truth(i, event, times)
        stated = event.size
        return JudgedEvent(
            port_kind=self.port.kind,
            seed=self.port.seed,
            port=self.port.number,
            pier=self.pier.name,
            kind=event.kind.value,
            stated=event.confidence,
            true=truth.true,
            strictly_true=truth.true if truth.strictly is None else truth.strictly,
            begins_after=_finite(times.begins_after),
            begins_by=_finite(times.begins_by),
            ends_after=_finite(times.ends_after),
            ends_by=_finite(times.ends_by),
            size=stated.value if stated else None,
            size_low=stated.low if stated else None,
            size_high=stated.high if stated else None,
            true_size=truth.size,
        )

    def _truth(self, i: int, event: Event, times: StatedTimes) -> _Truth:
        """Return the truth of event `i`; `event_truth` defines it for each kind."""
        history = self.pier.history
        match event.kind:
            case EventKind.CALL | EventKind.UNSEEN_CALL:
                return self._truth_of_call(i, event, times)
            case EventKind.LOADING | EventKind.UNLOADING:
                took, brought = event_truth.shipped_during(history, times)
                moved = -took if event.kind is EventKind.LOADING else brought
                return _Truth(self._call_of(times) is not None and moved != 0, float(moved))
            case EventKind.WARNING:
                comes = event_truth.ship_arrives(history, times.begins_by)
                return _Truth(comes, self._containers_at(times.begins_by))
            case EventKind.STOCKPILE:
                peak = event_truth.true_peak(history, times)
                return _Truth(event_truth.is_stockpile(history, times), peak)
            case EventKind.DWELL:
                number = self._containers_at(times.begins_by)
                return _Truth(event_truth.is_dwell(history, times), number)
            case EventKind.INFLOW_STOPPED:
                return _Truth(event_truth.is_inflow_stopped(history, times))
            case EventKind.HALT:
                quiet = event_truth.no_ship_during(history, times)
                return _Truth(event_truth.no_call_within(history, times), strictly=quiet)
            case EventKind.RESUMPTION:
                pause = event.size.low if event.size else 0.0
                return _Truth(event_truth.is_resumption(history, self._call_of(times), pause))
            case EventKind.STANDING_HULL:
                objects = self.pier.observation.standing_objects
                return _Truth(event_truth.is_standing_hull(history, objects, times))
            case EventKind.BERTH_SHIFT:
                there = self.others[str(getattr(event, "to_pier", self.pier.name))].history
                return _Truth(event_truth.is_berth_shift(history, there, times))
        return _Truth(None)

    def _truth_of_call(self, i: int, event: Event, times: StatedTimes) -> _Truth:
        history = self.pier.history
        if event.kind is EventKind.UNSEEN_CALL:
            took, brought = event_truth.shipped_during(history, times)
            return _Truth(i in self.stays, float(brought - took))
        if i not in self.stays:
            return _Truth(False)
        stay = history.stays[self.stays[i]]
        exact = event_truth.arrived_in(times, stay) and event_truth.departed_in(times, stay)
        return _Truth(True, stay.length_m, strictly=exact)

    def _containers_at(self, day: float) -> float:
        """Return how many containers were on the pier at a time, days since the start."""
        return float(self.pier.history.number_at(np.array([day]))[0])

    def _call_of(self, times: StatedTimes) -> int | None:
        """Return the stay of the true call with these times, or None."""
        for call, stay in self.calls.stay_of_seen.items():
            if self.calls.seen[call] == times:
                return stay
        return None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
