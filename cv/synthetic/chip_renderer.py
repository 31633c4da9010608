"""Labelled chips from a seed: a fine chip for containers, a coarse one for hulls."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cv.rendering.canvas import Canvas
from cv.rendering.random_cameras import (
    ideal_sensor,
    random_sensor,
    random_view,
    without_colour_effects,
)
from cv.rendering.renderer import Bytes, RenderedLabel, Sensor, ViewingAngle, render_picture
from cv.rendering.weather import cut_nodata, diffuse_light, draw_clouds, draw_weather, random_sun
from cv.synthetic import port_scene, terminal_scene
from cv.synthetic.render_config import DEFAULT, RenderConfig

CHIP = 640
"""Side of a chip, pixels."""
FINE_GSD = 0.25
"""Metres a pixel of chips for containers."""
COARSE_GSD = 1.20
"""Metres a pixel of chips for hulls."""
CLASSES = ("container", "hull")
_MIN_ROOF_VISIBLE = 0.45
"""A container is labelled from this visible share of its roof on."""
_MIN_HULL_VISIBLE = 0.5
"""A hull is labelled in a coarse chip from this visible share on."""
_MIN_HULL_PART = 24.0
"""A part of a hull is labelled in a fine chip from this length on, metres."""


@dataclass(frozen=True)
class RenderedChip:
    """A rendered image and all objects in it."""

    seed: int
    """Seed that it was drawn from."""
    gsd: float
    """FINE_GSD or COARSE_GSD, metres a pixel."""
    image: Bytes
    """(640, 640, 3) RGB."""
    labels: tuple[RenderedLabel, ...]
    """Everything visible, including objects too hidden to train on."""

    @property
    def targets(self) -> list[RenderedLabel]:
        """The labels that a detector should find in this chip."""
        return [item for item in self.labels if self._is_target(item)]

    def _is_target(self, item: RenderedLabel) -> bool:
        if item.class_name == "container":
            return self.gsd == FINE_GSD and item.visible >= _MIN_ROOF_VISIBLE
        if self.gsd == COARSE_GSD:
            return item.visible >= _MIN_HULL_VISIBLE
        sides = np.hypot(*(item.corners[:2] - item.corners[1:3]).T)
        return item.visible > 0.5 or float(sides.max()) * FINE_GSD > _MIN_HULL_PART


def render_chip(
    seed: int, coarse: bool | None = None, config: RenderConfig = DEFAULT
) -> RenderedChip:
    """Render the chip of a seed; `coarse` None leaves the scale to chance (see `RenderConfig`)."""
    rng = np.random.default_rng(seed)
    drawn = rng.random() < config.coarse
    render = coarse_chip if (drawn if coarse is None else coarse) else fine_chip
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # sums of floats depend on the number of threads
    try:
        return render(seed, rng, config)
    finally:
        cv2.setNumThreads(threads)


def fine_chip(seed: int, rng: np.random.Generator, config: RenderConfig = DEFAULT) -> RenderedChip:
    """Render 160 m at 0.25 m a pixel, for containers."""
    sensor = random_sensor(rng, 0.15, 0.92)
    side, gsd = CHIP * FINE_GSD, min(sensor.gsd_x, sensor.gsd_y)
    canvas = Canvas(side, side, resolution=1 / 6 if gsd < 0.4 else 0.2, margin=12.0)
    terminal_scene.draw_random_place(canvas, rng, config.look_alikes, config.bare)
    return _take(canvas, rng, seed, sensor, config)


def coarse_chip(
    seed: int, rng: np.random.Generator, config: RenderConfig = DEFAULT
) -> RenderedChip:
    """Render 768 m at 1.2 m a pixel, for hulls."""
    sensor = random_sensor(rng, 0.5, 1.1)
    side = CHIP * COARSE_GSD
    canvas = Canvas(side, side, resolution=0.75, margin=24.0)
    port_scene.draw_port_scene(canvas, rng, config.look_alikes)
    return _take(canvas, rng, seed, sensor, config)


def _take(
    canvas: Canvas, rng: np.random.Generator, seed: int, sensor: Sensor, config: RenderConfig
) -> RenderedChip:
    """Render the canvas under a random sun with a random view."""
    draw_weather(canvas, rng, config.weather)
    view, sun = random_view(rng, canvas.width), random_sun(rng)
    view = view if config.lean else ViewingAngle(wall=view.wall)
    sun = sun if config.shadows else diffuse_light(sun)
    sensor = sensor if config.optics else ideal_sensor(sensor)
    sensor = sensor if config.exposures else without_colour_effects(sensor)
    image, labels = render_picture(canvas, sun, view, sensor, rng, (CHIP, CHIP))
    if rng.random() < 0.05 * config.weather:
        image, labels = draw_clouds(image, labels, rng)
    if rng.random() < 0.04:
        image, labels = cut_nodata(image, labels, rng)
    gsd = FINE_GSD if canvas.width < CHIP * COARSE_GSD else COARSE_GSD
    return RenderedChip(seed, gsd, image, tuple(labels))
