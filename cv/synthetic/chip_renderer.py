"""Labelled chips from a seed: a fine chip for containers, a coarse one for hulls."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cv.rendering.canvas import Canvas
from cv.rendering.picture import Bytes, RenderedLabel, Sensor, ViewingAngle, render_picture
from cv.rendering.random_cameras import (
    ideal_sensor,
    random_sensor,
    random_view,
    without_colour_effects,
)
from cv.rendering.weather import cut_nodata, diffuse_light, draw_clouds, draw_weather, random_sun
from cv.synthetic import port_scene, terminal_scene
from cv.synthetic.render_config import DEFAULT, RenderConfig

CHIP = 640  # pixels
FINE_GSD = 0.25  # metres per pixel of the container pass
COARSE_GSD = 1.20  # metres per pixel of the hull pass
CLASSES = ("container", "hull")
_ROOF_SEEN = 0.45  # share of a roof from which on it counts
_HULL_SEEN = 0.5  # share of a hull from which on it counts in a coarse chip
_HULL_PART = 24.0  # length of a hull's part from which on it is labelled in a fine chip, metres


@dataclass(frozen=True)
class RenderedChip:
    """A rendered picture and the truth about it."""

    seed: int
    # of the generator that drew it
    gsd: float
    # FINE_GSD or COARSE_GSD, metres per pixel
    image: Bytes
    # (640, 640, 3) RGB
    labels: tuple[RenderedLabel, ...]
    # everything visible, also what is too hidden to train on

    @property
    def targets(self) -> list[RenderedLabel]:
        """The labels that a detector should find in this chip."""
        return [item for item in self.labels if self._wanted(item)]

    def _wanted(self, item: RenderedLabel) -> bool:
        if item.class_name == "container":
            return self.gsd == FINE_GSD and item.visible >= _ROOF_SEEN
        if self.gsd == COARSE_GSD:
            return item.visible >= _HULL_SEEN
        sides = np.hypot(*(item.corners[:2] - item.corners[1:3]).T)
        return item.visible > 0.5 or float(sides.max()) * FINE_GSD > _HULL_PART


def render_chip(
    seed: int, coarse: bool | None = None, recipe: RenderConfig = DEFAULT
) -> RenderedChip:
    """The chip of a seed; the recipe says how often one is coarse unless told."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    drawn = rng.random() < recipe.coarse
    if drawn if coarse is None else coarse:
        return coarse_chip(seed, rng, recipe)
    return fine_chip(seed, rng, recipe)


def fine_chip(seed: int, rng: np.random.Generator, recipe: RenderConfig = DEFAULT) -> RenderedChip:
    """160 m across at 0.25 m: containers where there are any."""
    sensor = random_sensor(rng, 0.15, 0.92)
    side, gsd = CHIP * FINE_GSD, min(sensor.gsd_x, sensor.gsd_y)
    canvas = Canvas(side, side, resolution=1 / 6 if gsd < 0.4 else 0.2, margin=12.0)
    terminal_scene.draw_terminal_scene(canvas, rng, recipe.look_alikes, recipe.bare)
    return _take(canvas, rng, seed, sensor, recipe)


def coarse_chip(
    seed: int, rng: np.random.Generator, recipe: RenderConfig = DEFAULT
) -> RenderedChip:
    """768 m across at 1.20 m: harbour and hulls."""
    sensor = random_sensor(rng, 0.5, 1.1)
    side = CHIP * COARSE_GSD
    canvas = Canvas(side, side, resolution=0.75, margin=24.0)
    port_scene.draw_port_scene(canvas, rng, recipe.look_alikes)
    return _take(canvas, rng, seed, sensor, recipe)


def _take(
    canvas: Canvas, rng: np.random.Generator, seed: int, sensor: Sensor, recipe: RenderConfig
) -> RenderedChip:
    """The canvas under a random sun, seen by the sensor."""
    draw_weather(canvas, rng, recipe.weather)
    view, sun = random_view(rng, canvas.width), random_sun(rng)
    view = view if recipe.lean else ViewingAngle(wall=view.wall)
    sun = sun if recipe.shadows else diffuse_light(sun)
    sensor = sensor if recipe.optics else ideal_sensor(sensor)
    sensor = sensor if recipe.exposures else without_colour_effects(sensor)
    image, labels = render_picture(canvas, sun, view, sensor, rng, (CHIP, CHIP))
    if rng.random() < 0.05 * recipe.weather:
        image, labels = draw_clouds(image, labels, rng)
    if rng.random() < 0.04:
        image, labels = cut_nodata(image, labels, rng)
    gsd = FINE_GSD if canvas.width < CHIP * COARSE_GSD else COARSE_GSD
    return RenderedChip(seed, gsd, image, tuple(labels))
