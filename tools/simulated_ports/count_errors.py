"""Simulated counts: what a detector with known errors makes of a pier.

The errors are those assumed of the released detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import nan, sqrt

import numpy as np
from shapely.geometry.base import BaseGeometry

from cv.counting.pier_count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.counting.uncertainty import LEVEL, SIMULATION_Z
from cv.site import PierRole

_MIN_COUNTED, _MIN_PARTIAL = 0.98, 0.1
"""Visible share from which on a pier is counted, and from which on it is partial."""
_SHARED_SD, _VARIANCE_PER_CONTAINER = 0.05, 0.45
"""Relative error that all containers of a scene share, and the variance of each one's own."""
_FALSE_CONTAINERS = 0.6
"""Mean number of false containers on a pier."""
_SHIP_RECALL, _DOUBTFUL_SHARE = 0.8, 0.75
"""Probability that a ship at a fully visible berth is found, and the share of found ships whose
interval reaches down to none."""
_FALSE_SHIPS, _CERTAIN_FALSE_SHARE = 0.012, 0.1
"""Probability of a false ship in an observation, and the share of false ships whose interval does
not reach down to none."""
_LENGTH_ERROR = 0.03
"""Standard deviation of the relative error of a hull's length."""


@dataclass(frozen=True)
class SimulatedPier:
    """A pier of the simulated port."""

    name: str
    role: PierRole


@dataclass(frozen=True)
class PierTruth:
    """What is on a pier at one moment."""

    containers: float
    """Containers whose roofs are visible from above."""
    hull_m: float
    """Length of the ship at the berth, metres; 0 without one."""


@dataclass(frozen=True)
class PierView:
    """What a scene shows of a pier."""

    visible: float
    """Visible share of its area, 0 to 1."""
    containers: float
    """Share of its containers that stand there, 0 to 1."""
    unseen: BaseGeometry
    """What is not visible, in EPSG:4326."""


def simulate_count(
    rng: np.random.Generator, pier: SimulatedPier, time: datetime, view: PierView, truth: PierTruth
) -> PierCount:
    """Draw the count of `pier` in a scene with a `view` of it."""
    visible = view.visible
    status = CountStatus.COUNTED if visible >= _MIN_COUNTED else CountStatus.PARTIAL
    containers = ships = UNKNOWN
    hulls: tuple[BerthedHull, ...] = ()
    if visible < _MIN_PARTIAL:
        status = CountStatus.NOT_VISIBLE
    else:
        containers = _containers(rng, truth.containers * view.containers)
        ships, hulls = _ships(rng, truth, visible)
    return PierCount(
        scene=f"{pier.name} {time:%Y%m%dT%H%M%S}",
        pier=pier.name,
        role=pier.role,
        acquired=time,
        status=status,
        reason="" if status is CountStatus.COUNTED else "cloud",
        visible_fraction=visible,
        berth_visible_fraction=visible,
        visibility="udm2",
        radiometry="simulated",
        containers=containers,
        teu=UNKNOWN,
        hulls=ships,
        aboard=UNKNOWN,
        stacks=(),
        berthed=hulls,
        gsd_m=(0.5, 0.5),
        method="resolved",
        interval_level=LEVEL,
        interval_calibrated=True,
        model="simulated",
        settings="simulated",
        place=pier.name,
        unseen=view.unseen,
    )


def _containers(rng: np.random.Generator, number: float) -> Estimate:
    """Draw a count of `number` containers, with the interval that the detector reports."""
    drawn = number + sqrt(_variance(number)) * rng.standard_normal()
    value = max(0.0, float(np.rint(drawn + rng.poisson(_FALSE_CONTAINERS))))
    half_width = SIMULATION_Z * sqrt(_variance(value) + _FALSE_CONTAINERS)
    return Estimate(value, max(0.0, value - half_width), value + half_width)


def _variance(number: float) -> float:
    return (_SHARED_SD * number) ** 2 + _VARIANCE_PER_CONTAINER * number


def _ships(
    rng: np.random.Generator, truth: PierTruth, visible: float
) -> tuple[Estimate, tuple[BerthedHull, ...]]:
    """Draw the ship count: the true ship if visible and found, or else sometimes a false one.

    Hulls have no score: its interval is all that this detector says of how sure it is.
    """
    in_view = truth.hull_m > 0 and rng.random() < visible
    if in_view and rng.random() < _SHIP_RECALL:
        low = 0.0 if rng.random() < _DOUBTFUL_SHARE else 1.0
        length = truth.hull_m * (1 + _LENGTH_ERROR * rng.standard_normal())
    elif rng.random() < _FALSE_SHIPS:
        low = 1.0 if rng.random() < _CERTAIN_FALSE_SHARE else 0.0
        length = float(rng.uniform(60.0, 160.0))
    else:
        return Estimate(0.0, 0.0, 1.0), ()
    hull = BerthedHull(length, length / 6.5, nan, nan, (0.0, 0.0))
    return Estimate(1.0, low, 2.0), (hull,)
