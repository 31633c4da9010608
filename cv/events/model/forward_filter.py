"""From look to look: what is known of a pier's state and of its number of containers.

A switching state-space model. Between two looks the number of containers stays (idle), grows (cargo
gathers) or becomes another (a ship was there); for each state its mean and variance are kept, and
mixed again after every look (the second-order generalized pseudo-Bayesian filter with one Gaussian
a state: Murphy 1998, "Switching Kalman Filters"). Several piers go through their looks side by
side: a step over many costs little more than one over a single pier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cv.events.model.berth_state_model import (
    GATHERING,
    STATES,
    WITH_SHIP,
    PathProbabilities,
    stationary_distribution,
)
from cv.events.model.observation_model import ship_likelihoods
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import PierParameters
from cv.events.model.transitions import SHIP_HANDLING, N_COMPONENTS, GROWING, STEADY, Transitions

Floats = NDArray[np.float64]

_STRAY = 0.02
"""Share of counts that say nothing of the number."""
_NEAR = (1 - _STRAY) / np.sqrt(2 * np.pi)
"""Likelihoods are multiples of this."""
_LEAST_MASS, _LEAST_VARIANCE, _ENDLESS = 1e-200, 1e-6, 1e18
_GROWS = np.zeros((STATES, STATES, 1), dtype=bool)
_GROWS[GATHERING] = _GROWS[:, GATHERING] = True
"""Whether cargo gathers on the way between two states."""
_THERE = np.isin(np.arange(STATES), WITH_SHIP).astype(int)


@dataclass(frozen=True, eq=False)
class FilterResult:
    """What was known as of each look; n looks, states as in rhythm.py."""

    state_probabilities: Floats
    """(n, states) probabilities."""
    level: Floats
    """(n, 2) number of containers, mean and standard deviation."""
    no_ship_transitions: Floats
    """(n - 1, from, to) weights of the ways from look to look without a ship."""
    ship_transitions: Floats
    """(n - 1, from, to) those with one; scaled so that states @ (bare + visits) are the next."""


def forward_filter(
    watches: Sequence[PierObservations],
    habits: Sequence[PierParameters],
    paths: Sequence[PathProbabilities],
) -> list[FilterResult]:
    """Every watch filtered; `paths` are those over its gaps. Needs one look of each at least."""
    trails = [_Trail.of(*one) for one in zip(watches, habits, paths, strict=True)]
    sums, likely = _walked(trails)
    return [trail.filtered(sums[:, :, i], likely[:, i]) for i, trail in enumerate(trails)]


class _Counted(NamedTuple):
    """Counts and their errors, arrays of one shape; what is no count has an endless error."""

    number: Floats
    more: Floats
    """Variance of the error where the truth is above the count."""
    fewer: Floats
    """By how much it differs where the truth is below."""
    stray: Floats
    """Likelihood of the count if it says nothing of the number; like all of them, a multiple."""

    @classmethod
    def of(cls, watch: PierObservations, load: float) -> _Counted:
        known = np.isfinite(watch.containers)
        number = np.where(known, watch.containers, 0.0)
        noise = np.where(known[:, None], watch.containers_sd**2, _ENDLESS)
        stray = np.where(known, _STRAY / (1.5 * load + number) / _NEAR, 1.0)
        return cls(number, noise[:, 1], noise[:, 0] - noise[:, 1], stray)


@dataclass(frozen=True, eq=False)
class _Trail:
    """What a walk over the looks of one pier needs; n looks."""

    start: Floats
    """(3, states) weight of each state at the first look, and that times mean and mean square."""
    counted: _Counted
    """(n,) each."""
    moves: Transitions
    """(n - 1, moves) each."""
    ways: Floats
    """(n - 1, to, from, moves) how probable each is, the looks at the berth weighed in."""

    @classmethod
    def of(
        cls, watch: PierObservations, habits: PierParameters, paths: PathProbabilities
    ) -> _Trail:
        load = habits.load
        counted = _Counted.of(watch, load)
        moves = Transitions.over(np.diff(watch.days), habits)
        sight = ship_likelihoods(watch)[:, _THERE]
        first = (column[:1] for column in counted)
        mean, variance, _ = _told(np.array([0.5 * load]), np.array([load**2]), *first)
        start = stationary_distribution(habits) * sight[0]
        return cls(
            np.outer(np.concatenate([[1.0], mean, variance + mean**2]), start / start.sum()),
            counted,
            moves,
            _ways(paths, moves.weight) * sight[1:, :, None, None],
        )

    def filtered(self, sums: Floats, likely: Floats) -> FilterResult:
        """What the walk found: `sums` (looks, 3, states), `likely` (gaps, states, moves)."""
        sums, likely = sums[: len(self.ways) + 1], likely[: len(self.ways)]
        mass, mean, square = sums.swapaxes(0, 1)
        scale = mass.sum(axis=1)
        level = mean.sum(axis=1) / scale
        spread = np.sqrt((square.sum(axis=1) / scale - level**2).clip(0.0))
        weights = self.ways * likely[:, None] / scale[1:, None, None, None]
        alone, visits = weights[..., : SHIP_HANDLING.start], weights[..., SHIP_HANDLING]
        return FilterResult(
            mass / scale[:, None],
            np.stack([level, spread], axis=1),
            alone.sum(axis=3).swapaxes(1, 2),
            visits.sum(axis=3).swapaxes(1, 2),
        )


def _ways(paths: PathProbabilities, share: Floats) -> Floats:
    """(n - 1, to, from, moves): paths by what they do to the number of containers."""
    bare = paths.no_ship.swapaxes(1, 2)[..., None]
    there = (paths.any_path - paths.no_ship).swapaxes(1, 2)[..., None].clip(0.0)
    ways = np.empty((*bare.shape[:3], N_COMPONENTS))
    ways[..., STEADY], ways[..., GROWING] = np.where(_GROWS, 0.0, bare), np.where(_GROWS, bare, 0.0)
    ways[..., SHIP_HANDLING] = there
    return ways * share[:, None, None, :]


def _walked(trails: Sequence[_Trail]) -> tuple[Floats, Floats]:
    """(looks, 3, piers, states) as in `_Trail.start`, (gaps, piers, states, moves) likelihoods."""
    ways = _side_by_side([trail.ways for trail in trails])
    ways = ways.reshape(*ways.shape[:3], STATES * N_COMPONENTS)
    counted = [[column[1:, None, None] for column in trail.counted] for trail in trails]
    moves = [[column[:, None, :] for column in trail.moves.linear] for trail in trails]
    looks = zip(*map(_side_by_side, zip(*counted, strict=True)), strict=True)
    steps = zip(*map(_side_by_side, zip(*moves, strict=True)), strict=True)
    parts = np.empty((3, len(trails), STATES, N_COMPONENTS))
    weights, means, squares = parts
    columns = parts.reshape(3, len(trails), STATES * N_COMPONENTS, 1)
    sums = [np.stack([trail.start for trail in trails], axis=1)[..., None]]
    likely = []
    for way, look, (kept, added, squared, loose, spread) in zip(ways, looks, steps, strict=True):
        state, mean, variance = _moments(sums[-1])
        loosened = loose * mean + spread
        moved = kept * mean + added, squared * variance + loosened * loosened
        mean, variance, likelihood = _told(*moved, *look)
        np.multiply(state, likelihood, out=weights)
        np.multiply(weights, mean, out=means)
        np.multiply(weights, variance + mean * mean, out=squares)
        sums.append(way @ columns)
        likely.append(likelihood)
    return np.array(sums)[..., 0], np.array(likely).reshape(-1, *weights.shape)


def _side_by_side(columns: Sequence[Floats]) -> Floats:
    """(steps, piers, ...) of every pier's (steps, ...); after its end there are ones, which are
    harmless, and nobody reads what comes of them."""
    together = np.ones((max(map(len, columns)), len(columns), *columns[0].shape[1:]))
    for i, column in enumerate(columns):
        together[: len(column), i] = column
    return together


def _moments(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Probability, mean and variance of each state, (piers, states, 1) each, of `_walked`."""
    mass = np.maximum(sums[0], _LEAST_MASS)
    mean, square = sums[1:] / mass
    variance = np.maximum(square - mean * mean, _LEAST_VARIANCE)
    return mass / mass.sum(axis=1, keepdims=True), mean, variance


def _told(
    mean: Floats, variance: Floats, number: Floats, more: Floats, fewer: Floats, stray: Floats
) -> tuple[Floats, Floats, Floats]:
    """Mean and variance after a count (see `_Counted`), and how likely that count was."""
    off = number - mean
    both = variance + more + fewer * (off > 0)
    near = np.exp(-0.5 * off * off / both) / np.sqrt(both)
    likelihood = near + stray
    trust, gain = near / likelihood, variance / both
    pull, moved = trust * gain, gain * off
    trusted = pull * off
    rest = variance - pull * variance + trusted * (moved - trusted)
    return np.maximum(mean + trusted, 0.0), rest, likelihood
