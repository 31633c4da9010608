"""Growth of the number of containers, as against the wandering of counts of an unchanged stack."""

from __future__ import annotations

from cv.events.model.posterior import Posterior

_WANDER_SHARE, _WANDER_CONTAINERS = 0.33, 8.0
"""How far counts of an unchanged stack wander over months, by light, season, sensor and alignment:
a share of them, and containers (simulated: `tools/simulated_ports`)."""


def least_growth(posterior: Posterior, since: int) -> float:
    """Return the least growth since an observation that is not wandering, containers."""
    return _WANDER_SHARE * float(posterior.level[since, 0]) + _WANDER_CONTAINERS
