"""Pierwatch: containers and ship hulls on piers, counted in overhead scenes.

The names below are the public interface; they are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cv.counting.count import Count, Estimate, Hull, Stack, Status
    from cv.counting.counts import Counts
    from cv.counting.sighting import Sighting
    from cv.detector.detector import Detector
    from cv.errors import InputError, PierwatchError
    from cv.ledger import Ledger
    from cv.monitoring import count, monitor
    from cv.outcome import Outcome
    from cv.scene.scene import Scene
    from cv.series import Series
    from cv.site import Pier, Role, Site

_HOMES = {
    "Count": "cv.counting.count",
    "Counts": "cv.counting.counts",
    "Detector": "cv.detector.detector",
    "Estimate": "cv.counting.count",
    "Hull": "cv.counting.count",
    "InputError": "cv.errors",
    "Ledger": "cv.ledger",
    "Outcome": "cv.outcome",
    "Pier": "cv.site",
    "PierwatchError": "cv.errors",
    "Role": "cv.site",
    "Scene": "cv.scene.scene",
    "Series": "cv.series",
    "Sighting": "cv.counting.sighting",
    "Site": "cv.site",
    "Stack": "cv.counting.count",
    "Status": "cv.counting.count",
    "count": "cv.monitoring",
    "monitor": "cv.monitoring",
}

__all__ = [
    "Count",
    "Counts",
    "Detector",
    "Estimate",
    "Hull",
    "InputError",
    "Ledger",
    "Outcome",
    "Pier",
    "PierwatchError",
    "Role",
    "Scene",
    "Series",
    "Sighting",
    "Site",
    "Stack",
    "Status",
    "count",
    "monitor",
]


def __getattr__(name: str) -> Any:
    """The public object called `name`, imported now."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cv' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
