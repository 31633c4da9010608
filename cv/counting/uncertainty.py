"""The uncertainty of counts: probabilities of detections, intervals of counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from cv.counting.pier_count import Estimate
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
CLEAR_RECALL = 0.7
"""Expected recall from which on an image is as clear as those that intervals were calibrated on:
the judge gives clear real scenes 0.74 to 0.97."""
RECALL_SPREAD = 8.0
"""Concentration of the beta distribution of a scene's recall about the expected one: a standard
deviation of 0.16 about 0.5."""
_RECALLS = 32
"""Recalls by which that distribution is approximated."""
CLEAR_SCORE = 0.75
"""Mean score of the boxes in clear images."""
_PRIOR_SCORES = 3
"""Boxes of that score that are added to those of a count, whose mean would be chance."""
LEAST_RECALL = (-1.01, 1.65, 16.77)
"""Constant, factor of the judged recall's log-odds and of the mean score's excess, see
`least_recall`; printed by tools/fit_least_recall.py."""


@dataclass(frozen=True)
class DensityPrior:
    """A gamma distribution of the number of objects on a square kilometre, before any is seen."""

    mean_per_km2: float
    shape: float
    """1: exponential; less: emptier and fuller places."""
    weight: float = 1.0
    """What an object counts for where none was found: 1, or its TEU."""


CONTAINER_DENSITY = DensityPrior(6000.0, 0.5)
"""Wide: a tenth of the piers have fewer than 100 roofs on a square kilometre, a twentieth more than
23,000, as dense rendered terminals have; those of the sample port have 600 to 9,000."""
TEU_DENSITY = DensityPrior(6000.0, 0.5, weight=2.0)
"""The same roofs, as twenty-foot equivalents."""
HULL_DENSITY = DensityPrior(30.0, 1.0)
"""A berth of 60 x 200 m holds a hull one time in three."""


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
    recall: float = 1.0,
    prior: DensityPrior = CONTAINER_DENSITY,
    least: float = 1.0,
) -> Estimate:
    """Return the number of counted objects with its interval at `LEVEL`.

    The true number is modelled as a sum of independent Bernoulli variables (Poisson binomial, by
    its normal approximation). With a calibration, the mean includes objects without any detection
    (by a factor, and a Poisson number per area), and the standard deviation is multiplied by the
    dispersion and combined with the error that all objects of a scene have in common. Without a
    calibration the interval is centred on the count and `SHARED_ERROR` is added. The interval
    always contains the count. Its upper part is combined, as independent errors are, with what a
    degraded image hides: all but the share `least` of the objects, or with a recall below
    `CLEAR_RECALL` those of `missed_at_most` if they are more.

    Args:
        weights: (n,) what each detection counts for: 1, or its TEU.
        scores: (n,) scores of detections, including candidates below the threshold.
        threshold: Minimum score of a counted detection.
        area_km2: Visible area, square kilometres.
        calibration: Calibration of the class, or None.
        recall: Expected share of the objects that would be found, of those found in clear images.
        prior: Density of the class.
        least: The least share that is found, see `least_recall`.
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
    high = max(value, math.ceil(mean + INTERVAL_Z * deviation))
    hidden = value * (1 / least - 1)
    if recall < CLEAR_RECALL:
        mean_weight = float(weights[counted].mean()) if counted.any() else prior.weight
        missed_objects = missed_at_most(int(counted.sum()), area_km2, recall, prior)
        hidden = max(hidden, missed_objects * mean_weight)
    return Estimate(value, low, value + math.ceil(math.hypot(high - value, hidden)))


def mean_score(scores: Float64Array) -> float:
    """Return the mean score of counted boxes, drawn to `CLEAR_SCORE` where there are few."""
    return float((scores.sum() + _PRIOR_SCORES * CLEAR_SCORE) / (len(scores) + _PRIOR_SCORES))


def least_recall(judged: float, scores: Float64Array) -> float:
    """Return the recall that nine of ten images exceed, 0 to 1.

    Scores sink where an image shows less, before boxes are missed. Fitted to degraded images by
    quantile regression, see tools/fit_least_recall.py.

    Args:
        judged: Recall that the judge of the image expects, 0 to 1.
        scores: (n,) scores of the counted boxes.

    >>> [round(least_recall(0.9, np.full(40, score)), 2) for score in (0.8, 0.7, 0.6)]
    [0.97, 0.86, 0.57]
    """
    odds = min(max(judged, 0.02), 0.98)
    features = 1.0, math.log(odds / (1 - odds)), mean_score(scores) - CLEAR_SCORE
    return 1 / (1 + math.exp(-float(np.dot(LEAST_RECALL, features))))


def missed_at_most(found: int, area_km2: float, recall: float, prior: DensityPrior) -> int:
    """Return the number of missed objects that is not exceeded with 95 % probability.

    The number of objects in the area is a Poisson number whose density has the gamma distribution
    `prior`; each is found with a probability that the scene's objects have in common and that is
    beta distributed about `recall` (`RECALL_SPREAD`). Given `found`, the missed ones then have a
    mixture of negative binomial distributions (Gelman et al., Bayesian Data Analysis, 2.6).

    >>> [missed_at_most(0, 0.01, recall, CONTAINER_DENSITY) for recall in (0.4, 0.6, 0.9)]
    [6, 2, 1]
    """
    if area_km2 <= 0:
        return 0
    recalls = _beta_quantiles(recall, _RECALLS)
    rate = prior.shape / prior.mean_per_km2  # of the gamma distribution, square kilometres
    seen = rate + area_km2 * recalls
    chance = seen / (rate + area_km2)
    size = prior.shape + found
    logs = found * np.log(recalls) - size * np.log(seen)  # of the likelihood of `found`
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    most = int(size * ((1 - chance) / chance).max() * 12) + 20
    counts = np.arange(most)
    log_terms = np.cumsum(np.log(np.maximum(size + counts - 1, 1e-12) / np.maximum(counts, 1)))
    log_terms -= log_terms[0]
    terms = log_terms + counts * np.log1p(-chance)[:, None] + size * np.log(chance)[:, None]
    total = np.cumsum(weights @ np.exp(terms))
    return int(np.searchsorted(total, (1 + LEVEL) / 2))


def _beta_quantiles(mean: float, number: int) -> Float64Array:
    """Return `number` equally probable values of a beta distribution, by numerical integration."""
    mean = min(max(mean, 0.02), 0.98)
    grid = (np.arange(2000) + 0.5) / 2000
    a, b = mean * RECALL_SPREAD, (1 - mean) * RECALL_SPREAD
    density = np.exp((a - 1) * np.log(grid) + (b - 1) * np.log1p(-grid))
    shares = np.cumsum(density) / density.sum()
    return np.interp((np.arange(number) + 0.5) / number, shares, grid)
