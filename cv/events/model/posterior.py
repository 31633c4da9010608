"""Posterior of a pier: what all its observations together imply, and its habits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot

import numpy as np

from cv.events.constants import PLAIN
from cv.events.event import Magnitude
from cv.events.model.berth_filter import (
    BERTH_STATE,
    SHIP_THERE,
    BerthEvidence,
    BerthPosterior,
    filter_berths,
)
from cv.events.model.berth_state_model import (
    HALTED,
    STATES,
    WITH_SHIP,
    ArrivalPrior,
    PathProbabilities,
    arrival_probabilities,
    stationary_distribution,
)
from cv.events.model.cargo_changes import CargoChanges, Causes
from cv.events.model.hull_evidence import learn_detector, ship_likelihood_ratios
from cv.events.model.level_filter import filtered_level
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import (
    PRIOR_CALLS,
    PRIOR_HALT_CALLS,
    PRIOR_HALT_SHARE,
    PRIOR_STAY_D,
    PRIOR_STAY_LOG_SD,
    PierParameters,
)
from cv.geometry.arrays import BoolArray, Float64Array

FORECAST_DAYS = (1.0, 3.0, 7.0)
"""Horizons of the arrival forecast, days."""
_GROWTH_RATIO = 300.0
"""How much more often cargo grows at a berth in use than at one that is not. Assumed: so much that
a stack that gathers after weeks without a ship, as at Rajin in March 2024, is a warning."""
LEARNING_ROUNDS = 4
"""Rounds of learning: habits from probabilities, probabilities from habits."""
_BATCH = 32
"""Piers filtered side by side."""
_WATCHED_D = 4.0
"""In longer gaps the number of arrivals is not known well enough to be counted, days."""
_MAX_STAY_GAP_D = 3.0
"""Observations farther apart carry no information on one stay, days."""
_STAYS_D = np.geomspace(0.15, 12.0, 40)
"""Grid of mean stays whose posteriors are compared, days."""
_STEP = np.zeros((len(BERTH_STATE), STATES))
_STEP[np.arange(len(BERTH_STATE)), BERTH_STATE] = 1.0


@dataclass(frozen=True, eq=False)
class PierInferenceInput:
    """What a pier's posterior is inferred from."""

    observations: PierObservations
    """At least one."""
    parameters: PierParameters
    """What is known of its habits beforehand."""
    arrival_prior: ArrivalPrior | None = None
    """Arrivals expected from other piers."""

    @classmethod
    def of(cls, observations: PierObservations) -> PierInferenceInput:
        """Return the input for a pier of which only the observations are known."""
        prior = PierParameters.prior(
            observations.role, observations.has_berth, observations.containers
        )
        return cls(observations, prior)


@dataclass(frozen=True, kw_only=True, eq=False)
class Posterior:
    """What probably happened at a pier; n observations, n - 1 gaps, states of the state model."""

    observations: PierObservations
    parameters: PierParameters
    """The pier's habits, learned from its observations."""
    berth: BerthPosterior
    changes: CargoChanges
    """Changes of the containers from count to count."""
    arrival_prior: ArrivalPrior | None = None
    """Arrivals that other piers led to expect."""

    @classmethod
    def of(cls, observations: PierObservations) -> Posterior:
        """Infer the posterior of one pier from at least one observation."""
        return infer_posteriors([PierInferenceInput.of(observations)])[0]

    @cached_property
    def filtered(self) -> Float64Array:
        """(n, states) P(state at t | observations up to t)."""
        return np.asarray(self.berth.filtered @ _STEP)

    @cached_property
    def smoothed(self) -> Float64Array:
        """(n, states) P(state at t | all observations)."""
        return np.asarray(self.berth.smoothed @ _STEP)

    @cached_property
    def ship_present(self) -> Float64Array:
        """(n,) probability that a ship is at the pier in each observation."""
        return np.asarray(self.smoothed[:, WITH_SHIP].sum(axis=1))

    @cached_property
    def shows_ships(self) -> bool:
        """Whether an observation plainly shows a ship: else nothing is known of calls."""
        shown = self.observations.hulls >= 1
        return bool((self.ship_present[shown] >= PLAIN).any())

    @cached_property
    def gap_presence(self) -> Float64Array:
        """(n - 1,) probability that a ship was there at some time of each gap, ends included."""
        return np.asarray((1.0 - self._pairs(self.berth.no_ship)).clip(0.0, 1.0))

    @cached_property
    def gap_arrivals(self) -> Float64Array:
        """(n - 1,) probability that a ship arrived in the gap."""
        return np.asarray((1.0 - self._pairs(self.berth.no_arrival)).clip(0.0, 1.0))

    @property
    def departures(self) -> Float64Array:
        """(n - 1,) expected departures in each gap."""
        departed = self.ship_present[:-1] + self.gap_arrivals - self.ship_present[1:]
        return np.asarray(departed.clip(0.0))

    def usual_call_interval_d(self, first: int, last: int) -> float:
        """Return the mean time from call to call, days, the time from observation `first` to `last`
        left out."""
        calls = float(self.gap_arrivals[self.watched].sum()) + PRIOR_CALLS
        left_out = float(self.used_d[first:last][self.watched[first:last]].sum())
        return max(1.0, self.parameters.berth.call_interval_d - left_out / calls)

    @cached_property
    def watched(self) -> BoolArray:
        """(n - 1,) whether a gap is short enough that the arrivals in it are known."""
        return np.asarray(np.diff(self.observations.days) <= _WATCHED_D)

    @cached_property
    def used_d(self) -> Float64Array:
        """(n - 1,) expected days of each gap on which the berth was in use."""
        halted = self.smoothed[:, HALTED]
        in_use = 1.0 - (halted[:-1] + halted[1:]) / 2
        return np.asarray(in_use * np.diff(self.observations.days))

    @cached_property
    def ship_between_counts(self) -> Float64Array:
        """(m,) probability that a ship was there from one count to the next, for each change."""
        marked = self.berth.smoothed[:, len(BERTH_STATE) - STATES :].sum(axis=1)
        return np.asarray(marked[self.changes.after].clip(0.0, 1.0))

    @cached_property
    def causes(self) -> Causes:
        """Probability of each cause of each change."""
        return self.changes.causes(self.parameters.cargo, self.ship_between_counts)

    @cached_property
    def level(self) -> Float64Array:
        """(n, 2) number of containers at each observation, given those so far: mean, sd."""
        return filtered_level(self.observations, self.changes, self.causes.unchanged)

    def at_observations(self, of_changes: Float64Array) -> Float64Array:
        """Return (n,) values (m,) of changes, each at the count after it; 0 elsewhere."""
        values = np.zeros(len(self.observations))
        values[self.changes.after] = of_changes
        return values

    @cached_property
    def forecast(self) -> Float64Array:
        """(n, 3) P(a ship arrives within 1, 3, 7 days | observations up to t)."""
        return self.filtered @ arrival_probabilities(self.parameters.berth, FORECAST_DAYS)

    @cached_property
    def forecast_with_growth(self) -> Float64Array:
        """(n, 3) `forecast`, given that cargo has grown: rarely at a berth that is out of use."""
        states = self.filtered.copy()
        states[:, HALTED] /= _GROWTH_RATIO
        states /= states.sum(axis=1, keepdims=True)
        return states @ arrival_probabilities(self.parameters.berth, FORECAST_DAYS)

    def level_change(self, before: int, after: int) -> Magnitude:
        """Return the change of the number of containers from observation `before` to `after`."""
        (old, old_sd), (new, new_sd) = self.level[[before, after]].tolist()
        return Magnitude.from_mean_sd(new - old, hypot(old_sd, new_sd), "containers")

    def empty_probability(self, first: int, last: int) -> float:
        """Return P(no ship at any time from observation `first` to `last`)."""
        forward = self.berth.filtered[first] * ~SHIP_THERE
        for gap in range(first, last):
            forward = forward @ self.berth.no_ship[gap]
        return min(1.0, float(forward @ self.berth.backward[last]))

    def stays_empty_probability(self, first: int, last: int) -> float:
        """Return P(no ship at any time from `first` to `last` | no ship at `first`)."""
        empty_at_first = float(1.0 - self.ship_present[first])
        if empty_at_first <= 0:
            return 0.0
        return min(1.0, self.empty_probability(first, last) / empty_at_first)

    def empty_probabilities(self, span: int) -> Float64Array:
        """Return (n - span,): `empty_probability` from each observation to the `span`-th next."""
        n_starts = len(self.observations) - span
        forward = (self.berth.filtered[:n_starts] * ~SHIP_THERE)[:, None, :]
        for gap in range(span):
            forward = forward @ self.berth.no_ship[gap : gap + n_starts]
        empty = (forward[:, 0] * self.berth.backward[span:]).sum(axis=1)
        return np.asarray(empty.clip(0.0, 1.0))

    def _pairs(self, part: Float64Array) -> Float64Array:
        """Return (n - 1,) the probability of a `part` of the paths over each gap."""
        berth = self.berth
        return np.asarray(
            ((berth.filtered[:-1, None, :] @ part)[:, 0] * berth.backward[1:]).sum(axis=1)
        )


def infer_posteriors(
    inputs: Sequence[PierInferenceInput], rounds: int = LEARNING_ROUNDS
) -> list[Posterior]:
    """Return the posterior of each input; habits are learned in a few `rounds`.

    A round finds the habits with the highest posterior density given the probabilities of the last
    one (expectation maximization: Dempster, Laird and Rubin 1977).
    """
    posteriors: list[Posterior] = []
    for first in range(0, len(inputs), _BATCH):
        batch = list(inputs[first : first + _BATCH])
        changes = [CargoChanges.of(one.observations, one.parameters.cargo.load) for one in batch]
        found = _filter(batch, changes)
        for _ in range(rounds):
            batch = [
                replace(one, parameters=_learned(given, one.parameters))
                for one, given in zip(batch, found, strict=True)
            ]
            found = _filter(batch, changes)
        posteriors += found
    return posteriors


def _filter(
    inputs: Sequence[PierInferenceInput], changes: Sequence[CargoChanges]
) -> list[Posterior]:
    evidence, paths, starts = [], [], []
    for one, own in zip(inputs, changes, strict=True):
        n, habits = len(one.observations), one.parameters
        cargo = np.ones(n)
        cargo[own.after] = own.ship_likelihood_ratios(habits.cargo)
        evidence.append(
            BerthEvidence(
                ship_likelihood_ratios(one.observations, habits.detector),
                cargo,
                np.isfinite(one.observations.containers),
            )
        )
        gaps_d = np.diff(one.observations.days)
        paths.append(PathProbabilities.over(gaps_d, habits.berth, one.arrival_prior))
        starts.append(stationary_distribution(habits.berth))
    return [
        Posterior(
            observations=one.observations,
            parameters=one.parameters,
            berth=berth,
            changes=own,
            arrival_prior=one.arrival_prior,
        )
        for one, own, berth in zip(
            inputs, changes, filter_berths(evidence, paths, starts), strict=True
        )
    ]


def _learned(given: Posterior, known: PierParameters) -> PierParameters:
    """Return the habits of a pier, given the probabilities of its states."""
    observations = given.observations
    if len(observations) < 2:
        return known
    prior = PierParameters.prior(observations.role, observations.has_berth, observations.containers)
    calls = float(given.gap_arrivals[given.watched].sum())
    used_d = float(given.used_d[given.watched].sum())
    learned = known.with_calls(calls, used_d, _mean_stay(given))
    out_of_use_d = float((np.diff(observations.days) - given.used_d).sum())
    halts = out_of_use_d / learned.berth.halt_d
    share = (halts + PRIOR_HALT_SHARE * PRIOR_HALT_CALLS) / (calls + PRIOR_HALT_CALLS)
    return replace(
        learned,
        berth=replace(learned.berth, halt_share=min(0.5, share)),
        detector=learn_detector(observations, given.ship_present),
        cargo=given.changes.learn(known.cargo, prior.cargo, given.ship_between_counts),
    )


def _mean_stay(given: Posterior) -> float:
    """Return the mean stay, days, with the highest posterior.

    Evidence is how often a ship in one observation is still there in the next. A stay has two
    stages, and an observation meets it in either of them equally often.
    """
    ship, gaps = given.ship_present, np.diff(given.observations.days)
    near = gaps <= _MAX_STAY_GAP_D
    both = np.minimum(ship[:-1], ship[1:]) * (1.0 - given.gap_arrivals)
    still, left = both[near], (ship[:-1][near] - both[near]).clip(0.0)
    stays = gaps[near][:, None] / _STAYS_D
    probability = np.exp(-2 * stays) * (1 + stays)
    evidence = still[:, None] * np.log(probability) + left[:, None] * np.log1p(-probability + 1e-12)
    log_prior = -0.5 * (np.log(_STAYS_D / PRIOR_STAY_D) / PRIOR_STAY_LOG_SD) ** 2
    return float(_STAYS_D[np.argmax(evidence.sum(axis=0) + log_prior)])
