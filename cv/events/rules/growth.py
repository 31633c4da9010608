"""Growth of the number of containers, as against the wandering of counts of an unchanged stack."""

from __future__ import annotations

from cv.events.model.posterior import Posterior

_WANDER_SHARE, _WANDER_CONTAINERS = 0.33, 4.0
"""How far counts of an unchanged stack wander over months, by light, season, sensor and alignment:
a share of them, and containers (simulated: `tools/simulated_ports`)."""
_FIRST_COUNTS = 3
"""At the beginning the number is the second smallest of so many: one may be of a bad image."""


def least_growth(posterior: Posterior, since: int) -> float:
    """Return the least growth since an observation that is not wandering, containers."""
    return _WANDER_SHARE * float(posterior.level[since, 0]) + _WANDER_CONTAINERS


def growth_since(posterior: Posterior, since: int, now: int) -> float:
    """Return the growth from observation `since` to `now`, containers."""
    before = posterior.level[since, 0]
    if since == 0:
        before = max(before, sorted(posterior.level[:_FIRST_COUNTS, 0].tolist())[:2][-1])
    return float(posterior.level[now, 0] - before)
