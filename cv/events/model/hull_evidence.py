"""What the hulls of an image say about a ship at the berth."""

from __future__ import annotations

import numpy as np

from cv.events.model.observations import PierObservations
from cv.events.model.parameters import (
    PRIOR_FALSE,
    PRIOR_FALSE_LOOKS,
    PRIOR_RECALL,
    PRIOR_RECALL_LOOKS,
    DetectorHabits,
)
from cv.geometry.arrays import Float64Array

_SURE_IF_TRUE, _SURE_IF_FALSE = 0.4, 0.08
"""Share of found ships whose interval does not reach down to none, and of false ones."""
_CERTAINLY_NONE = 0.25
"""Probability of an interval that reaches up to none alone, over that of one that reaches higher,
where a ship was missed: the detector is surer of an empty berth than of a doubtful one."""


def ship_likelihood_ratios(
    observations: PierObservations, detector: DetectorHabits
) -> Float64Array:
    """Return (n,) the likelihood of the hulls of each observation with a ship over that without.

    1 where nothing is known. Behind a partly hidden berth the ship may lie in the hidden part, which
    carries no information. Several observations of one moment weigh as one.
    """
    recall, false = detector.recall, detector.false_share
    missed = (1 - recall) / (1 - false)
    sure, doubtful = (
        recall * true / (false * wrong)
        for true, wrong in (
            (_SURE_IF_TRUE, _SURE_IF_FALSE),
            (1 - _SURE_IF_TRUE, 1 - _SURE_IF_FALSE),
        )
    )
    none = np.where(observations.max_hulls < 1, missed * _CERTAINLY_NONE, missed)
    found = np.where(observations.min_hulls >= 1, sure, doubtful)
    ratio = np.where(observations.hulls >= 1, found, none)
    visible = observations.berth_visible.clip(0.0, 1.0)
    ratio = np.where(np.isfinite(observations.hulls), visible * ratio + (1 - visible), 1.0)
    return np.asarray(ratio**observations.weight)


def learn_detector(observations: PierObservations, ship: Float64Array) -> DetectorHabits:
    """Return the habits of the detector, given the probability (n,) of a ship in each observation."""
    known = np.isfinite(observations.hulls)
    weight = (observations.weight * observations.berth_visible)[known]
    found, there = observations.hulls[known] >= 1, ship[known]
    shown = float((weight * there * found).sum()) + PRIOR_RECALL * PRIOR_RECALL_LOOKS
    false = float((weight * (1 - there) * found).sum()) + PRIOR_FALSE * PRIOR_FALSE_LOOKS
    return DetectorHabits(
        recall=shown / (float((weight * there).sum()) + PRIOR_RECALL_LOOKS),
        false_share=false / (float((weight * (1 - there)).sum()) + PRIOR_FALSE_LOOKS),
    )
