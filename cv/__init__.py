"""Count shipping containers and ship hulls on piers in overhead scenes, and monitor the piers.

All examples use three scenes of a rendered sample port (`python datasets/sample_pier/render.py
scenes --days 3`) and its site file. One scene, counted by pier:

>>> import cv
>>> site = cv.Site.read("port.geojson")
>>> detector = cv.Detector.load()
>>> with cv.Scene.open("scenes/20250908_032850_ssc4_u0001_visual.tif") as scene:
...     counts = cv.count(scene, site, detector)
>>> counts["Export pier"].status.value
'counted'

Many scenes, counted into a ledger, and what follows from them:

>>> from pathlib import Path
>>> with cv.Ledger.open("new.db") as ledger:
...     outcomes = cv.monitor(sorted(Path("scenes").glob("*_visual.tif")), site, detector, ledger)
...     series = cv.Series.of("Export pier", ledger.counts("Export pier"))
...     events = cv.findings(ledger, site)
>>> print(outcomes)
scenes: 3 recorded, 0 known, 0 failed, 0 refused, 0 quarantined
>>> series
Series('Export pier', observations=3, 2025-09-08 to 2025-09-10)
>>> figure = cv.draw.timeline(series, events, "timeline.png")

Each name is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cv.counting.georeferenced_detection import GeoreferencedDetection
    from cv.counting.pier_count import CountStatus, Estimate, PierCount
    from cv.counting.scene_counts import SceneCounts
    from cv.detector.detector import Detector
    from cv.errors import InputError, PierwatchError
    from cv.events.event import Event
    from cv.events.model.level_smoother import daily_levels
    from cv.ledger import Ledger
    from cv.pipeline.batch import count, monitor
    from cv.pipeline.scene_outcome import SceneOutcome
    from cv.report import draw
    from cv.report.data_files import export
    from cv.report.findings import deliver_alerts, findings, pending_alerts
    from cv.scene.scene import Scene
    from cv.site import Pier, PierRole, Site
    from cv.timeseries.series import Series

__all__ = [
    "CountStatus",
    "Detector",
    "Estimate",
    "Event",
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
    "daily_levels",
    "deliver_alerts",
    "draw",
    "export",
    "findings",
    "monitor",
    "pending_alerts",
]

_MODULES = {
    "CountStatus": "cv.counting.pier_count",
    "Detector": "cv.detector.detector",
    "Estimate": "cv.counting.pier_count",
    "Event": "cv.events.event",
    "GeoreferencedDetection": "cv.counting.georeferenced_detection",
    "InputError": "cv.errors",
    "Ledger": "cv.ledger",
    "Pier": "cv.site",
    "PierCount": "cv.counting.pier_count",
    "PierRole": "cv.site",
    "PierwatchError": "cv.errors",
    "Scene": "cv.scene.scene",
    "SceneCounts": "cv.counting.scene_counts",
    "SceneOutcome": "cv.pipeline.scene_outcome",
    "Series": "cv.timeseries.series",
    "Site": "cv.site",
    "count": "cv.pipeline.batch",
    "daily_levels": "cv.events.model.level_smoother",
    "deliver_alerts": "cv.report.findings",
    "draw": "cv.report.draw",
    "export": "cv.report.data_files",
    "findings": "cv.report.findings",
    "monitor": "cv.pipeline.batch",
    "pending_alerts": "cv.report.findings",
}


def __getattr__(name: str) -> Any:
    """Import the public name `name`."""
    if name not in _MODULES:
        raise AttributeError(f"module 'cv' has no attribute {name!r}")
    module = import_module(_MODULES[name])
    value = module if name == "draw" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
