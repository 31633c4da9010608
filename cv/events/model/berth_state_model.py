"""State model of a berth: a continuous-time Markov chain with five states.

A stay of a ship has two stages, and so has the time without one, so that their durations have
typical values (Erlang distributions) instead of exponential ones. Between two observations the
chain may pass through several states; three kinds of path are kept apart, see `PathProbabilities`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.events.model.parameters import BerthHabits
from cv.geometry.arrays import Float64Array

AWAY_EARLY, AWAY_LATE, HALTED, SHIP_EARLY, SHIP_LATE = range(5)
STATES = 5
"""Number of states."""
WITHOUT_SHIP = (AWAY_EARLY, AWAY_LATE, HALTED)
WITH_SHIP = (SHIP_EARLY, SHIP_LATE)
_FROM_EMPTY, _TO_SHIP = np.ix_(WITHOUT_SHIP, WITH_SHIP)
_ARRIVALS = np.zeros((STATES, STATES))
_ARRIVALS[WITHOUT_SHIP, SHIP_EARLY] = 1.0
_ARRIVALS[WITHOUT_SHIP, WITHOUT_SHIP] = -1.0
"""Change of the rate matrix for one more arrival a day."""
_ARRIVAL_STEP = 0.1
"""Expected arrivals are rounded to this, so that gaps share matrix exponentials."""
_GAP_STEP_D = 0.02
"""Gaps are rounded to this, days (half an hour)."""
_TAYLOR_TERMS = 9
_MIN_AWAY_D = 0.3
"""Shortest mean time without a ship, days."""


@dataclass(frozen=True, eq=False)
class ArrivalPrior:
    """Arrivals at a pier that observations of other piers lead to expect."""

    expected_arrivals: Float64Array
    """(n - 1,) expected arrivals from other piers in each gap between n observations."""
    share: float
    """Share of this pier's ships that come from other piers, 0 to 1."""


@dataclass(frozen=True, eq=False)
class PathProbabilities:
    """Transition probabilities over n gaps by kind of path; each (n, from state, to state)."""

    no_ship: Float64Array
    """No ship was there at any time."""
    no_arrival: Float64Array
    """No ship arrived; one may have been there from the start."""
    any_path: Float64Array
    """All paths: the transition matrix exp(Q * gap)."""

    @classmethod
    def over(
        cls, gaps_d: Float64Array, habits: BerthHabits, prior: ArrivalPrior | None = None
    ) -> PathProbabilities:
        """Return the probabilities over gaps (n,) of days, with the arrivals of `prior` added."""
        expected = np.zeros(len(gaps_d)) if prior is None else prior.expected_arrivals
        keys = np.stack([np.rint(gaps_d / _GAP_STEP_D), np.rint(expected / _ARRIVAL_STEP)], axis=1)
        unique, index = np.unique(keys, axis=0, return_inverse=True)
        days = unique[:, 0] * _GAP_STEP_D
        added_per_day = unique[:, 1] * _ARRIVAL_STEP / np.maximum(days, _GAP_STEP_D)
        rates = rate_matrix(habits, 0.0 if prior is None else prior.share)
        all_rates = rates + added_per_day[:, None, None] * _ARRIVALS
        without_arrivals = all_rates.copy()  # the diagonal keeps them: an arrival ends the path
        without_arrivals[:, _FROM_EMPTY, _TO_SHIP] = 0.0
        without_ships = without_arrivals.copy()
        without_ships[:, WITH_SHIP, :] = 0.0
        no_ship = _matrix_exponentials(without_ships, days)
        no_ship[:, WITH_SHIP, :] = 0.0
        no_arrival = _matrix_exponentials(without_arrivals, days)
        any_path = _matrix_exponentials(all_rates, days)
        index = index.ravel()
        return cls(no_ship[index], no_arrival[index], any_path[index])


def rate_matrix(habits: BerthHabits, share_from_others: float = 0.0) -> Float64Array:
    """Return the rate matrix (from, to) of the chain, per day; rows sum to zero.

    `share_from_others`, 0 to 1, is the share of arrivals that an `ArrivalPrior` adds; it is left
    out here.
    """
    own = 1.0 - share_from_others
    away_d = max(_MIN_AWAY_D, habits.call_interval_d - habits.stay_d)
    rates = np.zeros((STATES, STATES))
    rates[AWAY_EARLY, AWAY_LATE] = 2 / away_d
    rates[AWAY_LATE, SHIP_EARLY] = own * 2 / away_d
    rates[SHIP_EARLY, SHIP_LATE] = 2 / habits.stay_d
    rates[SHIP_LATE, AWAY_EARLY] = (1 - habits.halt_share) * 2 / habits.stay_d
    rates[SHIP_LATE, HALTED] = habits.halt_share * 2 / habits.stay_d
    rates[HALTED, SHIP_EARLY] = own / habits.halt_d
    rates[np.diag_indices(STATES)] = -rates.sum(axis=1)
    return rates


def stationary_distribution(habits: BerthHabits) -> Float64Array:
    """Return the long-run share of time (states,) that the chain spends in each state."""
    equations = np.vstack([rate_matrix(habits).T, np.ones(STATES)])
    shares, *_ = np.linalg.lstsq(equations, np.append(np.zeros(STATES), 1.0), rcond=None)
    return np.asarray(np.clip(shares, 1e-6, None))


def arrival_probabilities(habits: BerthHabits, ahead_d: Sequence[float]) -> Float64Array:
    """Return (states, times): probability of an arrival within each of `ahead_d` days."""
    paths = PathProbabilities.over(np.array(ahead_d), habits)
    return np.asarray(1.0 - paths.no_arrival.sum(axis=2).T)


def _matrix_exponentials(rates: Float64Array, days: Float64Array) -> Float64Array:
    """Return exp(rates * days) for `rates` (n, from, to) and `days` (n,).

    Scaling and squaring of a Taylor polynomial (Moler and Van Loan 2003, "Nineteen Dubious Ways to
    Compute the Exponential of a Matrix", method 3).
    """
    largest = float((np.abs(rates).max(axis=(1, 2)) * days).max(initial=0.0))
    halvings = max(0, int(np.ceil(np.log2(max(largest, 1e-9) / 0.25))))
    step = rates * (days / 2**halvings)[:, None, None]
    term = total = np.broadcast_to(np.eye(STATES), step.shape)
    for order in range(1, _TAYLOR_TERMS):
        term = term @ step / order
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return np.clip(total, 0.0, None)
