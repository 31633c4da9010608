"""The picture of a visit: the part of its scene where the piers lie, drawn with its counts."""

from __future__ import annotations

import math
from pathlib import Path

from affine import Affine

from cv.counting.counts import SceneCounts
from cv.counting.scene_counter import SceneCounter
from cv.report.annotated_scene import DrawnZone, draw_scene

MAX_PX = 3200
"""Longest side of what is drawn, pixels; a larger part of a scene is drawn coarser."""
MARGIN_M = 20.0
"""Metres around the piers and berths that are drawn too."""


def draw_scene_figure(visit: SceneCounter, counts: SceneCounts, path: str | Path) -> None:
    """What `visit` looked at, with `counts`, as the PNG `path`; north is where the scene has it.

    Raises SceneError for unreadable pixels, and InputError where `path` cannot be written.
    """
    ground = visit.zones.ground
    left, top, right, bottom = visit.region.buffer(MARGIN_M).intersection(visit.footprint).bounds
    step = max(min(ground.gsd_m), max(right - left, bottom - top) / MAX_PX)
    shape = (math.ceil((bottom - top) / step), math.ceil((right - left) / step))
    to_pixel = ground.to_pixel @ Affine.translation(left, top) @ Affine.scale(step)
    outlines = [
        DrawnZone(place.name, visit.zones.in_pixels(place_shape), kind)
        for place in visit.zones.zones
        for place_shape, kind in ((place.berth, "berth"), (place.outline, "pier"))
        if place.outline != visit.footprint
    ]
    draw_scene(visit.scene.read(to_pixel, shape), to_pixel, counts, outlines, path)
