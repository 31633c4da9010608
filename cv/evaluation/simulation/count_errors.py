"""What a detector makes of a pier: counts with errors, by default those assumed of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cv.counting.count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.site import PierRole

LEVEL = 0.9
_ENDS = 1.6449  # standard deviations from the middle to either end at LEVEL
_COUNTED, _PARTIAL = 0.98, 0.1


@dataclass(frozen=True)
class CountErrorModel:
    """How a detector errs."""

    shared_sd: float = 0.05
    """Standard deviation of the relative error that all boxes of a scene share."""
    own_variance: float = 0.45
    """Variance of the count for each box, beside that."""
    false_containers: float = 0.6
    """Mean number of false boxes on a pier."""
    ship_recall: float = 0.80
    """Probability that a ship is seen at a berth in full view."""
    doubtful_share: float = 0.75
    """Share of seen ships of which the interval reaches down to none."""
    false_ship_probability: float = 0.012
    """Probability of a false ship in a look; one in ten of them looks certain."""
    hull_length_sd: float = 0.03
    """Standard deviation of the relative error of a hull's length."""


@dataclass(frozen=True)
class SimulatedPier:
    """A pier to look at."""

    name: str
    role: PierRole


@dataclass(frozen=True)
class PierTruth:
    """What is there at the moment of a look."""

    containers: float
    """Containers whose roofs show."""
    hull_m: float
    """Length of the ship at the berth, metres; 0 without one."""


def simulate_count(
    rng: np.random.Generator,
    place: SimulatedPier,
    at: datetime,
    shown: float,
    truth: PierTruth,
    errors: CountErrorModel,
) -> PierCount:
    """The count of `place` in a scene that shows a share `shown` of it."""
    status = CountStatus.COUNTED if shown >= _COUNTED else CountStatus.PARTIAL
    if shown < _PARTIAL:
        status = CountStatus.NOT_VISIBLE
    seen = status is not CountStatus.NOT_VISIBLE
    boxes = _boxes(rng, truth.containers * shown, errors) if seen else UNKNOWN
    ships, hulls = _ships(rng, truth, shown, errors) if seen else (UNKNOWN, ())
    return PierCount(
        scene=f"{place.name} {at:%Y%m%dT%H%M%S}",
        pier=place.name,
        role=place.role,
        acquired=at,
        status=status,
        reason="" if status is CountStatus.COUNTED else "cloud",
        visible_fraction=shown,
        berth_visible_fraction=shown,
        visibility="udm2",
        radiometry="simulated",
        containers=boxes,
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
        place=place.name,
    )


def _boxes(rng: np.random.Generator, number: float, errors: CountErrorModel) -> Estimate:
    spread = float(np.sqrt((errors.shared_sd * number) ** 2 + errors.own_variance * number))
    drawn = number + spread * rng.standard_normal() + rng.poisson(errors.false_containers)
    value = max(0.0, float(np.rint(drawn)))
    told = float(np.sqrt((errors.shared_sd * value) ** 2 + errors.own_variance * value + errors.false_containers))
    return Estimate(value, max(0.0, value - _ENDS * told), value + _ENDS * told)


def _ships(
    rng: np.random.Generator, truth: PierTruth, shown: float, errors: CountErrorModel
) -> tuple[Estimate, tuple[BerthedHull, ...]]:
    """A ship that lies in what is shown is found at times, and at times one that is not there."""
    there = truth.hull_m > 0 and rng.random() < shown
    if there and rng.random() < errors.ship_recall:
        low = 0.0 if rng.random() < errors.doubtful_share else 1.0
        length = truth.hull_m * (1 + errors.hull_length_sd * rng.standard_normal())
    elif rng.random() < errors.false_ship_probability:
        low = 1.0 if rng.random() < 1 / 10 else 0.0
        length = float(rng.uniform(60.0, 160.0))
    else:
        return Estimate(0.0, 0.0, 1.0), ()
    hull = BerthedHull(length, length / 6.5, float("nan"), 0.6 + 0.3 * low, (0.0, 0.0))
    return Estimate(1.0, low, 2.0), (hull,)
