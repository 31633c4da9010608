"""Intervals: how sure a count is."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cv.counting.count import Estimate
from cv.detector.model_card import Calibration
from cv.geometry.oriented_boxes import Floats

LEVEL = 0.9
"""Share of scenes whose true number an interval is meant to contain."""
STEEPNESS = 4.0
"""Power of the score that the odds of a detection follow where there is no calibration."""
SHARED_ERROR = 0.12
"""Standard deviation of the error that all objects of a scene share (light, blur, look-alikes), as
a part of the count, where there is no calibration: about the error that the first released model
has on real scenes (datasets/real/measure.py)."""


def normal_quantile(level: float) -> float:
    """Return the standard deviations from the mean of a normal to the ends of its central interval.

    `level` is the probability of the interval, 0 to 1: 1.64485 for 0.9.
    """
    return NormalDist().inv_cdf((1.0 + level) / 2)


INTERVAL_Z = normal_quantile(LEVEL)
"""Standard deviations from the centre of a normal interval at `LEVEL` to its ends."""
FINDING_Z = 1.645
"""The same, rounded, for findings: kept so that published findings stay the same to the digit."""
SIMULATION_Z = 1.6449
"""The same, rounded, for simulated counts: kept so that a seed stays the same port."""


def detection_probabilities(
    scores: Floats, threshold: float, calibration: Calibration | None
) -> Floats:
    """(n,) probability that each detection is an object.

    Without a calibration `threshold`, where keeping and dropping were found to be equally wrong,
    means one half, and the odds grow with a power of the score, `STEEPNESS`: a rule of thumb.
    """
    if calibration is None:
        odds = (scores / threshold) ** STEEPNESS
        chances: Floats = odds / (1 + odds)
        return chances
    return np.interp(scores, calibration.scores, calibration.probabilities)


def estimate_count(
    weights: Floats,
    chances: Floats,
    kept: NDArray[np.bool_],
    area_km2: float,
    calibration: Calibration | None,
) -> Estimate:
    """The number of kept objects with its interval at `LEVEL`.

    `weights` (n,) is what an object counts for (1, or its TEU), `chances` (n,) its probability,
    `kept` (n,) True for what is counted; the others are candidates below the threshold. `area_km2`
    is what was looked at.

    The true number is taken as a sum of independent chances (a Poisson binomial, here by its normal
    approximation). With a calibration, objects without any detection are added to its mean (a
    Poisson number of them for the area), and its spread is multiplied by the dispersion and joined
    by the error that a scene's objects share. Without one, only the spread is taken from the
    chances, around the count itself, and `SHARED_ERROR` is added. The interval always contains the
    count.
    """
    value = float(weights[kept].sum())
    variance = float((weights**2 * chances * (1 - chances)).sum())
    if calibration is None:
        middle, spread = value, math.hypot(math.sqrt(variance), SHARED_ERROR * value)
    else:
        each = float(weights[kept].mean()) if kept.any() else 1.0
        unseen = calibration.missed_per_km2 * area_km2
        middle = float((weights * chances).sum()) * (1 + calibration.missed) + unseen * each
        variance = variance * (1 + calibration.missed) ** 2 + unseen * each**2
        spread = math.hypot(
            calibration.dispersion * math.sqrt(variance), calibration.shared * middle
        )
    low = min(value, max(0.0, math.floor(middle - INTERVAL_Z * spread)))
    return Estimate(value, low, max(value, math.ceil(middle + INTERVAL_Z * spread)))
