"""Bad images: counts that are too low because haze, blur or fog was not noticed.

An image is good or bad. Weather lasts, so that a bad one is often followed by another: a Markov
chain with the stationary share `BAD_IMAGE_SHARE` and correlation exp(-gap / `WEATHER_D`). The count
of a bad image is anything from none to all of what is there, each with the same probability, and
says nothing else about it.
"""

from __future__ import annotations

import numpy as np

from cv.geometry.arrays import BoolArray, Float64Array

QUALITIES = 2
"""Number of qualities: good, bad."""
BAD_IMAGE_SHARE = 0.02
"""Share of images that are bad without being noticed. Assumed, not measured yet."""
WEATHER_D = 1.5
"""Time over which weather persists, days."""
_STEEPNESS = 1.702
"""Scale at which a logistic function is nearest to the normal distribution function."""


def quality_transitions(gaps_d: Float64Array, may_be_bad: BoolArray) -> Float64Array:
    """Return (n, to, from): transition probabilities of the quality over gaps (n,) of days.

    An image that may not be bad (n,) is good.
    """
    persists = np.exp(-gaps_d / WEATHER_D)[:, None, None]
    shares = np.array([1.0 - BAD_IMAGE_SHARE, BAD_IMAGE_SHARE])[:, None]
    transitions = np.asarray(persists * np.eye(QUALITIES) + (1.0 - persists) * shares)
    transitions[~may_be_bad] = [[1.0, 1.0], [0.0, 0.0]]
    return np.asarray(transitions)


def bad_count_likelihood(
    mean: Float64Array, variance: Float64Array, number: Float64Array, error_variance: Float64Array
) -> Float64Array:
    """Return the probability density of counting `number` containers in a bad image.

    `mean` and `variance` are those of the containers that are there, `error_variance` is that of
    the count of a good image. The density is nowhere above the greatest of a good image.
    """
    total = variance + error_variance
    z = ((mean - number) / np.sqrt(total)).clip(-30.0, 30.0)
    enough = 1.0 / (1.0 + np.exp(-_STEEPNESS * z))
    return np.asarray(enough / (mean + np.sqrt(2 * np.pi * total)))
