"""Changes of the number of containers from one count to the next, and what each may be due to.

Without a ship the number stays, or containers come or leave by land; a ship may change nothing,
load, unload, or do both. Each cause has a density of the number after the change, given that
before it:

    stays, no change    N(0, s^2), s^2 the error of both counts and the drift of a stack at rest
    by land, out        any share of the containers leaves
    by land, in         an exponential number comes, of mean `load` / 2
    loads               most often nearly all leaves, else any share
    unloads             an exponential number comes, of mean `load` / 2
    both                any number up to twice a load remains

each convolved with N(0, s^2). How often each happens is learned for every pier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

from cv.events.constants import DRIFT_CONTAINERS_PER_DAY, DRIFT_SHARE_PER_DAY
from cv.events.model.observations import ONE_MOMENT_D, PierObservations
from cv.events.model.parameters import (
    BOTH,
    LOADS,
    NO_CHANGE,
    PRIOR_FLOW_D,
    PRIOR_FLOW_PER_D,
    PRIOR_HANDLING_CALLS,
    UNLOADS,
    CargoHabits,
)
from cv.geometry.arrays import Float64Array

STAYS, LEAVES, COMES = range(3)
"""What happens to the containers of a pier without a ship."""
_LARGEST_RATIO = 40.0
"""No change is more than so many times likelier with a ship than without, nor less: counts alone
are never certain, and never outvote a ship that was seen."""
_NEARLY_ALL = 0.3
"""Largest share of the containers that stays where nearly all is loaded."""
_NEARLY_ALL_SHARE = 0.6
"""Share of loadings that take nearly all."""
_ANYTHING = 0.01
"""Share of counts that are wrong altogether, without anybody having noticed."""
_SAME_PLACES_BY_CHANCE, _FOUND_AGAIN_SD = 0.02, 0.15
"""Probability that other containers stand where the earlier ones stood, and the standard deviation
of the share found again."""


@dataclass(frozen=True, eq=False)
class Causes:
    """Probability of each cause of m changes."""

    unchanged: Float64Array
    """(m,) the containers stayed as they were, with a ship there or without."""
    left_by_land: Float64Array
    """(m,) containers left by land."""
    came_by_land: Float64Array
    """(m,) containers came by land."""
    handled: Float64Array
    """(m, 4) a ship was there and did each of NO_CHANGE, LOADS, UNLOADS, BOTH."""

    @property
    def loaded(self) -> Float64Array:
        """(m,) a ship took containers."""
        return np.asarray(self.handled[:, LOADS] + self.handled[:, BOTH])

    @property
    def unloaded(self) -> Float64Array:
        """(m,) a ship brought containers."""
        return np.asarray(self.handled[:, UNLOADS] + self.handled[:, BOTH])


@dataclass(frozen=True, eq=False)
class CargoChanges:
    """The m changes between consecutive counts of a pier."""

    before: NDArray[np.integer]
    """(m,) index of the observation before each change."""
    after: NDArray[np.integer]
    """(m,) index of the one after it."""
    gap_d: Float64Array
    """(m,) days between them."""
    change: Float64Array
    """(m,) containers; negative where they became fewer."""
    sd: Float64Array
    """(m,) standard deviation of its error, with the drift of a stack at rest."""
    by_land: Float64Array
    """(m, 3) densities without a ship: stays, leaves, comes."""
    by_ship: Float64Array
    """(m, 4) densities with one: no change, loads, unloads, both."""

    @classmethod
    def of(cls, observations: PierObservations, load: float) -> CargoChanges:
        """Return the changes of a pier whose large changes have the scale `load`, containers."""
        known = np.flatnonzero(np.isfinite(observations.containers))
        before, after = known[:-1], known[1:]
        gap = np.diff(observations.days[known])
        old, new = observations.containers[before], observations.containers[after]
        change = new - old
        up = (change > 0).astype(int)
        rows = np.arange(len(change))
        error = np.hypot(
            observations.containers_sd[before][rows, up],
            observations.containers_sd[after][rows, 1 - up],
        )
        root = np.sqrt(gap)
        drift = DRIFT_SHARE_PER_DAY * root * old + DRIFT_CONTAINERS_PER_DAY * root
        sd = np.sqrt(error**2 + drift**2)
        again = np.array([observations.found_again[a:b].min() for a, b in pairwise(known.tolist())])
        stays = np.exp(-0.5 * (change / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        leaves = _uniform(change, -np.maximum(old, 1.0), 0.0, sd)
        comes = _exponential(change, 0.5 * load, sd)
        nearly = _uniform(change, -np.maximum(old, 1.0), -(1 - _NEARLY_ALL) * old, sd)
        both = _uniform(new, 0.0, np.maximum(old, 0.0) + 2 * load, sd)
        loads = _NEARLY_ALL_SHARE * nearly * _keeps(again, 0.5 * _NEARLY_ALL, 0.2)
        loads = loads + (1 - _NEARLY_ALL_SHARE) * leaves * _keeps(again, 0.5, 0.35)
        flat = _ANYTHING / (1.5 * load + old)
        return cls(
            before=before,
            after=after,
            gap_d=gap,
            change=change,
            sd=sd,
            by_land=np.stack([stays, leaves, comes], axis=1) + flat[:, None],
            by_ship=np.stack([stays, loads, comes, both * _keeps(again, 0.3, 0.3)], axis=1)
            + flat[:, None],
        )

    def __len__(self) -> int:
        return len(self.gap_d)

    def ship_likelihood_ratios(self, cargo: CargoHabits) -> Float64Array:
        """Return (m,) the likelihood of each change with a ship over that without one.

        1 between counts of one moment: a ship that is there has no time to do anything.
        """
        moved = self._land_shares(cargo)
        land = (self.by_land * moved).sum(axis=1)
        ship = moved[:, 0] * (self.by_ship * cargo.handling).sum(axis=1)
        ship = ship + (self.by_land * moved)[:, 1:].sum(axis=1)
        ratio = (ship / land).clip(1 / _LARGEST_RATIO, _LARGEST_RATIO)
        return np.where(self.gap_d < ONE_MOMENT_D, 1.0, ratio)

    def causes(self, cargo: CargoHabits, ship: Float64Array) -> Causes:
        """Return the probability of each cause of each change.

        `ship` (m,) is the probability that a ship was there between the counts. Containers may
        also come and leave by land while it is.
        """
        moved = self._land_shares(cargo)
        land = self.by_land * moved
        handled = moved[:, :1] * self.by_ship * cargo.handling
        without = land / land.sum(axis=1, keepdims=True) * (1 - ship)[:, None]
        either = np.concatenate([handled, land[:, 1:]], axis=1)
        either = either / either.sum(axis=1, keepdims=True) * ship[:, None]
        return Causes(
            unchanged=without[:, STAYS] + either[:, NO_CHANGE],
            left_by_land=without[:, LEAVES] + either[:, -2],
            came_by_land=without[:, COMES] + either[:, -1],
            handled=either[:, : len(cargo.handling)],
        )

    def learn(self, cargo: CargoHabits, prior: CargoHabits, ship: Float64Array) -> CargoHabits:
        """Return the habits with the highest posterior, given the probability `ship` (m,)."""
        causes = self.causes(cargo, ship)
        days = float(self.gap_d.sum()) + PRIOR_FLOW_D
        prior_moves = PRIOR_FLOW_PER_D * PRIOR_FLOW_D
        handling = causes.handled.sum(axis=0) + PRIOR_HANDLING_CALLS * prior.handling
        return replace(
            cargo,
            outflow_per_d=float(causes.left_by_land.sum() + prior_moves) / days,
            inflow_per_d=float(causes.came_by_land.sum() + prior_moves) / days,
            handling=handling / handling.sum(),
        )

    def _land_shares(self, cargo: CargoHabits) -> Float64Array:
        """Return (m, 3) the prior probability of each cause by land."""
        rate = cargo.outflow_per_d + cargo.inflow_per_d
        moved, out = 1 - np.exp(-rate * self.gap_d), cargo.outflow_per_d / rate
        return np.stack([1 - moved, moved * out, moved * (1 - out)], axis=1)


def _uniform(
    value: Float64Array, low: Float64Array | float, high: Float64Array | float, sd: Float64Array
) -> Float64Array:
    """Return the density of a number between `low` and `high`, measured with an error `sd`."""
    width = np.maximum(np.asarray(high) - low, 1e-6)
    return np.asarray((ndtr((value - low) / sd) - ndtr((value - high) / sd)) / width)


def _exponential(value: Float64Array, mean: float, sd: Float64Array) -> Float64Array:
    """Return the density of an exponential number of a `mean`, measured with an error `sd`.

    The exponentially modified normal distribution (Kalambet et al. 2011).
    """
    argument = (sd / mean - value / sd) / np.sqrt(2)
    near = np.exp(-0.5 * (value / sd) ** 2) * erfcx(np.maximum(argument, -25.0)) / (2 * mean)
    far = np.exp(np.minimum(0.5 * (sd / mean) ** 2 - value / mean, 0.0)) / mean
    return np.asarray(np.where(argument > -5.0, near, far))


def _keeps(found_again: Float64Array, kept_share: float, kept_sd: float) -> Float64Array:
    """Return (m,) the probability that a change keeps at least these shares, 1 at its mean.

    Few containers at the same places are no evidence: they may have been moved, or not found.
    """
    excess = (found_again - kept_share) / np.hypot(kept_sd, _FOUND_AGAIN_SD)
    factor = np.exp(-0.5 * excess.clip(0.0) ** 2).clip(_SAME_PLACES_BY_CHANCE)
    return np.asarray(np.where(np.isfinite(found_again), factor, 1.0))
