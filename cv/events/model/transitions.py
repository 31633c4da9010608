"""Transition model of the number of containers: a mixture of eight linear Gaussian components."""

from __future__ import annotations

from math import hypot

import numpy as np

from cv.events.constants import DRIFT_CONTAINERS_PER_DAY, DRIFT_SHARE_PER_DAY
from cv.events.model.parameters import CargoChange, PierParameters
from cv.geometry.arrays import Float64Array

STEADY, GROWING, SHIP_HANDLING = slice(0, 2), slice(2, 4), slice(4, 8)
"""Mixture components by kind.

STEADY: the number stays; containers leave by land. GROWING: some cargo comes; nearly a whole load
comes. SHIP_HANDLING: a ship makes the usual change; the other change; no change; or it landed cargo
that has all left by land by the next observation.
"""
N_COMPONENTS = 8
_LARGE_GROWTH_SHARE = 0.4
"""Share of growths that reach nearly a whole load."""
_SAME_PLACES_BY_CHANCE, _FOUND_AGAIN_SD = 0.02, 0.1
"""Probability that other containers stand where the earlier ones stood, and the standard deviation
of the share found again."""
_LOTS = 3
"""Number of lots in which landed cargo leaves by land."""
_NO_CHANGE, _NO_CHANGE_SHARE = CargoChange(1.0, 0.0, 0.02, 0.0), 0.2
"""The change by a ship that handles no containers, and the share of such calls."""


def transitions_over(gaps_d: Float64Array, parameters: PierParameters) -> Float64Array:
    """Return (6, n, components): the mixture over gaps (n,) of days.

    Along the first axis: mean factor a, mean offset b (containers), variance factor s, noise
    factor f, noise offset g (containers) of the changes

        mean' = a mean + b,    variance' = s variance + (f mean + g)^2,

    and weights that sum to one over STEADY, GROWING and SHIP_HANDLING each.
    """
    load, flow = parameters.load, parameters.flow
    one, zero = np.ones(len(gaps_d)), np.zeros(len(gaps_d))
    root = np.sqrt(gaps_d)
    drift = DRIFT_SHARE_PER_DAY * root, DRIFT_CONTAINERS_PER_DAY * root
    growth = load * (0.1 + 0.4 * np.minimum(1.0, gaps_d / parameters.gathering_d))
    cleared = 1.0 - np.exp(-gaps_d / flow.land_clearance_d)
    cleared_change = (1.0 - cleared, zero, one, 0.4 * cleared, one)
    all_cleared = _all_cleared(gaps_d / flow.land_clearance_d, cleared)
    handling = 1.0 - _NO_CHANGE_SHARE
    changed = 0.5 * handling * (1.0 - all_cleared)
    rows: list[tuple[Float64Array | float, ...]] = [
        (one, zero, one, *drift, 1.0 - cleared),
        (*cleared_change, cleared),
        (one, growth, one, zero, growth, 1.0 - _LARGE_GROWTH_SHARE),
        (one, 0.9 * load, one, zero, 0.6 * load, _LARGE_GROWTH_SHARE),
        (*flow.usual_change.coefficients(load), changed),
        (*flow.other_change.coefficients(load), changed),
        (*_NO_CHANGE.coefficients(load), _NO_CHANGE_SHARE),
        (*cleared_change, handling * all_cleared),
    ]
    return np.stack([[one * value for value in row] for row in rows], axis=2)


def persistence_factors(found_again: Float64Array, parameters: PierParameters) -> Float64Array:
    """Return (n, components): what containers at the same places say about a ship's changes.

    `found_again` (n,) is the share of containers that stand at the same places before and after
    each gap, nan where unknown. A factor is the probability that a change keeps so many of them,
    and at least that of containers that came to stand where others stood. Few containers at the
    same places are no evidence: they may have been moved, or not have been found.
    """
    factors = np.ones((len(found_again), N_COMPONENTS))
    known = np.isfinite(found_again)
    for component, change in enumerate(
        (parameters.flow.usual_change, parameters.flow.other_change), start=SHIP_HANDLING.start
    ):
        factors[known, component] = _keeps(found_again[known], change.kept_share, change.kept_sd)
    factors[known, -1] = _keeps(found_again[known], 0.0, 0.1)
    return factors


def _keeps(found_again: Float64Array, kept_share: float, kept_sd: float) -> Float64Array:
    """Return (n,) the probability that a change keeps at least these shares, 1 at its mean."""
    excess = (found_again - kept_share) / hypot(kept_sd, _FOUND_AGAIN_SD)
    return np.asarray(np.exp(-0.5 * excess.clip(0.0) ** 2).clip(_SAME_PLACES_BY_CHANCE))


def _all_cleared(gaps: Float64Array, cleared: Float64Array) -> Float64Array:
    """Return (n,) probability that everything a ship landed in a gap has left by land at its end.

    `gaps` are in units of a container's mean time on the pier; a share `cleared` of containers
    leaves in one gap. The ship may have left at any time of the gap, and its cargo leaves in
    `_LOTS` independent lots: the mean of (1 - exp(-t))^lots over the gap.
    """
    lots = sum(cleared**lot / lot for lot in range(1, _LOTS + 1))
    return np.asarray(((gaps - lots) / np.maximum(gaps, 1e-9)).clip(0.0, 1.0))
