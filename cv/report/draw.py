"""Draw series, timelines and scenes as figures: `cv.draw`.

Each function returns a `matplotlib.figure.Figure`, which a notebook shows, and also writes a PNG
file if it is given a path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from affine import Affine

from cv.counting.pier_zones import Zones
from cv.counting.scene_counts import SceneCounts
from cv.events.event import Event
from cv.events.vessels.published_claims import PublishedClaim
from cv.geometry.oriented_boxes import transform_geometry
from cv.report.annotated_scene import DrawnZone, annotated_figure
from cv.report.figures import save_png
from cv.report.series_chart import series_figure
from cv.scene.scene import Scene
from cv.site import Site
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PX = 3200
"""Maximum side of the drawn part of a scene, pixels; larger parts are drawn at a coarser GSD."""
MARGIN_M = 20.0
"""Margin drawn around piers and berths, metres."""


def series(
    series: Series | Sequence[Series],
    path: str | Path | None = None,
    *,
    quantity: str = "containers",
) -> Figure:
    """Draw the counts of one or more piers over time, a panel per pier.

    >>> figure = cv.draw.series(series, "series.png")

    Args:
        series: One or more series.
        path: PNG file to write, if any.
        quantity: "containers" or "teu".

    Raises:
        InputError: `path` cannot be written.
        ValueError: No series, or another quantity.
    """
    return timeline(series, (), path, quantity=quantity)


def timeline(
    series: Series | Sequence[Series],
    events: Sequence[Event],
    path: str | Path | None = None,
    *,
    quantity: str = "containers",
    claims: Sequence[PublishedClaim] = (),
) -> Figure:
    """Draw the counts of one or more piers over time with the events at each pier.

    >>> figure = cv.draw.timeline(series, events, "timeline.png")

    Args:
        series: One or more series.
        events: Events of any piers, from `cv.findings`.
        path: PNG file to write, if any.
        quantity: "containers" or "teu".
        claims: Published claims of any piers.

    Raises:
        InputError: `path` cannot be written.
        ValueError: No series, or another quantity.
    """
    panels = [series] if isinstance(series, Series) else series
    return _saved(series_figure(panels, quantity, events, claims), path)


def scene(
    scene: Scene,
    counts: SceneCounts,
    site: Site | None = None,
    path: str | Path | None = None,
) -> Figure:
    """Draw the part of a scene with piers and berths, with all detections and counts.

    Outlines lie where the scene was counted: moved by the shift of an aligned scene.

    >>> with cv.Scene.open("scenes/20250908_032850_ssc4_u0001_visual.tif") as scene:
    ...     figure = cv.draw.scene(scene, counts, site, "scene.png")

    Args:
        scene: An open scene.
        counts: Its counts, from `cv.count`.
        site: The site that it was counted with; None: the whole image was counted.
        path: PNG file to write, if any.

    Raises:
        InputError: `path` cannot be written, or no pier overlaps the scene.
        SceneError: Pixels cannot be read.
    """
    if site is None:
        zones = Zones.whole(scene.grid, scene.id)
    else:
        zones = Zones.of_site(site, scene.grid, str(scene.path))
        if counts.shift_m is not None:
            zones = zones.shifted(*counts.shift_m)
    to_pixel, shape = _drawn_window(scene, zones)
    outlines = [
        DrawnZone(zone.name, zones.in_pixels(geometry), kind)
        for zone in zones.zones
        for geometry, kind in ((zone.berth, "berth"), (zone.outline, "pier"))
        if site is not None
    ]
    figure = annotated_figure(scene.read(to_pixel, shape), to_pixel, counts, outlines)
    return _saved(figure, path)


def _drawn_window(scene: Scene, zones: Zones) -> tuple[Affine, tuple[int, int]]:
    """Return the map from drawn pixels to those of the scene, and rows and columns to draw."""
    footprint = transform_geometry(scene.grid.footprint, zones.ground.from_pixel)
    region = zones.region.intersection(footprint).buffer(MARGIN_M).intersection(footprint)
    left, top, right, bottom = region.bounds
    step = max(min(zones.ground.gsd_m), max(right - left, bottom - top) / MAX_PX)
    to_pixel = zones.ground.to_pixel @ Affine.translation(left, top) @ Affine.scale(step)
    return to_pixel, (math.ceil((bottom - top) / step), math.ceil((right - left) / step))


def _saved(figure: Figure, path: str | Path | None) -> Figure:
    if path is not None:
        save_png(figure, path)
    return figure
