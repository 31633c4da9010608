"""Sizes of counted boxes against those of ISO containers: whether the declared GSD can be right."""

from __future__ import annotations

import math

import numpy as np

from cv.geometry.arrays import Float64Array
from cv.geometry.container_sizes import LENGTH_20FT_M, LENGTH_40FT_M, LENGTH_45FT_M

MIN_BOXES = 20
"""Fewer boxes say nothing about the GSD."""
MIN_FITTING = 0.4
"""Share of the boxes that must have the length of a container."""
_TOLERANCE = 0.08
_LENGTHS = np.array([LENGTH_20FT_M, LENGTH_40FT_M, LENGTH_45FT_M])
_FACTORS = np.geomspace(0.4, 2.5, 367)
"""True over declared GSD: steps of half a percent."""


def fitting_share(lengths_m: Float64Array) -> float:
    """Return the share of boxes (n,) whose length is that of a container, within 8 %."""
    deviation = np.abs(lengths_m[:, None] / _LENGTHS - 1).min(axis=1)
    return float((deviation <= _TOLERANCE).mean())


def gsd_contradiction(lengths_m: Float64Array, gsd_m: tuple[float, float]) -> str:
    """Return why boxes (n,) of these lengths cannot be containers at `gsd_m`; empty if they can."""
    if len(lengths_m) < MIN_BOXES or fitting_share(lengths_m) >= MIN_FITTING:
        return ""
    shares = np.array([fitting_share(lengths_m * factor) for factor in _FACTORS])
    declared = math.sqrt(math.prod(gsd_m))
    likely = declared * float(np.median(_FACTORS[shares >= shares.max() - 1e-9]))
    reason = "box sizes fit no container"
    if shares.max() < MIN_FITTING:
        return f"{reason}: the image shows something else, or its GSD is wrong"
    return (
        f"{reason}: the GSD is likely wrong ({declared:.2g} m declared, "
        f"about {likely:.2g} m from the boxes)"
    )
