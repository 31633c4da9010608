"""Intervals: how sure a count is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cv.counting.count import Estimate
from cv.detector.card import Calibration
from cv.geometry.boxes import Floats

LEVEL = 0.9
"""Share of scenes whose true number an interval is meant to contain."""
_Z = 1.6448536269514722
"""Standard normal quantile of (1 + LEVEL) / 2."""


def probabilities(scores: Floats, threshold: float, calibration: Calibration | None) -> Floats:
    """(n,) probability that each detection is an object.

    Without a calibration the score is only stretched so that `threshold`, where keeping and
    dropping were found to be equally wrong, means one half.
    """
    if calibration is None:
        return np.interp(scores, [0.0, threshold, 1.0], [0.0, 0.5, 1.0])
    return np.interp(scores, calibration.scores, calibration.probabilities)


def estimate(
    weights: Floats, chances: Floats, kept: NDArray[np.bool_], calibration: Calibration | None
) -> Estimate:
    """The number of kept objects with its interval at `LEVEL`.

    `weights` (n,) is what an object counts for (1, or its TEU), `chances` (n,) its probability,
    `kept` (n,) True for what is counted; the others are candidates below the threshold. The true
    number is taken as a sum of independent chances (a Poisson binomial, here by its normal
    approximation), whose spread is multiplied by the calibration's dispersion. The interval always
    contains the count itself.
    """
    value = float(weights[kept].sum())
    mean = float((weights * chances).sum())
    spread = math.sqrt(float((weights**2 * chances * (1 - chances)).sum()))
    if calibration is not None:
        spread *= calibration.dispersion
    low = min(value, max(0.0, math.floor(mean - _Z * spread)))
    return Estimate(value, low, max(value, math.ceil(mean + _Z * spread)))
