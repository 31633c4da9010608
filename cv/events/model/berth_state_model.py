"""The rhythm of a pier, a Markov chain in continuous time: resting, gathering, in port, halted ...

A ship's stay has two stages, and so has the time without one, so that their lengths have typical
values (Erlang). Between two looks a
chain may pass through several states; what matters is told by three kinds of path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.events.model.parameters import PierParameters

Floats = NDArray[np.float64]

RESTING, IDLE, GATHERING, SHIP_EARLY, SHIP_LATE, HALTED = range(6)
STATES = 6
WITHOUT_SHIP = (RESTING, IDLE, GATHERING, HALTED)
"""States without a ship."""
WITH_SHIP = (SHIP_EARLY, SHIP_LATE)
SQUARE = STATES, STATES
_ASHORE, _IN_PORT = np.ix_(WITHOUT_SHIP, WITH_SHIP)
_ARRIVALS = np.zeros(SQUARE)
_ARRIVALS[WITHOUT_SHIP, SHIP_EARLY] = 1.0
_ARRIVALS[WITHOUT_SHIP, WITHOUT_SHIP] = -1.0
"""Change of the rates by an arrival more a day."""
_STEP = 0.1
"""Numbers of expected ships are rounded to this."""
_STEP_D = 0.02
"""Gaps are rounded to this, days (half an hour)."""
_TERMS = 9
_AT_ONCE = 0.3
"""Share of the times without a ship that cargo for the next one ends early."""
_SPOILED = 0.03
"""Of the times when cargo gathers, so many end without a ship, a gathering time."""


@dataclass(frozen=True, eq=False)
class ArrivalPrior:
    """What other piers say of arrivals at this one."""

    expected_arrivals: Floats
    """(n,) ships that come from there in each gap."""
    share: float
    """Share of this pier's ships that do, 0 to 1."""


@dataclass(frozen=True, eq=False)
class PathProbabilities:
    """Probabilities of a chain's paths over gaps; each (n, from, to)."""

    no_ship: Floats
    """No ship was there at any time."""
    no_arrival: Floats
    """No ship arrived; one may have been there from the start."""
    any_path: Floats
    """Any path."""

    @classmethod
    def over(
        cls, gaps_d: Floats, habits: PierParameters, tie: ArrivalPrior | None = None
    ) -> PathProbabilities:
        """Over gaps (n,) of days, with the ships that a `tie` leads one to expect in each."""
        expected = np.zeros(len(gaps_d)) if tie is None else tie.expected_arrivals
        keys = np.stack([np.rint(gaps_d / _STEP_D), np.rint(expected / _STEP)], axis=1)
        kinds, where = np.unique(keys, axis=0, return_inverse=True)
        days = kinds[:, 0] * _STEP_D
        rates = rate_matrix(habits, 0.0 if tie is None else tie.share)
        more = kinds[:, 1] * _STEP / np.maximum(days, _STEP_D)
        rates = rates + more[:, None, None] * _ARRIVALS
        quiet = rates.copy()
        quiet[:, _ASHORE, _IN_PORT] = 0.0  # an arrival ends the path; the diagonal keeps it
        bare = quiet.copy()
        bare[:, WITH_SHIP, :] = 0.0
        found = [_powers(kind, days) for kind in (bare, quiet, rates)]
        found[0][:, WITH_SHIP, :] = 0.0
        return cls(*(part[where.ravel()] for part in found))


def rate_matrix(habits: PierParameters, elsewhere: float = 0.0) -> Floats:
    """Rates (from, to) a day; rows sum to zero.

    A share `elsewhere` of the arrivals, 0 to 1, is told by a tie and left out here.
    """
    here = 1.0 - elsewhere
    idle_d = max(0.3, habits.call_interval_d - habits.stay_d - habits.flow.gathering_share * habits.gathering_d)
    gathered = habits.flow.gathering_share
    rates = np.zeros((STATES, STATES))
    rates[RESTING, GATHERING] = gathered * 2 * _AT_ONCE / idle_d
    rates[RESTING, IDLE] = 2 / idle_d - rates[RESTING, GATHERING]
    rates[IDLE, GATHERING] = gathered * 2 / idle_d
    rates[IDLE, SHIP_EARLY] = here * (1 - gathered) * 2 / idle_d
    rates[GATHERING, SHIP_EARLY] = here / habits.gathering_d
    rates[GATHERING, IDLE] = _SPOILED / habits.gathering_d
    rates[SHIP_EARLY, SHIP_LATE] = 2 / habits.stay_d
    rates[SHIP_LATE, RESTING] = (1 - habits.halt_share) * 2 / habits.stay_d
    rates[SHIP_LATE, HALTED] = habits.halt_share * 2 / habits.stay_d
    rates[HALTED, GATHERING] = gathered / habits.halt_d
    rates[HALTED, SHIP_EARLY] = here * (1 - gathered) / habits.halt_d
    rates[np.diag_indices(STATES)] = -rates.sum(axis=1)
    return rates


def stationary_distribution(habits: PierParameters) -> Floats:
    """The share of time (states,) that the chain spends in each state in the long run."""
    rates = np.vstack([rate_matrix(habits).T, np.ones(STATES)])
    shares, *_ = np.linalg.lstsq(rates, np.append(np.zeros(STATES), 1.0), rcond=None)
    return np.asarray(np.clip(shares, 1e-6, None))


def arrival_probabilities(habits: PierParameters, ahead_d: Sequence[float]) -> Floats:
    """Probability (states, times) that a ship arrives within each of `ahead_d` days."""
    paths = PathProbabilities.over(np.array(ahead_d), habits)
    return np.asarray(1.0 - paths.no_arrival.sum(axis=2).T)


def _powers(rates: Floats, days: Floats) -> Floats:
    """exp(rates * days) for `rates` (n, from, to) and `days` (n,): Taylor, scaled and squared."""
    most = float((np.abs(rates).max(axis=(1, 2)) * days).max(initial=0.0))
    halvings = max(0, int(np.ceil(np.log2(max(most, 1e-9) / 0.25))))
    step = rates * (days / 2**halvings)[:, None, None]
    term = total = np.broadcast_to(np.eye(STATES), step.shape)
    for order in range(1, _TERMS):
        term = term @ step / order
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return np.clip(total, 0.0, None)
