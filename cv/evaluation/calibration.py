"""Calibration: from exams on held-back images to what a score and a count are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, product

import numpy as np
from numpy.typing import NDArray

from cv.counting.uncertainty import LEVEL, detection_probabilities
from cv.detector.model_card import Calibration, ModelCard
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.matching import NOTHING, DetectionMatches
from cv.geometry.oriented_boxes import Floats

_KNOTS = 24
"""Scores at which the probability is told, at most."""
_EMPTY = 8
"""Looks at next to nothing that tell how much is missed by area."""
_HALVINGS = 10
_DISPERSIONS = np.linspace(1.0, 4.0, 13)
_SHARED = np.linspace(0.0, 0.6, 31)


def fit_calibration(exams: Sequence[ImageEvaluation], weights: Floats | None = None) -> Calibration:
    """The calibration of the class of `exams`, which are of one class and one model.

    `weights` (n,) says how much each exam counts; None: all the same.

    Probabilities by isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002) of
    whether a detection is an object at a rotated IoU of 0.5. What no detection tells of, as a
    part of what they tell of and per area. The spread by maximum likelihood of a normal error,
    widened or narrowed until so many of the exams lie in their interval that `LEVEL` of fresh ones
    will: a little more than `LEVEL`, the fewer the exams the more (as in conformal prediction;
    Lei et al. 2018). Exams that tell of less than one object have no say in that: their intervals
    hold nearly always, and would let those that matter hold too rarely.
    """
    shares = _shares(exams, weights)
    matches = DetectionMatches.joined([exam.matches for exam in exams])
    heavy = np.repeat(shares, [len(exam.found) for exam in exams])
    scores, chances = _isotonic(matches.scores, matches.objects[0] != NOTHING, heavy)
    bare = Calibration(exams[0].sample.kind, scores, chances)
    told, variance = _moments(exams, bare)
    areas = np.array([exam.area_km2 for exam in exams])
    true = np.array([exam.true for exam in exams], dtype=float)
    missed, per_km2 = _missed(true - told, told, areas, shares)
    middle = told * (1 + missed) + per_km2 * areas
    variance = variance * (1 + missed) ** 2 + per_km2 * areas
    dispersion, shared = _spread(true - middle, variance, middle, shares)
    likely = Calibration(bare.kind, scores, chances, missed, per_km2, dispersion, shared)
    busy = told >= 1.0
    return _scaled(likely, list(compress(exams, busy)), shares[busy]) if busy.any() else likely


def fit_on_chips_and_windows(
    chips: Sequence[ImageEvaluation], windows: Sequence[ImageEvaluation]
) -> Calibration:
    """The calibration by rendered `chips` and by `windows` of real scenes: half of it by each."""
    exams = [*chips, *windows]
    if not chips or not windows:
        return fit_calibration(exams)
    halves = np.full(len(chips), 1 / len(chips)), np.full(len(windows), 1 / len(windows))
    return fit_calibration(exams, np.concatenate(halves))


def with_calibration(card: ModelCard, calibration: Calibration) -> ModelCard:
    """`card` with `calibration` in the place of another one of its class."""
    others = [one for one in card.calibrations if one.kind != calibration.kind]
    return replace(card, calibrations=(*others, calibration))


def _shares(exams: Sequence[ImageEvaluation], weights: Floats | None) -> Floats:
    """(n,) weights whose sum is 1."""
    if weights is None:
        return np.full(len(exams), 1 / len(exams))
    shares: Floats = weights / weights.sum()
    return shares


def _scaled(
    calibration: Calibration, exams: Sequence[ImageEvaluation], shares: Floats
) -> Calibration:
    """`calibration`, its spread narrowed or widened until enough of `exams` hold the truth."""
    shares = shares / shares.sum()
    worth = 1 / float((shares**2).sum())  # exams of equal weight that would tell as much
    wanted = min(1.0, LEVEL * (1 + 1 / worth))

    def times(factor: float) -> Calibration:
        return replace(
            calibration,
            dispersion=calibration.dispersion * factor,
            shared=calibration.shared * factor,
        )

    def coverage(factor: float) -> float:
        told = [replace(exam, card=with_calibration(exam.card, times(factor))) for exam in exams]
        return float(shares @ np.array([exam.holds_truth for exam in told], dtype=float))

    low, high = 0.0, 4.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if coverage(middle) >= wanted - 1e-9 else (middle, high)
    return times(high)


def _isotonic(
    scores: Floats, hits: NDArray[np.bool_], weights: Floats
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots of the rising function of the score that fits `hits` best, from 0 to 1."""
    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, min(_KNOTS * 4, max(1, len(order) // 5)))
    blocks = [
        [
            float(np.average(scores[part], weights=weights[part])),
            float(np.average(hits[part], weights=weights[part])),
            float(weights[part].sum()),
        ]
        for part in parts
        if len(part)
    ]
    pooled: list[list[float]] = []
    for block in blocks:
        pooled.append(list(block))
        while len(pooled) > 1 and pooled[-2][1] >= pooled[-1][1]:
            (s1, h1, n1), (s2, h2, n2) = pooled[-2:]
            n = n1 + n2
            pooled[-2:] = [[(s1 * n1 + s2 * n2) / n, (h1 * n1 + h2 * n2) / n, n]]
    step = max(1, -(-len(pooled) // (_KNOTS - 2)))
    kept = [*pooled[::step], *pooled[-1:]] if pooled else []
    knots = {0.0: 0.0} | {round(s, 4): round(h, 4) for s, h, _ in kept if 0 < s < 1}
    knots[1.0] = max(knots.values())
    ordered = sorted(knots)
    return tuple(ordered), tuple(knots[s] for s in ordered)


def _moments(exams: Sequence[ImageEvaluation], calibration: Calibration) -> tuple[Floats, Floats]:
    """Mean and variance of the objects that the detections of each exam tell of."""
    chances = [detection_probabilities(exam.found.scores, 0.5, calibration) for exam in exams]
    return (
        np.array([p.sum() for p in chances]),
        np.array([(p * (1 - p)).sum() for p in chances]),
    )


def _missed(rest: Floats, told: Floats, areas: Floats, shares: Floats) -> tuple[float, float]:
    """How much of `rest` goes with what is told (least squares), and how much with the area.

    The latter is measured where next to nothing is told of, if there are enough such looks.
    """
    empty = told < 1.0
    per_km2 = 0.0
    if empty.sum() >= _EMPTY:
        per_km2 = max(0.0, float(shares[empty] @ rest[empty]) / float(shares[empty] @ areas[empty]))
    left = rest - per_km2 * areas
    part = float((shares * left) @ told) / max(float((shares * told) @ told), 1e-12)
    return max(0.0, part), per_km2


def _spread(
    errors: Floats, variance: Floats, middle: Floats, shares: Floats
) -> tuple[float, float]:
    """Dispersion and shared error for which the `errors` are most likely."""

    def spread(dispersion: float, shared: float) -> Floats:
        wide: Floats = np.sqrt(dispersion**2 * variance + (shared * middle) ** 2 + 1 / 12)
        return wide

    def surprise(pair: tuple[float, float]) -> float:
        wide = spread(*pair)
        return float(shares @ (np.log(wide) + (errors / wide) ** 2 / 2))

    dispersion, shared = min(product(_DISPERSIONS, _SHARED), key=surprise)
    return float(dispersion), float(shared)
