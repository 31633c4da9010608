"""Labelled chips from a seed: a fine chip for containers, a coarse one for hulls."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cv.training import harbour, yard
from cv.training.canvas import Canvas
from cv.training.sensor import Bytes, Label, Sensor, expose
from cv.training.weather import cut_nodata, random_sensor, random_sun, random_view

CHIP = 640  # pixels
FINE_GSD = 0.30  # metres per pixel of the container pass
COARSE_GSD = 1.20  # metres per pixel of the hull pass
CLASSES = ("container", "hull")
_ROOF_SEEN = 0.45  # share of a roof from which on it counts
_HULL_SEEN = 0.5  # share of a hull from which on it counts in a coarse chip
_HULL_PART = 24.0  # length of a hull's part from which on it is labelled in a fine chip, metres


@dataclass(frozen=True)
class Chip:
    """A rendered picture and the truth about it."""

    seed: int
    # of the generator that drew it
    gsd: float
    # FINE_GSD or COARSE_GSD, metres per pixel
    image: Bytes
    # (640, 640, 3) RGB
    labels: tuple[Label, ...]
    # everything visible, also what is too hidden to train on

    @property
    def targets(self) -> list[Label]:
        """The labels that a detector should find in this chip."""
        return [item for item in self.labels if self._wanted(item)]

    def _wanted(self, item: Label) -> bool:
        if item.class_name == "container":
            return self.gsd == FINE_GSD and item.visible >= _ROOF_SEEN
        if self.gsd == COARSE_GSD:
            return item.visible >= _HULL_SEEN
        sides = np.hypot(*(item.corners[:2] - item.corners[1:3]).T)
        return item.visible > 0.5 or float(sides.max()) * FINE_GSD > _HULL_PART


def render_chip(seed: int, coarse: bool | None = None) -> Chip:
    """The chip of a seed; about one in five is coarse unless told."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    drawn = rng.random() < 0.22
    return coarse_chip(seed, rng) if (drawn if coarse is None else coarse) else fine_chip(seed, rng)


def fine_chip(seed: int, rng: np.random.Generator) -> Chip:
    """192 m across at 0.30 m: containers where there are any."""
    side = CHIP * FINE_GSD
    canvas = Canvas(side, side, resolution=0.2, margin=12.0)
    yard.draw_scene(canvas, rng)
    sensor = random_sensor(rng, 0.15, 0.9)
    return _take(canvas, rng, seed, FINE_GSD, sensor)


def coarse_chip(seed: int, rng: np.random.Generator) -> Chip:
    """768 m across at 1.20 m: harbour and hulls."""
    side = CHIP * COARSE_GSD
    canvas = Canvas(side, side, resolution=0.6, margin=24.0)
    harbour.draw_scene(canvas, rng)
    sensor = random_sensor(rng, 0.6, 1.0)
    return _take(canvas, rng, seed, COARSE_GSD, sensor)


def _take(canvas: Canvas, rng: np.random.Generator, seed: int, gsd: float, sensor: Sensor) -> Chip:
    view = random_view(rng, canvas.width)
    image, labels = expose(canvas, random_sun(rng), view, sensor, rng, (CHIP, CHIP))
    if rng.random() < 0.05:
        image, labels = cut_nodata(image, labels, rng)
    return Chip(seed, gsd, image, tuple(labels))
