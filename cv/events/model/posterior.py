"""The story that all looks at a pier tell together: who was there when, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np
from numpy.typing import NDArray

from cv.events.event import Magnitude
from cv.events.model.berth_state_model import (
    STATES,
    WITH_SHIP,
    WITHOUT_SHIP,
    ArrivalPrior,
    PathProbabilities,
    arrival_probabilities,
)
from cv.events.model.forward_filter import FilterResult, forward_filter
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import PierParameters

Floats = NDArray[np.float64]

FORECAST_DAYS = (1.0, 3.0, 7.0)
"""For so many days ahead an arrival is forecast."""
_ASHORE = np.isin(np.arange(STATES), WITHOUT_SHIP).astype(float)
_TOGETHER = 16
"""So many piers are followed side by side: more need much memory and save little time."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """What probably happened; n looks, n - 1 gaps between them, states as in rhythm.py."""

    observations: PierObservations
    parameters: PierParameters
    filtered: Floats
    """(n, states): what was known of the state as of each look."""
    smoothed: Floats
    """(n, states): what all looks together say of it."""
    gap_presence: Floats
    """(n - 1,): probability that a ship was there at some time from one look to the next."""
    gap_arrivals: Floats
    """(n - 1,): probability that a ship arrived in the gap."""
    level: Floats
    """(n, 2): number of containers as of each look, mean and standard deviation."""
    forecast: Floats
    """(n, 3): probability, as of each look, that a ship arrives within 1, 3, 7 days."""
    no_ship_transitions: Floats
    """(n - 1, from, to): weights of the ways without a ship."""
    backward: Floats
    """(n, states): likelihood of all later looks given the state; then * later sums to one."""

    @classmethod
    def of(
        cls,
        watch: PierObservations,
        habits: PierParameters | None = None,
        tie: ArrivalPrior | None = None,
    ) -> Posterior:
        """The story that the looks of `watch` tell, one at least; other piers speak by a `tie`."""
        return infer([InferenceInput(watch, habits or PierParameters.of(watch), tie)])[0]

    @cached_property
    def ship_present(self) -> Floats:
        """(n,) probability that a ship is there at each look."""
        return np.asarray(self.smoothed[:, WITH_SHIP].sum(axis=1))

    @property
    def departures(self) -> Floats:
        """(n - 1,) number of ships that left in each gap, on average."""
        return np.asarray((self.ship_present[:-1] + self.gap_arrivals - self.ship_present[1:]).clip(0.0))

    def level_change(self, before: int, after: int) -> Magnitude:
        """By how much the number of containers changed from one look to another."""
        (m, s), (n, t) = self.level[before].tolist(), self.level[after].tolist()
        return Magnitude.from_mean_sd(n - m, hypot(s, t), "containers")

    def stays_empty_probability(self, first: int, last: int) -> float:
        """Probability that no ship came from look `first` to look `last`, given none at `first`."""
        every = float(self.smoothed[first, WITHOUT_SHIP].sum())
        return min(1.0, self.empty_probability(first, last) / every) if every > 0 else 0.0

    def empty_probability(self, first: int, last: int) -> float:
        """Probability that no ship was there at any time from look `first` to look `last`."""
        reached = self.filtered[first] * _ASHORE
        for gap in range(first, last):
            reached = reached @ self.no_ship_transitions[gap]
        return min(1.0, float(reached @ self.backward[last]))

    def empty_probabilities(self, reach: int) -> Floats:
        """(n - reach,) that probability from every look to the one `reach` looks later."""
        many = len(self.observations) - reach
        reached = self.filtered[:many, None, :] * _ASHORE
        for gap in range(reach):
            reached = reached @ self.no_ship_transitions[gap : gap + many]
        return np.asarray((reached[:, 0] * self.backward[reach:]).sum(axis=1).clip(0.0, 1.0))


@dataclass(frozen=True, eq=False)
class InferenceInput:
    """What a story is told from."""

    observations: PierObservations
    """The looks, one at least."""
    parameters: PierParameters
    arrival_prior: ArrivalPrior | None = None
    """What other piers say."""


def infer(tellers: Sequence[InferenceInput]) -> list[Posterior]:
    """The story of each."""
    found: list[Posterior] = []
    for first in range(0, len(tellers), _TOGETHER):
        some = tellers[first : first + _TOGETHER]
        paths = [
            PathProbabilities.over(
                np.diff(one.observations.days), one.parameters, one.arrival_prior
            )
            for one in some
        ]
        known = forward_filter(
            [one.observations for one in some], [one.parameters for one in some], paths
        )
        found += [_story(*one) for one in zip(some, paths, known, strict=True)]
    return found


def _story(teller: InferenceInput, paths: PathProbabilities, known: FilterResult) -> Posterior:
    later = _later(known.no_ship_transitions + known.ship_transitions)
    visited, arrived = _gaps(known.state_probabilities, later, known.ship_transitions, paths)
    chances = arrival_probabilities(teller.parameters, FORECAST_DAYS)
    return Posterior(
        teller.observations,
        teller.parameters,
        known.state_probabilities,
        known.state_probabilities * later,
        visited,
        arrived,
        known.level,
        known.state_probabilities @ chances,
        known.no_ship_transitions,
        later,
    )


def _later(ways: Floats) -> Floats:
    """(n, states): likelihood of all later looks given the state."""
    later = np.ones((len(ways) + 1, STATES))
    for look in range(len(ways) - 1, -1, -1):
        later[look] = ways[look] @ later[look + 1]
    return later


def _gaps(
    then: Floats, later: Floats, visits: Floats, paths: PathProbabilities
) -> tuple[Floats, Floats]:
    """(n - 1,) each: probability of a ship's presence, and of an arrival, in every gap."""
    there = then[:-1, :, None] * visits * later[1:, None, :]
    fresh = (paths.any_path - paths.no_arrival) / (paths.any_path - paths.no_ship).clip(1e-300)
    arrived = (there * fresh.clip(0.0, 1.0)).sum(axis=(1, 2))
    return there.sum(axis=(1, 2)).clip(0.0, 1.0), arrived.clip(0.0, 1.0)
