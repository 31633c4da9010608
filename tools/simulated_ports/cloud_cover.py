"""Cloud cover: whether a day has an image, and how much of the port it shows."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float64Array

CLOUDY_BY_MONTH = (0.18, 0.20, 0.26, 0.32, 0.40, 0.55, 0.62, 0.52, 0.34, 0.24, 0.22, 0.19)
"""Share of mornings, January to December, that are too cloudy to count: a coast with a summer
monsoon, like that of the Sea of Japan. Only the seasonal shape is used; the level is set by the
climate."""
_PERSISTENCE = 0.5
"""Correlation of the weather from one day to the next."""
_BROKEN_SHARE = 0.25
"""Share of cloudy days on which a part of the port is visible."""


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
    rng: np.random.Generator, months: NDArray[np.int64], climate: CloudClimate
) -> Float64Array:
    """Draw the visible share of the port on each day (n,), 0 to 1; nan on days without an image.

    `months` (n,) are those of the days, 1 to 12. Cloud follows the season and an autoregressive
    process from day to day.
    """
    yearly = float(np.mean(CLOUDY_BY_MONTH))
    cloudy_share = np.array(CLOUDY_BY_MONTH)[months - 1] * climate.cloudy_share / yearly
    weather = rng.standard_normal(len(months))
    for day in range(1, len(months)):
        innovation = (1 - _PERSISTENCE**2) ** 0.5 * weather[day]
        weather[day] = _PERSISTENCE * weather[day - 1] + innovation
    limit = [NormalDist().inv_cdf(share) for share in cloudy_share.clip(0.02, 0.98).tolist()]
    cloudy = weather < np.array(limit)
    visible = np.ones(len(months))
    broken = rng.random(len(months)) < _BROKEN_SHARE
    visible[cloudy] = np.where(broken, rng.uniform(0.1, 0.9, len(months)), 0.0)[cloudy]
    visible[rng.random(len(months)) >= climate.imaged_share] = np.nan
    return visible
