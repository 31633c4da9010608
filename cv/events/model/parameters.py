"""Parameters of a pier: how often ships call, how long they stay, how containers come and go."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cv.events.constants import SHIP_RECALL
from cv.events.model.observations import PierObservations
from cv.geometry.arrays import BoolArray, Float64Array
from cv.site import PierRole

_MIN_LOAD = 20.0
"""Smallest load, containers."""
_PRIOR_CALL_INTERVAL_D, _PRIOR_CALLS = 8.0, 2.0
"""Prior mean time from call to call, days, with the weight of so many observed calls."""
_MAX_WATCHED_D = 2.0
"""At most this much of a gap between two observations counts as watched, days."""
_PRIOR_STAY_D, _PRIOR_STAY_LOG_SD = 1.3, 0.5
"""Prior of the mean stay: median, days, and standard deviation of its logarithm."""
_STAYS_D = np.geomspace(0.3, 8.0, 34)
"""Grid of mean stays whose posteriors are compared, days."""
_MAX_STAY_GAP_D = 3.0
"""Observations farther apart carry no information on one stay, days."""

_MIN_CHANGE_SD = 2.0
"""Part of the standard deviation of any change that does not grow with the load, containers."""


@dataclass(frozen=True)
class CargoChange:
    """A Gaussian change of the number of containers by one ship."""

    kept_share: float
    """Mean share of the containers before that stay."""
    added_loads: float
    """Mean number of containers that come, in loads."""
    kept_sd: float
    """Standard deviation of what stays, as a share of the number before."""
    added_sd: float
    """Standard deviation of what comes, in loads."""

    def coefficients(self, load: float) -> tuple[float, float, float, float, float]:
        """Return the change as in `transitions_over`, for a `load` in containers."""
        mean_offset, noise_offset = self.added_loads * load, self.added_sd * load + _MIN_CHANGE_SD
        return self.kept_share, mean_offset, self.kept_share**2, self.kept_sd, noise_offset


@dataclass(frozen=True)
class CargoFlow:
    """How containers come to a pier and leave it."""

    land_clearance_d: float
    """Mean time until a container leaves by land, days."""
    gathering_share: float
    """Share of calls before which cargo gathers, 0 to 1."""
    usual_change: CargoChange
    """What a ship does most often here."""
    other_change: CargoChange
    """The alternative, given the same weight."""
    served_by_ships: bool = True
    """Whether ships serve the pier; otherwise trains or lorries do."""


_LOADS = CargoChange(0.1, 0.0, 0.15, 0.0)
_UNLOADS = CargoChange(1.0, 0.6, 0.1, 0.35)
_ANY = CargoChange(0.7, 0.2, 0.5, 0.4)

CARGO_FLOWS = {
    PierRole.EXPORT: CargoFlow(25.0, 0.9, _LOADS, _ANY),
    PierRole.IMPORT: CargoFlow(3.5, 0.005, _UNLOADS, _ANY),
    PierRole.RAIL: CargoFlow(3.0, 0.5, _LOADS, _ANY, served_by_ships=False),
    PierRole.YARD: CargoFlow(8.0, 0.4, _UNLOADS, _ANY),
    PierRole.ANCHORAGE: CargoFlow(25.0, 0.0, _ANY, _ANY),
}
"""Prior assumptions about a pier of each role that has a berth."""


@dataclass(frozen=True, kw_only=True)
class PierParameters:
    """Parameters of one pier's model."""

    call_interval_d: float
    """Mean time from one arrival to the next while the pier is in use, days."""
    stay_d: float
    """Mean time from arrival to departure, days."""
    load: float
    """Containers in a large stack on this pier."""
    flow: CargoFlow
    """How its containers come and go."""
    gathering_d: float = 2.0
    """Mean time from the first cargo for a ship to its arrival, days."""
    halt_share: float = 0.04
    """Share of calls after which the pier falls out of use for long."""
    halt_d: float = 40.0
    """Mean time it is then out of use, days."""

    @classmethod
    def of(cls, observations: PierObservations) -> PierParameters:
        """Estimate the parameters of a pier from its observations and the priors above."""
        known = np.isfinite(observations.hulls)
        days, ship = observations.days[known], observations.hulls[known] > 0
        containers = observations.containers[np.isfinite(observations.containers)]
        large = float(np.quantile(containers, 0.95)) if len(containers) else 0.0
        flow = CARGO_FLOWS[observations.role]
        served = flow.served_by_ships and observations.has_berth
        prior = cls(
            call_interval_d=_PRIOR_CALL_INTERVAL_D,
            stay_d=_PRIOR_STAY_D,
            load=max(_MIN_LOAD, large),
            flow=replace(flow, served_by_ships=served),
        )
        if len(days) < 2:
            return prior
        pauses = _pauses(np.diff(days), ship)
        own = replace(prior, stay_d=_mean_stay(np.diff(days), ship))
        return own.with_calls(len(pauses), float(pauses.sum()))

    def with_calls(self, calls: float, used_d: float) -> PierParameters:
        """Return these parameters updated by `calls` arrivals in `used_d` days of use."""
        interval = (used_d + _PRIOR_CALL_INTERVAL_D * _PRIOR_CALLS) / (calls + _PRIOR_CALLS)
        return replace(self, call_interval_d=interval, stay_d=min(self.stay_d, 0.6 * interval))


def _pauses(gaps_d: Float64Array, ship: BoolArray) -> Float64Array:
    """Return the watched days from each observed arrival to the next, without halts.

    `ship` (n,) is whether each observation shows a ship. Time without observations may hide
    calls and is left out; a pause far above the median is a halt.
    """
    arrivals = ship & ~np.concatenate([[False], ship[:-1]])
    watched = np.concatenate([[0.0], np.cumsum(gaps_d.clip(max=_MAX_WATCHED_D))])
    pauses: Float64Array = np.diff(watched[arrivals])
    return pauses[pauses < 4 * np.median(pauses)] if len(pauses) else pauses


def _mean_stay(gaps_d: Float64Array, ship: BoolArray) -> float:
    """Return the mean stay, days, with the highest posterior.

    Evidence is how often a ship in one of n observations `ship` (n,) is still there in the next,
    `gaps_d` (n - 1,) later. A stay has two stages (`berth_state_model`), and an observation meets
    it in either of them equally often.
    """
    pairs = ship[:-1] & (gaps_d <= _MAX_STAY_GAP_D)
    stays, still_there = gaps_d[pairs][:, None] / _STAYS_D, ship[1:][pairs][:, None]
    probability = SHIP_RECALL * np.exp(-2 * stays) * (1 + stays)
    log_likelihood = np.log(np.where(still_there, probability, 1 - probability)).sum(axis=0)
    log_prior = -0.5 * (np.log(_STAYS_D / _PRIOR_STAY_D) / _PRIOR_STAY_LOG_SD) ** 2
    return float(_STAYS_D[np.argmax(log_likelihood + log_prior)])
