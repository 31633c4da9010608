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
STEEPNESS = 4.0
"""Power of the score that the odds of a detection follow where there is no calibration."""
SHARED_ERROR = 0.12
"""Standard deviation of the error that all objects of a scene share (light, blur, look-alikes), as
a part of the count, where there is no calibration: about the error that the first released model
has on real scenes (datasets/real/measure.py)."""
_Z = 1.6448536269514722
"""Standard normal quantile of (1 + LEVEL) / 2."""


def probabilities(scores: Floats, threshold: float, calibration: Calibration | None) -> Floats:
    """(n,) probability that each detection is an object.

    Without a calibration `threshold`, where keeping and dropping were found to be equally wrong,
    means one half, and the odds grow with a power of the score, `STEEPNESS`: a rule of thumb.
    """
    if calibration is None:
        odds = (scores / threshold) ** STEEPNESS
        chances: Floats = odds / (1 + odds)
        return chances
    return np.interp(scores, calibration.scores, calibration.probabilities)


def estimate(
    weights: Floats, chances: Floats, kept: NDArray[np.bool_], calibration: Calibration | None
) -> Estimate:
    """The number of kept objects with its interval at `LEVEL`.

    `weights` (n,) is what an object counts for (1, or its TEU), `chances` (n,) its probability,
    `kept` (n,) True for what is counted; the others are candidates below the threshold. The true
    number is taken as a sum of independent chances (a Poisson binomial, here by its normal
    approximation), whose spread is multiplied by the calibration's dispersion. Without a
    calibration only the spread is taken from the chances, around the count itself, and
    `SHARED_ERROR` is added. The interval always contains the count.
    """
    value = middle = float(weights[kept].sum())
    spread = math.sqrt(float((weights**2 * chances * (1 - chances)).sum()))
    if calibration is None:
        spread = math.hypot(spread, SHARED_ERROR * value)
    else:
        middle = float((weights * chances).sum())
        spread *= calibration.dispersion
    low = min(value, max(0.0, math.floor(middle - _Z * spread)))
    return Estimate(value, low, max(value, math.ceil(middle + _Z * spread)))
