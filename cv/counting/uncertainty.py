"""The uncertainty of counts: probabilities of detections, intervals of counts."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from cv.counting.count import Estimate
from cv.detector.model_card import Calibration
from cv.geometry.arrays import Float64Array

LEVEL = 0.9
"""Nominal coverage of intervals."""
STEEPNESS = 4.0
"""Without a calibration, the odds of a detection grow with this power of its score."""
SHARED_ERROR = 0.12
"""Without a calibration, relative standard deviation of the error that all objects of a scene have
in common (illumination, blur, similar objects): about that of the first released model on real
scenes (datasets/real/measure.py)."""


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
    scores: Float64Array, threshold: float, calibration: Calibration | None
) -> Float64Array:
    """Return the probability (n,) that a detection with each of `scores` (n,) is an object.

    With a calibration, interpolated from its curve. Without one, a rule of thumb: 0.5 at the
    threshold, with odds that grow with the power `STEEPNESS` of the score.
    """
    if calibration is None:
        odds = (scores / threshold) ** STEEPNESS
        probabilities: Float64Array = odds / (1 + odds)
        return probabilities
    return np.interp(scores, calibration.scores, calibration.probabilities)


def estimate_count(
    weights: Float64Array,
    scores: Float64Array,
    threshold: float,
    area_km2: float,
    calibration: Calibration | None,
) -> Estimate:
    """Return the number of counted objects with its interval at `LEVEL`.

    The true number is modelled as a sum of independent Bernoulli variables (Poisson binomial, by
    its normal approximation). With a calibration, the mean includes objects without any detection
    (by a factor, and a Poisson number per area), and the standard deviation is multiplied by the
    dispersion and combined with the error that all objects of a scene have in common. Without a
    calibration the interval is centred on the count and `SHARED_ERROR` is added. The interval
    always contains the count.

    Args:
        weights: (n,) what each detection counts for: 1, or its TEU.
        scores: (n,) scores of detections, including candidates below the threshold.
        threshold: Minimum score of a counted detection.
        area_km2: Visible area, square kilometres.
        calibration: Calibration of the class, or None.
    """
    probabilities = detection_probabilities(scores, threshold, calibration)
    counted = scores >= threshold
    value = float(weights[counted].sum())
    variance = float((weights**2 * probabilities * (1 - probabilities)).sum())
    if calibration is None:
        mean, deviation = value, math.hypot(math.sqrt(variance), SHARED_ERROR * value)
    else:
        mean_weight = float(weights[counted].mean()) if counted.any() else 1.0
        missed = calibration.missed_per_km2 * area_km2
        mean = float((weights * probabilities).sum()) * (1 + calibration.missed)
        mean += missed * mean_weight
        variance = variance * (1 + calibration.missed) ** 2 + missed * mean_weight**2
        deviation = math.hypot(
            calibration.dispersion * math.sqrt(variance), calibration.shared * mean
        )
    low = min(value, max(0.0, math.floor(mean - INTERVAL_Z * deviation)))
    return Estimate(value, low, max(value, math.ceil(mean + INTERVAL_Z * deviation)))
