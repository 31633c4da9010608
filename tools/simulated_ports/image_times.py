"""When the images of a simulated port are taken, and what clouds leave visible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float64Array
from simulated_ports.cloud_cover import visible_shares
from simulated_ports.observation_parameters import ObservationParameters
from simulated_ports.port import START

_NEAR_DUPLICATE_D = 0.03
"""Two images no farther apart have the same clouds and errors, days."""


@dataclass(frozen=True, eq=False)
class ImageTimes:
    """When the n images of a port are taken, and what clouds leave of it."""

    days: Float64Array
    visible: Float64Array
    """(n,) visible share, 0 to 1."""
    seeds: NDArray[np.int64]
    """(n,) seeds of the errors: the same for near duplicates."""

    @classmethod
    def draw(cls, rng: np.random.Generator, how: ObservationParameters, days: int) -> ImageTimes:
        """Draw the images of a port over `days`."""
        months = np.array([(START + timedelta(days=day)).month for day in range(days)])
        share = visible_shares(rng, months, how.climate)
        imaged = np.flatnonzero(~np.isnan(share))
        hours = how.pass_h + how.pass_sd_h * rng.standard_normal(len(imaged))
        first = imaged + hours / 24
        gap = rng.uniform(*how.second_gap_d, len(imaged))
        second = rng.random(len(imaged)) < how.second_share
        seeds = rng.integers(2**62, size=(2, len(imaged)))
        same = gap <= _NEAR_DUPLICATE_D
        times = np.concatenate([first, (first + gap)[second]])
        own = np.where(same, seeds[0], seeds[1])[second]
        order = np.argsort(times, kind="stable")
        visible = np.concatenate([share[imaged], share[imaged][second]])
        return cls(times[order], visible[order], np.concatenate([seeds[0], own])[order])
