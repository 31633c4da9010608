"""What a look at a berth says of ships: how much likelier it is if one is there than if none is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cv.events.model.observations import PierObservations

Floats = NDArray[np.float64]

NONE_FOR_SURE, NONE, PERHAPS, FOR_SURE = 0.003, 0.2, 50.0, 170.0
"""That ratio where the interval of the number of ships is nothing but zero; where none was found,
but one may have been missed; where one was found, but its interval reaches down to none; where at
least one is certain. A detector that finds four of five ships and sees one that is not there once
in seventy looks says so much."""


def ship_likelihoods(watch: PierObservations) -> Floats:
    """(n, 2): how likely each look is if no ship is there (always 1), and if one is.

    Of a berth that was seen in part, the ship may lie in the rest.
    """
    none = np.where(watch.max_hulls < 1, NONE_FOR_SURE, NONE)
    some = np.where(watch.min_hulls >= 1, FOR_SURE, PERHAPS)
    ratio = np.where(watch.hulls >= 1, some, none)
    seen = watch.berth_visible.clip(0.0, 1.0)
    partly = seen * ratio + (1 - seen)
    known = np.isfinite(watch.hulls)
    return np.stack([np.ones(len(watch)), np.where(known, partly, 1.0)], axis=1)
