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
BAD_IMAGE_SHARE = 0.03
"""Share of images that are bad without being noticed."""
WEATHER_D = 1.5
"""Time over which weather persists, days."""
_STEEPNESS = 1.702
"""Scale at which a logistic function is nearest to the normal distribution function."""


def quality_transitions(gaps_d: Float64Array) -> Float64Array:
    """Return (n, to, from): transition probabilities of the quality over gaps (n,) of days."""
    persists = np.exp(-gaps_d / WEATHER_D)[:, None, None]
    shares = np.array([1.0 - BAD_IMAGE_SHARE, BAD_IMAGE_SHARE])[:, None]
    return np.asarray(persists * np.eye(QUALITIES) + (1.0 - persists) * shares)


def bad_count_likelihood(
    mean: Float64Array, variance: Float64Array, number: Float64Array, known: BoolArray
) -> Float64Array:
    """Return the probability density of counting `number` containers in a bad image.

    `mean` and `variance` are those of the containers that are there. An unknown count is certain.
    """
    z = ((mean - number) / np.sqrt(variance + 1.0)).clip(-30.0, 30.0)
    enough = 1.0 / (1.0 + np.exp(-_STEEPNESS * z))
    return np.asarray(np.where(known, enough / (mean + 1.0), 1.0))
