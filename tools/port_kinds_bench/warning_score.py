"""How well warnings that a ship is due work at a pier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import numpy as np
from simulated_ports import event_truth
from simulated_ports.event_metrics import FieldSum, Proportion
from simulated_ports.pier_history import PierHistory, TrueStay
from simulated_ports.pier_observation import ObservedPier
from simulated_ports.port import START
from warning_baselines import Alarm

from cv.counting.pier_count import CountStatus

MIN_GATHERED = 10
"""Fewer containers before a ship are no gathering that a warning is expected of."""
_EVIDENT_SHARE = 0.3
"""Cargo is evident when this share of what gathers has come, and `MIN_GATHERED`."""
_NONE = Proportion()


@dataclass(frozen=True, kw_only=True)
class WarningScore(FieldSum):
    """How well warnings work; scores of several piers can be added."""

    years: float = 0.0
    warned: Proportion = _NONE
    """Gatherings with a clear image between the first cargo and the arrival; warned of."""
    evident: Proportion = _NONE
    """Those of them with a clear image when much cargo was there; warned of."""
    given: int = 0
    false: int = 0
    """Warnings without an arrival within seven days."""
    baseless: int = 0
    """Those of them that were active during no gathering either."""
    late: int = 0
    """Warnings that were first stated when a ship was there."""
    active_d: float = 0.0
    """Time during which a warning was active, days."""
    leads_d: tuple[float, ...] = ()

    @property
    def active_share(self) -> float:
        """Share of the time during which a warning was active."""
        return self.active_d / self.years / 365.0 if self.years else 0.0

    @property
    def false_per_year(self) -> float:
        """False warnings per pier and year."""
        return self.false / self.years if self.years else 0.0

    @property
    def lead_d(self) -> float:
        """Median lead, days."""
        return median(self.leads_d) if self.leads_d else 0.0


def score_warnings(pier: ObservedPier, alarms: Sequence[Alarm]) -> WarningScore:
    """Score warnings at a pier.

    A gathering is warned of if a warning is active between the first cargo for a ship and its
    arrival. A lead counts from the warning, or from the first cargo if the warning is older.
    """
    history = pier.history
    arrives = [event_truth.ship_arrives(history, start) for start, _ in alarms]
    false = [alarm for alarm, comes in zip(alarms, arrives, strict=True) if comes is False]
    gatherings = [(stay.gathering_d, stay.arrival_d) for _, stay in _gatherings(history)]
    return _score_gatherings(pier, alarms) + WarningScore(
        years=history.days / 365.0,
        given=len(alarms),
        false=len(false),
        baseless=sum(not any(_overlap(alarm, one) for one in gatherings) for alarm in false),
        late=sum(event_truth.ship_present(history, start) for start, _ in alarms),
        active_d=sum(max(0.0, min(last, history.days) - first) for first, last in alarms),
    )


def _score_gatherings(pier: ObservedPier, alarms: Sequence[Alarm]) -> WarningScore:
    """Return which gatherings that images show were warned of, and how early."""
    boxes = pier.history.containers
    clear = np.array([c.acquired for c in pier.series if c.status is CountStatus.COUNTED])
    clear_d = np.array([(time - START) / timedelta(days=1) for time in clear], dtype=np.float64)
    leads, warned, evident = [], [], []
    for number, stay in _gatherings(pier.history):
        images = clear_d[(clear_d >= stay.gathering_d) & (clear_d < stay.arrival_d)]
        if not len(images):
            continue
        active = [one for one in alarms if _overlap(one, (stay.gathering_d, stay.arrival_d))]
        warned.append(bool(active))
        if active:
            leads.append(stay.arrival_d - max(min(active)[0], stay.gathering_d))
        own = np.sort(boxes.came_d[boxes.meant_for == number])
        there = np.searchsorted(own, images[-1], "right")
        if there >= max(MIN_GATHERED, _EVIDENT_SHARE * stay.gathered):
            evident.append(bool(active))
    return WarningScore(
        warned=Proportion(sum(warned), len(warned)),
        evident=Proportion(sum(evident), len(evident)),
        leads_d=tuple(leads),
    )


def _gatherings(history: PierHistory) -> Iterator[tuple[int, TrueStay]]:
    """Yield the stays that a warning is expected of, with their numbers."""
    for number, stay in enumerate(history.stays):
        if stay.gathered >= MIN_GATHERED and 0 < stay.arrival_d < history.days:
            yield number, stay


def _overlap(one: Alarm, other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
