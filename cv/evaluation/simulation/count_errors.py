"""Simulated counts: what a detector with known errors makes of a pier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cv.counting.count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.counting.uncertainty import LEVEL, SIMULATION_Z
from cv.site import PierRole

_MIN_COUNTED, _MIN_PARTIAL = 0.98, 0.1
"""Visible share from which on a pier is counted, and from which on it is partial."""
_CERTAIN_FALSE_SHARE = 1 / 10
"""Share of false ships whose interval does not reach down to none."""


@dataclass(frozen=True, kw_only=True)
class CountErrorModel:
    """Errors of a detector; by default those assumed of the released one."""

    shared_sd: float = 0.05
    """Standard deviation of the relative error that all containers of a scene share."""
    own_variance: float = 0.45
    """Variance of the count per container, beside that."""
    false_containers: float = 0.6
    """Mean number of false containers on a pier."""
    ship_recall: float = 0.80
    """Probability that a ship at a fully visible berth is found."""
    doubtful_share: float = 0.75
    """Share of found ships whose interval reaches down to none."""
    false_ship_probability: float = 0.012
    """Probability of a false ship in an observation."""
    hull_length_sd: float = 0.03
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


def simulate_count(
    rng: np.random.Generator,
    pier: SimulatedPier,
    time: datetime,
    visible: float,
    truth: PierTruth,
    errors: CountErrorModel,
) -> PierCount:
    """Draw the count of `pier` in a scene that shows a share `visible` of it."""
    status = CountStatus.COUNTED if visible >= _MIN_COUNTED else CountStatus.PARTIAL
    containers = ships = UNKNOWN
    hulls: tuple[BerthedHull, ...] = ()
    if visible < _MIN_PARTIAL:
        status = CountStatus.NOT_VISIBLE
    else:
        containers = _container_estimate(rng, truth.containers * visible, errors)
        ships, hulls = _ships(rng, truth, visible, errors)
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
    )


def _container_estimate(
    rng: np.random.Generator, number: float, errors: CountErrorModel
) -> Estimate:
    """Draw a count of `number` containers, with the interval that the detector reports."""
    sd = float(np.sqrt((errors.shared_sd * number) ** 2 + errors.own_variance * number))
    drawn = number + sd * rng.standard_normal() + rng.poisson(errors.false_containers)
    value = max(0.0, float(np.rint(drawn)))
    variance = (errors.shared_sd * value) ** 2 + errors.own_variance * value
    half_width = SIMULATION_Z * float(np.sqrt(variance + errors.false_containers))
    return Estimate(value, max(0.0, value - half_width), value + half_width)


def _ships(
    rng: np.random.Generator, truth: PierTruth, visible: float, errors: CountErrorModel
) -> tuple[Estimate, tuple[BerthedHull, ...]]:
    """Draw the ship count: the true ship if visible and found, or else sometimes a false one."""
    in_view = truth.hull_m > 0 and rng.random() < visible
    if in_view and rng.random() < errors.ship_recall:
        low = 0.0 if rng.random() < errors.doubtful_share else 1.0
        length = truth.hull_m * (1 + errors.hull_length_sd * rng.standard_normal())
    elif rng.random() < errors.false_ship_probability:
        low = 1.0 if rng.random() < _CERTAIN_FALSE_SHARE else 0.0
        length = float(rng.uniform(60.0, 160.0))
    else:
        return Estimate(0.0, 0.0, 1.0), ()
    hull = BerthedHull(length, length / 6.5, float("nan"), 0.6 + 0.3 * low, (0.0, 0.0))
    return Estimate(1.0, low, 2.0), (hull,)
