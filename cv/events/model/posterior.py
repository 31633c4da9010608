"""Posterior of a pier: what all its observations together imply (forward-backward algorithm)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np

from cv.events.event import Magnitude
from cv.events.model.bad_images import QUALITIES
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
from cv.geometry.arrays import Float64Array

FORECAST_DAYS = (1.0, 3.0, 7.0)
"""Horizons of the arrival forecast, days."""
_NO_SHIP_MASK = np.tile(np.isin(np.arange(STATES), WITHOUT_SHIP).astype(float), QUALITIES)
_BATCH = 16
"""Piers filtered side by side: more need much memory and save little time."""


@dataclass(frozen=True, eq=False)
class PierInferenceInput:
    """What a pier's posterior is inferred from."""

    observations: PierObservations
    """At least one."""
    parameters: PierParameters
    arrival_prior: ArrivalPrior | None = None
    """Arrivals expected from other piers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Posterior:
    """What probably happened at a pier; n observations, n - 1 gaps, states of the state model."""

    observations: PierObservations
    parameters: PierParameters
    filtered: Float64Array
    """(n, states) P(state at t | observations up to t): the forward filter."""
    smoothed: Float64Array
    """(n, states) P(state at t | all observations)."""
    gap_presence: Float64Array
    """(n - 1,) probability that a ship was there at some time from one observation to the next."""
    gap_arrivals: Float64Array
    """(n - 1,) probability that a ship arrived in the gap."""
    level: Float64Array
    """(n, 2) filtered number of containers: mean and standard deviation."""
    forecast: Float64Array
    """(n, 3) P(a ship arrives within 1, 3, 7 days | observations up to t)."""
    joint_filtered: Float64Array
    """(n, joint) P(joint state at t | observations up to t), as in `FilterResult`."""
    no_ship_transitions: Float64Array
    """(n - 1, from, to) weights of paths without a ship, as in `FilterResult`."""
    backward: Float64Array
    """(n, joint) likelihood of all later observations given the joint state, scaled so that
    joint_filtered * backward sums to one."""

    @classmethod
    def of(
        cls, observations: PierObservations, parameters: PierParameters | None = None
    ) -> Posterior:
        """Infer the posterior of one pier from at least one observation."""
        parameters = parameters or PierParameters.of(observations)
        return infer_posteriors([PierInferenceInput(observations, parameters)])[0]

    @cached_property
    def ship_present(self) -> Float64Array:
        """(n,) smoothed probability that a ship is at the pier in each observation."""
        return np.asarray(self.smoothed[:, WITH_SHIP].sum(axis=1))

    @property
    def departures(self) -> Float64Array:
        """(n - 1,) expected departures in each gap."""
        departed = self.ship_present[:-1] + self.gap_arrivals - self.ship_present[1:]
        return np.asarray(departed.clip(0.0))

    def level_change(self, before: int, after: int) -> Magnitude:
        """Return the change of the number of containers from observation `before` to `after`."""
        (old, old_sd), (new, new_sd) = self.level[[before, after]].tolist()
        return Magnitude.from_mean_sd(new - old, hypot(old_sd, new_sd), "containers")

    def empty_probability(self, first: int, last: int) -> float:
        """Return P(no ship at any time from observation `first` to `last`)."""
        forward = self.joint_filtered[first] * _NO_SHIP_MASK
        for gap in range(first, last):
            forward = forward @ self.no_ship_transitions[gap]
        return min(1.0, float(forward @ self.backward[last]))

    def stays_empty_probability(self, first: int, last: int) -> float:
        """Return P(no ship at any time from `first` to `last` | no ship at `first`)."""
        empty_at_first = float(self.smoothed[first, WITHOUT_SHIP].sum())
        if empty_at_first <= 0:
            return 0.0
        return min(1.0, self.empty_probability(first, last) / empty_at_first)

    def empty_probabilities(self, span: int) -> Float64Array:
        """Return (n - span,): `empty_probability` from each observation to the `span`-th next."""
        n_starts = len(self.observations) - span
        forward = self.joint_filtered[:n_starts, None, :] * _NO_SHIP_MASK
        for gap in range(span):
            forward = forward @ self.no_ship_transitions[gap : gap + n_starts]
        return np.asarray((forward[:, 0] * self.backward[span:]).sum(axis=1).clip(0.0, 1.0))


def infer_posteriors(inputs: Sequence[PierInferenceInput]) -> list[Posterior]:
    """Return the posterior of each input."""
    posteriors: list[Posterior] = []
    for first in range(0, len(inputs), _BATCH):
        batch = inputs[first : first + _BATCH]
        paths = [
            PathProbabilities.over(
                np.diff(one.observations.days), one.parameters, one.arrival_prior
            )
            for one in batch
        ]
        observations, parameters = zip(
            *((o.observations, o.parameters) for o in batch), strict=True
        )
        filtered = forward_filter(observations, parameters, paths)
        posteriors += [_smooth(*one) for one in zip(batch, paths, filtered, strict=True)]
    return posteriors


def _smooth(
    given: PierInferenceInput, paths: PathProbabilities, forward: FilterResult
) -> Posterior:
    joint_filtered, level, no_ship_transitions, ship_transitions = forward
    transitions = no_ship_transitions + ship_transitions
    backward = np.ones_like(joint_filtered)
    for t in range(len(transitions) - 1, -1, -1):
        backward[t] = transitions[t] @ backward[t + 1]
    presence = joint_filtered[:-1, :, None] * ship_transitions * backward[1:, None, :]
    with_ship = (paths.any_path - paths.no_ship).clip(1e-300)
    arrival_share = ((paths.any_path - paths.no_arrival) / with_ship).clip(0.0, 1.0)
    arrival_share = np.tile(arrival_share, (1, QUALITIES, QUALITIES))
    filtered = _of_berth(joint_filtered)
    return Posterior(
        observations=given.observations,
        parameters=given.parameters,
        filtered=filtered,
        smoothed=_of_berth(joint_filtered * backward),
        gap_presence=presence.sum(axis=(1, 2)).clip(0.0, 1.0),
        gap_arrivals=(presence * arrival_share).sum(axis=(1, 2)).clip(0.0, 1.0),
        level=level,
        forecast=filtered @ arrival_probabilities(given.parameters, FORECAST_DAYS),
        joint_filtered=joint_filtered,
        no_ship_transitions=no_ship_transitions,
        backward=backward,
    )


def _of_berth(joint: Float64Array) -> Float64Array:
    """Return probabilities (n, states) of the berth from those of joint states (n, joint)."""
    return np.asarray(joint.reshape(len(joint), QUALITIES, STATES).sum(axis=1))
