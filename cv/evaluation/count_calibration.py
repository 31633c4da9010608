"""Fit calibrations of scores and counts to evaluations of held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, product

import numpy as np

from cv.counting.uncertainty import LEVEL, detection_probabilities
from cv.detector.model_card import Calibration, ModelCard
from cv.evaluation.box_matching import UNMATCHED, DetectionMatches
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.geometry.arrays import BoolArray, Float64Array

_MAX_KNOTS = 24
"""Maximum number of scores at which the probability is stored."""
_MIN_EMPTY = 8
"""Minimum number of nearly empty samples from which `missed_per_km2` is estimated."""
_BISECTIONS = 10
_DISPERSION_GRID = np.linspace(1.0, 4.0, 13)
_SHARED_GRID = np.linspace(0.0, 0.6, 31)


def fit_calibration(
    evaluations: Sequence[ImageEvaluation], weights: Float64Array | None = None
) -> Calibration:
    """Return the calibration for `evaluations`, which are of one class and one model.

    Probabilities: isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002) of
    whether a detection matches an object at a rotated IoU of 0.5. Missed objects: relative to the
    expected number, and per area. Spread: maximum likelihood of a normal error, then scaled until
    the coverage of the evaluations suffices for new ones to reach `LEVEL`, which takes slightly
    more the fewer they are (as in conformal prediction; Lei et al. 2018). Samples with less than
    one expected object are left out of the scaling: their intervals nearly always contain the true
    number, which would leave those of the others too narrow. `weights` (n,) are equal by default.
    """
    weights = np.ones(len(evaluations)) if weights is None else weights
    shares: Float64Array = weights / weights.sum()
    matches = DetectionMatches.joined([evaluation.matches for evaluation in evaluations])
    by_detection = np.repeat(shares, [len(evaluation.found) for evaluation in evaluations])
    scores, probabilities = _isotonic(matches.scores, matches.objects[0] != UNMATCHED, by_detection)
    curve = Calibration(kind=evaluations[0].sample.kind, scores=scores, probabilities=probabilities)
    expected, variance = _moments(evaluations, curve)
    areas = np.array([evaluation.area_km2 for evaluation in evaluations])
    true = np.array([evaluation.true for evaluation in evaluations], dtype=float)
    missed, per_km2 = _missed(true - expected, expected, areas, shares)
    mean = expected * (1 + missed) + per_km2 * areas
    variance = variance * (1 + missed) ** 2 + per_km2 * areas
    dispersion, shared = _spread(true - mean, variance, mean, shares)
    fitted = replace(
        curve, missed=missed, missed_per_km2=per_km2, dispersion=dispersion, shared=shared
    )
    non_empty = expected >= 1.0
    if not non_empty.any():
        return fitted
    return _scaled(fitted, list(compress(evaluations, non_empty)), shares[non_empty])


def fit_on_chips_and_windows(
    chips: Sequence[ImageEvaluation], windows: Sequence[ImageEvaluation]
) -> Calibration:
    """Return the calibration for rendered `chips` and `windows` of scenes, weighted equally."""
    evaluations = [*chips, *windows]
    if not chips or not windows:
        return fit_calibration(evaluations)
    weights = np.full(len(chips), 1 / len(chips)), np.full(len(windows), 1 / len(windows))
    return fit_calibration(evaluations, np.concatenate(weights))


def with_calibration(card: ModelCard, calibration: Calibration) -> ModelCard:
    """Return `card` with `calibration`, which replaces any other one of its class."""
    others = [one for one in card.calibrations if one.kind != calibration.kind]
    return replace(card, calibrations=(*others, calibration))


def with_intervals(evaluation: ImageEvaluation, calibration: Calibration) -> ImageEvaluation:
    """Return `evaluation` with the intervals of `calibration`."""
    return replace(evaluation, card=with_calibration(evaluation.card, calibration))


def _scaled(
    calibration: Calibration, evaluations: Sequence[ImageEvaluation], shares: Float64Array
) -> Calibration:
    """Return `calibration` with its spread scaled until the coverage of `evaluations` suffices."""
    shares = shares / shares.sum()
    effective_size = 1 / float((shares**2).sum())
    target = min(1.0, LEVEL * (1 + 1 / effective_size))

    def scaled(factor: float) -> Calibration:
        dispersion, shared = calibration.dispersion * factor, calibration.shared * factor
        return replace(calibration, dispersion=dispersion, shared=shared)

    def coverage(factor: float) -> float:
        changed = [with_intervals(evaluation, scaled(factor)) for evaluation in evaluations]
        return float(shares @ np.array([one.holds_truth for one in changed], dtype=float))

    low, high = 0.0, 4.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if coverage(middle) >= target - 1e-9 else (middle, high)
    return scaled(high)


def _isotonic(
    scores: Float64Array, matched: BoolArray, weights: Float64Array
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return scores and probabilities of the knots of the isotonic fit of `matched`, 0 to 1."""
    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, min(_MAX_KNOTS * 4, max(1, len(order) // 5)))
    pooled: list[list[float]] = []
    for part in parts:
        if len(part):
            score, rate = (np.average(x[part], weights=weights[part]) for x in (scores, matched))
            pooled.append([float(score), float(rate), float(weights[part].sum())])
        while len(pooled) > 1 and pooled[-2][1] >= pooled[-1][1]:
            (s1, h1, n1), (s2, h2, n2) = pooled[-2:]
            n = n1 + n2
            pooled[-2:] = [[(s1 * n1 + s2 * n2) / n, (h1 * n1 + h2 * n2) / n, n]]
    step = max(1, -(-len(pooled) // (_MAX_KNOTS - 2)))
    chosen = [*pooled[::step], *pooled[-1:]]
    knots = {0.0: 0.0} | {round(s, 4): round(h, 4) for s, h, _ in chosen if 0 < s < 1}
    knots[1.0] = max(knots.values())
    ordered = sorted(knots)
    return tuple(ordered), tuple(knots[s] for s in ordered)


def _moments(
    evaluations: Sequence[ImageEvaluation], calibration: Calibration
) -> tuple[Float64Array, Float64Array]:
    """Return mean and variance (n,) of the number of objects among the detections of each."""
    found = [evaluation.found.scores for evaluation in evaluations]
    probabilities = [detection_probabilities(scores, 0.5, calibration) for scores in found]
    return (
        np.array([p.sum() for p in probabilities]),
        np.array([(p * (1 - p)).sum() for p in probabilities]),
    )


def _missed(
    missing: Float64Array, expected: Float64Array, areas: Float64Array, shares: Float64Array
) -> tuple[float, float]:
    """Return the missed objects relative to `expected` (least squares), and per km2.

    The latter is estimated from nearly empty samples, if there are enough of them. `missing` is
    true minus expected numbers (n,).
    """
    empty = expected < 1.0
    per_km2 = 0.0
    if empty.sum() >= _MIN_EMPTY:
        missing_empty = float(shares[empty] @ missing[empty])
        per_km2 = max(0.0, missing_empty / float(shares[empty] @ areas[empty]))
    rest = missing - per_km2 * areas
    factor = float((shares * rest) @ expected)
    factor /= max(float((shares * expected) @ expected), 1e-12)
    return max(0.0, factor), per_km2


def _spread(
    errors: Float64Array, variance: Float64Array, mean: Float64Array, shares: Float64Array
) -> tuple[float, float]:
    """Return dispersion and shared error of maximum likelihood for `errors` (grid search)."""

    def negative_log_likelihood(pair: tuple[float, float]) -> float:
        dispersion, shared = pair
        deviation = np.sqrt(dispersion**2 * variance + (shared * mean) ** 2 + 1 / 12)
        return float(shares @ (np.log(deviation) + (errors / deviation) ** 2 / 2))

    dispersion, shared = min(product(_DISPERSION_GRID, _SHARED_GRID), key=negative_log_likelihood)
    return float(dispersion), float(shared)
