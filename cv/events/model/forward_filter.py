"""Forward filter: state probabilities and the number of containers as of each observation.

A switching state-space model; the equations are in `cv.events.model`. Each state of the berth, with
an image that can be trusted and with a bad one, keeps one Gaussian of the number of containers,
merged by moment matching after every observation. Several piers are
filtered side by side: one step over many costs little more than one over a single pier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.events.model.bad_images import (
    BAD_IMAGE_SHARE,
    QUALITIES,
    bad_count_likelihood,
    quality_transitions,
)
from cv.events.model.berth_state_model import (
    GATHERING,
    STATES,
    WITH_SHIP,
    PathProbabilities,
    stationary_distribution,
)
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import PierParameters
from cv.events.model.transitions import (
    GROWING,
    N_COMPONENTS,
    SHIP_HANDLING,
    STEADY,
    persistence_factors,
    transitions_over,
)
from cv.geometry.arrays import Float64Array

_OUTLIER_SHARE = 0.02
"""Share of counts that carry no information on the number of containers."""
_LIKELIHOOD_UNIT = (1 - _OUTLIER_SHARE) / np.sqrt(2 * np.pi)
"""Count likelihoods are divided by this."""
_MIN_PROBABILITY, _MIN_VARIANCE, _NO_INFORMATION = 1e-200, 1e-6, 1e18
"""Floors against division by zero, and the error variance of an unknown count."""
_GATHERS = np.zeros((STATES, STATES, 1), dtype=bool)
_GATHERS[GATHERING] = _GATHERS[:, GATHERING] = True
"""(to, from, 1) whether cargo gathers between two states."""
_JOINT = QUALITIES * STATES
_HAS_SHIP = np.isin(np.arange(STATES), WITH_SHIP).astype(int)


FilterResult = tuple[Float64Array, Float64Array, Float64Array, Float64Array]
"""What the first t of n observations imply at each t.

Joint states are those of the berth for good images, then for bad ones. In this order: filtered
probabilities of the joint states (n, joint); mean and standard deviation of the number of
containers (n, 2); weights of paths without a ship, the later observation's likelihood included,
(n - 1, from, to); and of those with one. Both together lead from a row to the next.
"""


def forward_filter(
    observations: Sequence[PierObservations],
    parameters: Sequence[PierParameters],
    paths: Sequence[PathProbabilities],
) -> list[FilterResult]:
    """Filter the observations of several piers, each with at least one.

    The sequences run over the piers; `paths` are those over the gaps between its observations.
    """
    piers = [_PierTerms.of(*one) for one in zip(observations, parameters, paths, strict=True)]
    moments, likelihoods = _filter(piers)
    return [pier.result(moments[:, :, i], likelihoods[:, :, i]) for i, pier in enumerate(piers)]


@dataclass(frozen=True, eq=False)
class _PierTerms:
    """The inputs of the filter for one pier; n observations."""

    start: Float64Array
    """(3, qualities, states) at the first observation: probability, and that times mean and mean
    square."""
    counts: Float64Array
    """(n - 1, 4) terms of `_update` for each count but the first."""
    changes: Float64Array
    """(n - 1, 5, components) coefficients of `transitions_over`."""
    weights: Float64Array
    """(n - 1, to, from, components) prior weight times hull likelihood."""
    qualities: Float64Array
    """(n - 1, to, from) transition probabilities of the quality of images."""

    @classmethod
    def of(
        cls, observations: PierObservations, parameters: PierParameters, paths: PathProbabilities
    ) -> _PierTerms:
        load = parameters.load
        known = np.isfinite(observations.containers)
        number = np.where(known, observations.containers, 0.0)
        below, above = np.where(known, observations.containers_sd.T**2, _NO_INFORMATION)
        outlier = np.where(known, _OUTLIER_SHARE / (1.5 * load + number) / _LIKELIHOOD_UNIT, 1.0)
        counts = np.stack([number, above, below - above, outlier], axis=1)
        prior = np.array([0.5 * load]), np.array([load**2])
        mean, variance, likelihood = _update(*prior, *counts[:1].T)
        bad_likelihood = bad_count_likelihood(*prior, number[:1], above[:1]) / _LIKELIHOOD_UNIT
        bad_likelihood = np.where(known[:1], bad_likelihood, likelihood)
        good, bad = (1 - BAD_IMAGE_SHARE) * likelihood, BAD_IMAGE_SHARE * bad_likelihood
        quality = np.concatenate([good, bad]) / (good + bad)
        mean, variance = (
            np.concatenate(pair) for pair in zip((mean, variance), prior, strict=True)
        )
        hull_likelihood = observations.ship_likelihoods()[:, _HAS_SHIP]
        start = stationary_distribution(parameters) * hull_likelihood[0]
        moments = np.stack([np.ones(QUALITIES), mean, variance + mean**2]) * quality
        gaps_d = np.diff(observations.days)
        *changes, mixture = transitions_over(gaps_d, parameters)
        mixture = mixture * persistence_factors(observations.found_again, parameters)
        weights = _component_weights(paths, mixture) * hull_likelihood[1:, :, None, None]
        return cls(
            moments[:, :, None] * (start / start.sum()),
            counts[1:],
            np.stack(changes, axis=1),
            weights,
            quality_transitions(gaps_d, observations.may_be_bad[1:]),
        )

    def result(self, moments: Float64Array, likelihoods: Float64Array) -> FilterResult:
        """Return the filtered pier.

        `moments` (steps, 3, joint) and `likelihoods` (steps, to quality, from quality, from
        state, components) are those of `_filter`, with steps after this pier's last observation at
        the end.
        """
        moments, likelihoods = moments[: len(self.weights) + 1], likelihoods[: len(self.weights)]
        probability, mean, square = moments.swapaxes(0, 1)
        scale = probability.sum(axis=1)
        level = mean.sum(axis=1) / scale
        sd = np.sqrt((square.sum(axis=1) / scale - level**2).clip(0.0))
        likelihoods = likelihoods * (self.qualities / scale[1:, None, None])[..., None, None]
        by_path = [
            np.einsum("tjic,tqpic->tpiqj", self.weights[..., part], likelihoods[..., part])
            for part in (slice(0, SHIP_HANDLING.start), SHIP_HANDLING)
        ]
        joint = len(self.weights), _JOINT, _JOINT
        no_ship, ship = (one.reshape(joint) for one in by_path)
        return probability / scale[:, None], np.stack([level, sd], axis=1), no_ship, ship


def _component_weights(paths: PathProbabilities, mixture: Float64Array) -> Float64Array:
    """Return (n - 1, to, from, components): probability of each path and mixture component."""
    no_ship = paths.no_ship.swapaxes(1, 2)[..., None]
    ship = (paths.any_path - paths.no_ship).swapaxes(1, 2)[..., None].clip(0.0)
    weights = np.empty((*no_ship.shape[:3], N_COMPONENTS))
    weights[..., STEADY] = np.where(_GATHERS, 0.0, no_ship)
    weights[..., GROWING] = np.where(_GATHERS, no_ship, 0.0)
    weights[..., SHIP_HANDLING] = ship
    return weights * mixture[:, None, None, :]


def _filter(piers: Sequence[_PierTerms]) -> tuple[Float64Array, Float64Array]:
    """Run the filter over all piers at once.

    Returns (observations, 3, piers, joint) moments as in `_PierTerms.start`, and (gaps, to quality,
    piers, from quality, from state, components) likelihoods of the counts.
    """
    n_piers = len(piers)
    weights = _stack([pier.weights for pier in piers])
    weights = weights.reshape(*weights.shape[:3], STATES * N_COMPONENTS)
    counts = _stack([pier.counts for pier in piers]).swapaxes(1, 2)[..., None, None, None]
    changes = _stack([pier.changes for pier in piers]).swapaxes(1, 2)[:, :, :, None, None]
    qualities = _stack([pier.qualities for pier in piers])
    qualities = qualities.transpose(0, 2, 1, 3)[..., None, None]  # step, to, pier, from, 1, 1
    components = np.empty((3, n_piers, QUALITIES, STATES, N_COMPONENTS))
    moments = [np.stack([pier.start for pier in piers], axis=1)[..., None]]
    likelihoods = []
    for weight, count, change, quality in zip(weights, counts, changes, qualities, strict=True):
        mean_factor, mean_offset, variance_factor, noise_factor, noise_offset = change
        weight_sum = np.maximum(moments[-1][0], _MIN_PROBABILITY)
        mean, square = moments[-1][1:] / weight_sum
        variance = np.maximum(square - mean * mean, _MIN_VARIANCE)
        probability = weight_sum / weight_sum.sum(axis=(1, 2), keepdims=True)
        noise = noise_factor * mean + noise_offset
        predicted_variance = variance_factor * variance + noise * noise
        predicted = mean_factor * mean + mean_offset, predicted_variance
        known = count[1] < _NO_INFORMATION
        good = _update(*predicted, *count)
        bad_likelihood = bad_count_likelihood(*predicted, *count[:2]) / _LIKELIHOOD_UNIT
        bad = (*predicted, np.where(known, bad_likelihood, good[2]))
        after = []
        for (mean, variance, likelihood), share in zip((good, bad), quality, strict=True):
            np.multiply(probability * share, likelihood, out=components[0])
            np.multiply(components[0], mean, out=components[1])
            np.multiply(components[0], variance + mean * mean, out=components[2])
            merged = components.sum(axis=2).reshape(3, n_piers, STATES * N_COMPONENTS, 1)
            after.append(weight @ merged)
        moments.append(np.stack(after, axis=2))
        likelihoods.append([good[2], bad[2]])
    shape = -1, QUALITIES, *components.shape[1:]
    by_joint_state = np.array(moments).reshape(len(moments), 3, n_piers, _JOINT)
    return by_joint_state, np.array(likelihoods).reshape(shape)


def _stack(columns: Sequence[Float64Array]) -> Float64Array:
    """Return (steps, piers, ...) from each pier's (steps, ...), padded with ones at the end."""
    stacked = np.ones((max(map(len, columns)), len(columns), *columns[0].shape[1:]))
    for i, column in enumerate(columns):
        stacked[: len(column), i] = column
    return stacked


def _update(
    mean: Float64Array,
    variance: Float64Array,
    number: Float64Array,
    upward_variance: Float64Array,
    downward_extra: Float64Array,
    outlier: Float64Array,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return mean and variance after a count of `number` containers, and the count's likelihood.

    A Kalman update mixed with no update in case the count is an outlier, merged into one Gaussian.
    The error variance is `upward_variance` where the truth is above the count, and `downward_extra`
    more where it is below; an unknown count has a huge one. `outlier` is the likelihood of a count
    without information; likelihoods are in `_LIKELIHOOD_UNIT`.
    """
    error = number - mean
    total = variance + upward_variance + downward_extra * (error > 0)
    inlier = np.exp(-0.5 * error * error / total) / np.sqrt(total)
    likelihood = inlier + outlier
    trust, gain = inlier / likelihood, variance / total
    trusted_gain, shift = trust * gain, gain * error
    mean_shift = trusted_gain * error
    posterior_variance = variance - trusted_gain * variance + mean_shift * (shift - mean_shift)
    return np.maximum(mean + mean_shift, 0.0), posterior_variance, likelihood
