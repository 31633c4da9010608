"""Whether a day has an image, and how much of the port it shows under the clouds of the season."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLOUDY_BY_MONTH = (0.18, 0.20, 0.26, 0.32, 0.40, 0.55, 0.62, 0.52, 0.34, 0.24, 0.22, 0.19)
"""Share of mornings, January to December, that are too cloudy to count: a coast with a summer
monsoon, like that of the Sea of Japan; its level is brought to what is asked for."""
_PERSISTENCE = 0.5
"""Correlation of the weather from one day to the next."""
_BROKEN = 0.25
"""Share of cloudy days that show a part."""


@dataclass(frozen=True)
class CloudClimate:
    """How often a port can be seen."""

    imaged_share: float
    """Share of days with an image, 0 to 1."""
    cloudy_share: float
    """Share of images that are cloudy, over the year, 0 to 1."""

    @property
    def usable_share(self) -> float:
        """Share of days on which the port can be counted."""
        return self.imaged_share * (1 - self.cloudy_share)


CLEAR_COAST = CloudClimate(0.92, 0.304)
"""64 % of days usable."""
RAJIN_SKY = CloudClimate(0.58, 0.362)
"""37 % usable, 21 % cloudy, 42 % without an image, as a study of one pier found."""


def visible_shares(
    rng: np.random.Generator, months: NDArray[np.int64], sky: CloudClimate
) -> Floats:
    """Share of the port that each day (n,) shows, 0 to 1; nan on days without an image.

    `months` are those of the days, 1 to 12. The sky follows the season and lasts from day to day.
    """
    yearly = float(np.mean(CLOUDY_BY_MONTH))
    season = np.array(CLOUDY_BY_MONTH)[months - 1] * sky.cloudy_share / yearly
    noise = rng.standard_normal(len(months))
    state = np.empty(len(months))
    for day, shock in enumerate(noise):
        before = state[day - 1] if day else shock
        fresh = (1 - _PERSISTENCE**2) ** 0.5 if day else 0.0
        state[day] = _PERSISTENCE * before + fresh * shock if day else shock
    limit = np.array([NormalDist().inv_cdf(min(0.98, max(0.02, share))) for share in season])
    shown = np.ones(len(months))
    clouded = state < limit
    broken = rng.random(len(months)) < _BROKEN
    shown[clouded] = np.where(broken, rng.uniform(0.1, 0.9, len(months)), 0.0)[clouded]
    shown[rng.random(len(months)) >= sky.imaged_share] = np.nan
    return shown
