"""Scores of simulated hull detections, and the hull counts that they make.

A score is calibrated: of all detections with one score, the share `CALIBRATION` states are ships,
where there are `FALSE_PER_TRUE` false detections to a true one. The curve is that of the released
hull network when this was written; a copy, so that a seed stays the same port.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cv.counting.pier_count import Estimate
from cv.counting.uncertainty import HULL_DENSITY, detection_probabilities, estimate_count
from cv.detector.model_card import Calibration
from cv.geometry.arrays import Float64Array

THRESHOLD = 0.67
"""Score from which on a detection is counted."""
MIN_SCORE = 0.25
"""Least score of a candidate: it is not counted, but widens the interval."""
CALIBRATION = Calibration(
    kind="hull",
    scores=(0.0, 0.1756, 0.2265, 0.2937, 0.3828, 0.5482, 0.6531, 0.6796, 0.7619, 0.8127, 0.8502,
            0.8979, 1.0),
    probabilities=(0.0, 0.0, 0.0547, 0.1506, 0.153, 0.3446, 0.4095, 0.5556, 0.7077, 0.8028, 0.9477,
                   1.0, 1.0),
    dispersion=0.918,
)  # fmt: skip
_TRUE_SHAPE = (3.0, 1.5)
"""Beta distribution of the scores of found ships, from `THRESHOLD` to 1."""
_GRID = 600


@dataclass(frozen=True, eq=False)
class _Scores:
    """Distribution of scores in a range, for ships and for false detections."""

    grid: Float64Array
    true: Float64Array
    """Distribution function of ships' scores on the grid."""
    false: Float64Array
    false_per_true: float

    @classmethod
    def between(cls, low: float, high: float, shape: tuple[float, float]) -> _Scores:
        edges = np.linspace(low, high, _GRID + 1)
        middle = (edges[:-1] + edges[1:]) / 2
        x = (middle - low) / (high - low)
        density = x ** (shape[0] - 1) * (1 - x) ** (shape[1] - 1)
        p = detection_probabilities(middle, THRESHOLD, CALIBRATION)
        false = density * (1 - p) / p
        ships, others = (
            np.concatenate([[0.0], np.cumsum(one) / one.sum()]) for one in (density, false)
        )
        return cls(edges, ships, others, float(false.sum() / density.sum()))


_COUNTED = _Scores.between(THRESHOLD, 1.0, _TRUE_SHAPE)
_CANDIDATES = _Scores.between(MIN_SCORE, THRESHOLD, (1.5, 1.0))
FALSE_PER_TRUE = _COUNTED.false_per_true
"""Counted false detections to one counted ship, at which the scores are calibrated."""
FALSE_CANDIDATES_PER_TRUE = _CANDIDATES.false_per_true
"""The same of candidates below the threshold."""


def ship_scores(quantiles: Float64Array) -> Float64Array:
    """Return the scores (n,) of counted ships at quantiles (n,), 0 to 1."""
    return np.interp(quantiles, _COUNTED.true, _COUNTED.grid)


def false_scores(quantiles: Float64Array) -> Float64Array:
    """Return the same of counted false detections."""
    return np.interp(quantiles, _COUNTED.false, _COUNTED.grid)


def ship_candidate_scores(quantiles: Float64Array) -> Float64Array:
    """Return the same of ships below the threshold."""
    return np.interp(quantiles, _CANDIDATES.true, _CANDIDATES.grid)


def false_candidate_scores(quantiles: Float64Array) -> Float64Array:
    """Return the same of false detections below the threshold."""
    return np.interp(quantiles, _CANDIDATES.false, _CANDIDATES.grid)


def probability(score: float) -> float:
    """Return the probability that a detection with this score is a ship."""
    return float(detection_probabilities(np.array([score]), THRESHOLD, CALIBRATION)[0])


def count_hulls(
    scores: Float64Array, missed: float, missed_per_km2: float, berth_km2: float
) -> Estimate:
    """Return the hull count of detections with `scores` (n,), as `cv.counting.uncertainty` does.

    `missed` and `missed_per_km2` are what a calibration says of ships without any detection.
    """
    calibration = replace(CALIBRATION, missed=missed, missed_per_km2=missed_per_km2)
    return estimate_count(
        np.ones(len(scores)), scores, THRESHOLD, berth_km2, calibration, prior=HULL_DENSITY
    )
