"""Observation model of hulls: the likelihood of a hull count with and without a ship."""

from __future__ import annotations

import numpy as np

from cv.events.model.observations import PierObservations
from cv.geometry.arrays import Float64Array

CERTAINLY_NONE, NONE_FOUND, UNCERTAIN_FOUND, CERTAINLY_FOUND = 0.003, 0.2, 50.0, 170.0
"""Likelihood ratio, ship to no ship, of a hull count at a fully visible berth.

In this order: the interval is zero alone; none was found, but the interval reaches one; one was
found, but the interval reaches zero; at least one is certain. Assumed for a detector that finds
four of five ships (`constants.SHIP_RECALL`; 0.2 is the miss rate) and invents one in about seventy
observations.
"""


def ship_likelihoods(observations: PierObservations) -> Float64Array:
    """Return (n, 2): likelihood of each hull count without a ship (always 1) and with one.

    Behind a partly hidden berth the ship may lie in the hidden part, which carries no information.
    """
    none = np.where(observations.max_hulls < 1, CERTAINLY_NONE, NONE_FOUND)
    found = np.where(observations.min_hulls >= 1, CERTAINLY_FOUND, UNCERTAIN_FOUND)
    ratio = np.where(observations.hulls >= 1, found, none)
    visible = observations.berth_visible.clip(0.0, 1.0)
    ratio = visible * ratio + (1 - visible)
    known = np.isfinite(observations.hulls)
    return np.stack([np.ones(len(observations)), np.where(known, ratio, 1.0)], axis=1)
