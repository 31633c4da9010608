"""The habits of a pier, each with a wide prior: its berth, its detector, its cargo.

They are learned from the pier's own record (`cv.events.model.posterior`). The priors are the same
for all piers: so many observed calls, images or days weigh as much as they do. They are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cv.geometry.arrays import Float64Array
from cv.site import PierRole

PRIOR_CALL_INTERVAL_D, PRIOR_CALLS = 8.0, 2.0
"""Prior mean time from call to call, days, with the weight of so many calls."""
PRIOR_STAY_D, PRIOR_STAY_LOG_SD = 1.3, 0.8
"""Prior of the mean stay: median, days, and standard deviation of its logarithm."""
PRIOR_HALT_SHARE, PRIOR_HALT_CALLS = 0.03, 20.0
"""Prior share of calls after which the berth falls out of use, with the weight of so many calls."""
PRIOR_RECALL, PRIOR_RECALL_IMAGES = 0.75, 12.0
"""Prior share of images that show a ship that is there, with the weight of so many images."""
PRIOR_FALSE, PRIOR_FALSE_IMAGES = 0.02, 50.0
"""Prior share of images that show a ship that is not there, with the weight of so many images."""
PRIOR_FLOW_PER_D, PRIOR_FLOW_D = 0.08, 12.0
"""Prior rate at which cargo comes by land, and at which it leaves, a day, with the weight of so
many days."""
PRIOR_HANDLING_CALLS = 4.0
"""Weight of the prior of what ships do, calls."""
MIN_LOAD = 20.0
"""Smallest scale of a change, containers."""
NO_CHANGE, LOADS, UNLOADS, BOTH = range(4)
"""What a ship does to the containers of a pier."""

_PRIOR_HANDLING = {
    PierRole.EXPORT: (0.25, 0.50, 0.08, 0.17),
    PierRole.IMPORT: (0.25, 0.08, 0.50, 0.17),
}
_ANY_HANDLING = (0.30, 0.28, 0.24, 0.18)


@dataclass(frozen=True, kw_only=True)
class BerthHabits:
    """How often ships call and how long they stay."""

    call_interval_d: float = PRIOR_CALL_INTERVAL_D
    """Mean time from one arrival to the next while the berth is in use, days."""
    stay_d: float = PRIOR_STAY_D
    """Mean time from arrival to departure, days."""
    halt_share: float = PRIOR_HALT_SHARE
    """Share of calls after which the berth falls out of use for long."""
    halt_d: float = 40.0
    """Mean time it is then out of use, days."""


@dataclass(frozen=True, kw_only=True)
class DetectorHabits:
    """How well ships at this berth are seen."""

    recall: float = PRIOR_RECALL
    """Share of images of a ship that show it."""
    false_share: float = PRIOR_FALSE
    """Share of images without a ship that show one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CargoHabits:
    """How containers come to a pier and leave it."""

    load: float = MIN_LOAD
    """Scale of a large change, containers."""
    inflow_per_d: float = PRIOR_FLOW_PER_D
    """Rate at which cargo comes by land, a day."""
    outflow_per_d: float = PRIOR_FLOW_PER_D
    """Rate at which cargo leaves by land, a day."""
    handling: Float64Array = field(default_factory=lambda: np.array(_ANY_HANDLING))
    """(4,) share of ships that do each of NO_CHANGE, LOADS, UNLOADS, BOTH."""


@dataclass(frozen=True, kw_only=True)
class PierParameters:
    """All habits of one pier."""

    berth: BerthHabits
    detector: DetectorHabits
    cargo: CargoHabits
    served_by_ships: bool = True
    """Whether there is a berth that is not a rail siding's."""

    @classmethod
    def prior(cls, role: PierRole, has_berth: bool, containers: Float64Array) -> PierParameters:
        """Return the habits that a pier is taken to have before its record is read.

        `containers` (n,) are its counts: their spread gives the scale of a load.
        """
        known = containers[np.isfinite(containers)]
        load = float(np.quantile(known, 0.95)) if len(known) else 0.0
        handling = np.array(_PRIOR_HANDLING.get(role, _ANY_HANDLING))
        return cls(
            berth=BerthHabits(),
            detector=DetectorHabits(),
            cargo=CargoHabits(load=max(MIN_LOAD, load), handling=handling),
            served_by_ships=has_berth and role is not PierRole.RAIL,
        )

    def with_calls(self, calls: float, used_d: float, stay_d: float) -> PierParameters:
        """Return these parameters with `calls` of `stay_d` each in `used_d` days of use."""
        interval = (used_d + PRIOR_CALL_INTERVAL_D * PRIOR_CALLS) / (calls + PRIOR_CALLS)
        stay = min(stay_d, 0.7 * interval)
        return replace(self, berth=replace(self.berth, call_interval_d=interval, stay_d=stay))
