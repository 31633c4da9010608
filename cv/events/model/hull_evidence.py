"""What the hulls of an image say about a ship at the berth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cv.counting.pier_count import BerthedHull
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import (
    PRIOR_FALSE,
    PRIOR_FALSE_IMAGES,
    PRIOR_RECALL,
    PRIOR_RECALL_IMAGES,
    DetectorHabits,
)
from cv.geometry.arrays import Float64Array

_CERTAIN = 500.0
"""Likelihood ratio of an interval that does not reach down to none, whatever the detector does at
this berth otherwise. Assumed."""
_UNKNOWN_WEIGHT = 1.0
"""Weight of a hull without a score: as likely among ships as among false hulls."""
_SCORES = (0.67, 0.68, 0.76, 0.81, 0.85, 0.90)
_TRUE_SHARES = (0.50, 0.56, 0.71, 0.80, 0.948, 0.99)
"""Share of hulls of a score that are ships, as calibrated for the released hull network (its card),
where there is one false hull to `_SHIPS_PER_FALSE` ships. That network counts none of a lower
score: one that has it was found by another network, and weighs as the least here."""
_LEAST_WEIGHT = 0.5
"""Weight of the hulls that are least like ships: scores differ between networks."""
_SHIPS_PER_FALSE = 8.0
"""Assumed: the card does not state it."""
_CERTAINLY_NONE = 0.001
"""Likelihood ratio of an interval that does not reach up to one. Assumed."""


def ship_likelihood_ratios(
    observations: PierObservations, detector: DetectorHabits
) -> Float64Array:
    """Return (n,) the likelihood of the hulls of each observation with a ship over that without.

    1 where nothing is known. Behind a partly hidden berth the ship may lie in the hidden part,
    which carries no information. Several observations of one moment weigh as one.
    """
    recall, false = detector.recall, detector.false_share
    missed = (1 - recall) / (1 - false)
    none = np.where(observations.max_hulls < 1, _CERTAINLY_NONE, missed)
    found = recall / false * _weight_of_best(observations)
    found = np.where(observations.min_hulls >= 1, np.maximum(found, _CERTAIN), found)
    ratio = np.where(observations.hulls >= 1, found, none)
    visible = observations.berth_visible.clip(0.0, 1.0)
    ratio = np.where(np.isfinite(observations.hulls), visible * ratio + (1 - visible), 1.0)
    return np.asarray(ratio**observations.weight)


def vessel_probability(
    observations: PierObservations,
    detector: DetectorHabits,
    hulls: Mapping[int, BerthedHull],
    before: float,
) -> float:
    """Return the probability that some `hulls` are one ship, beside others at the berth.

    Args:
        observations: Those of the pier.
        detector: How well it sees ships there.
        hulls: The hull in each observation that shows it, by index.
        before: Probability of a ship in an image that is not known.
    """
    odds = before / (1 - before)
    for i in range(min(hulls), max(hulls) + 1):
        missed = (1 - detector.recall) / (1 - detector.false_share)
        found = detector.recall / detector.false_share
        ratio = found * float(_weight(np.array([hulls[i].score]))[0]) if i in hulls else missed
        odds *= float(ratio ** observations.weight[i])
    return odds / (1 + odds)


def _weight_of_best(observations: PierObservations) -> Float64Array:
    """Return (n,) `_weight` of the best hull of each observation."""
    scores = [max((hull.score for hull in own), default=np.nan) for own in observations.ships]
    return _weight(np.array(scores))


def _weight(scores: Float64Array) -> Float64Array:
    """Return (n,) how much likelier hulls of `scores` (n,) are as ships than as false hulls.

    A score is nan where it is not known.
    """
    share = np.interp(scores, _SCORES, _TRUE_SHARES)
    weight = np.maximum(share / (1 - share) / _SHIPS_PER_FALSE, _LEAST_WEIGHT)
    return np.asarray(np.where(np.isfinite(scores), weight, _UNKNOWN_WEIGHT))


def learn_detector(observations: PierObservations, ship: Float64Array) -> DetectorHabits:
    """Return the habits of the detector, given the probability (n,) of a ship in each image."""
    known = np.isfinite(observations.hulls)
    weight = (observations.weight * observations.berth_visible)[known]
    found, there = observations.hulls[known] >= 1, ship[known]
    shown = float((weight * there * found).sum()) + PRIOR_RECALL * PRIOR_RECALL_IMAGES
    false = float((weight * (1 - there) * found).sum()) + PRIOR_FALSE * PRIOR_FALSE_IMAGES
    return DetectorHabits(
        recall=shown / (float((weight * there).sum()) + PRIOR_RECALL_IMAGES),
        false_share=false / (float((weight * (1 - there)).sum()) + PRIOR_FALSE_IMAGES),
    )
