"""Pierwatch: containers and ship hulls on piers, counted in overhead scenes.

The names below are the public interface; they are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cv.counting.count import BerthedHull, ContainerStack, CountStatus, Estimate, PierCount
    from cv.counting.counts import SceneCounts
    from cv.counting.georeferenced_detection import GeoreferencedDetection
    from cv.detector.detector import Detector
    from cv.errors import InputError, PierwatchError
    from cv.ledger import Ledger
    from cv.pipeline.batch import count, monitor
    from cv.pipeline.outcome import SceneOutcome
    from cv.scene.scene import Scene
    from cv.site import Pier, PierRole, Site
    from cv.timeseries.series import Series

_HOMES = {
    "PierCount": "cv.counting.count",
    "SceneCounts": "cv.counting.counts",
    "Detector": "cv.detector.detector",
    "Estimate": "cv.counting.count",
    "BerthedHull": "cv.counting.count",
    "InputError": "cv.errors",
    "Ledger": "cv.ledger",
    "SceneOutcome": "cv.pipeline.outcome",
    "Pier": "cv.site",
    "PierwatchError": "cv.errors",
    "PierRole": "cv.site",
    "Scene": "cv.scene.scene",
    "Series": "cv.timeseries.series",
    "GeoreferencedDetection": "cv.counting.georeferenced_detection",
    "Site": "cv.site",
    "ContainerStack": "cv.counting.count",
    "CountStatus": "cv.counting.count",
    "count": "cv.pipeline.batch",
    "monitor": "cv.pipeline.batch",
}

__all__ = [
    "BerthedHull",
    "ContainerStack",
    "CountStatus",
    "Detector",
    "Estimate",
    "GeoreferencedDetection",
    "InputError",
    "Ledger",
    "Pier",
    "PierCount",
    "PierRole",
    "PierwatchError",
    "Scene",
    "SceneCounts",
    "SceneOutcome",
    "Series",
    "Site",
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
