"""Sunlight on a canvas: cast shadows, the sky's share, and where the sun stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float32Array
from cv.rendering.canvas import Canvas, shifted_overlap


@dataclass(frozen=True)
class Sun:
    """The sun and the light of the sky."""

    azimuth: float
    """Direction towards the sun, degrees clockwise from the top of the picture."""
    elevation: float
    """Degrees above the horizon."""
    ambient: float = 0.3
    """Light in full shadow relative to full sun, 0..1."""
    softness: float = 0.3
    """Blur of shadow edges, metres."""
    sky: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Colour of the light in shadow, factors on R, G, B."""


def sun_position(latitude: float, day: float, hour: float) -> tuple[float, float]:
    """Return the sun's azimuth (clockwise from north) and elevation, degrees.

    `day` is the day of the year, `hour` the local solar time.
    """
    tilt = math.radians(-23.44 * math.cos(2 * math.pi * (day + 10) / 365.24))
    angle, north = math.radians(15 * (hour - 12)), math.radians(latitude)
    up = math.sin(north) * math.sin(tilt) + math.cos(north) * math.cos(tilt) * math.cos(angle)
    east = -math.cos(tilt) * math.sin(angle)
    along = math.cos(north) * math.sin(tilt) - math.sin(north) * math.cos(tilt) * math.cos(angle)
    elevation = math.degrees(math.asin(min(1.0, max(-1.0, up))))
    return math.degrees(math.atan2(east, along)) % 360, elevation


def sunlight(canvas: Canvas, sun: Sun) -> Float32Array:
    """Return the light on every canvas pixel (rows, columns), 1 in full sun."""
    lit = _direct_light(canvas, sun)
    soft = max(sun.softness / canvas.resolution, 0.3)
    direct = np.asarray(cv2.GaussianBlur(lit, (0, 0), soft), np.float32)
    around = max(3, int(2.4 / canvas.resolution) | 1)
    sky = np.asarray(cv2.blur(canvas.relief, (around, around)), np.float32)
    sky -= canvas.relief
    np.clip(sky, 0, 4, out=sky)
    sky *= np.float32(-0.55 / 4)
    sky += np.float32(1)
    direct *= np.float32(0.4) * sky + np.float32(0.6)
    return np.asarray(cv2.addWeighted(direct, 1 - sun.ambient, sky, sun.ambient, 0.0), np.float32)


def _direct_light(canvas: Canvas, sun: Sun) -> Float32Array:
    """Return 1 where the sun is visible and 0 in shadow (rows, columns)."""
    relief = canvas.relief
    azimuth = math.radians(sun.azimuth)
    towards = np.array([math.sin(azimuth), -math.cos(azimuth)])  # x, y
    slope = math.tan(math.radians(sun.elevation)) * canvas.resolution  # metres per pixel
    horizon = _shift(relief, towards, 1.0) - np.float32(slope)
    reach, longest = 1.0, float(relief.max() + 3) / slope
    while reach < longest:
        farther = _shift(horizon, towards, reach)
        farther -= np.float32(slope * reach)
        cv2.max(horizon, farther, horizon)
        reach *= 2
    horizon -= relief
    lit = np.asarray(cv2.threshold(horizon, 0.2, 1.0, cv2.THRESH_BINARY_INV)[1], np.float32)
    for beam in canvas.overhead:
        shadow = beam.polygon - towards * beam.height / math.tan(math.radians(sun.elevation))
        canvas.draw_beam(lit, shadow, 0.0)
    return lit


def _shift(field: Float32Array, towards: NDArray[np.float64], pixels: float) -> Float32Array:
    """Return the field shifted by a number of pixels against a direction (x, y)."""
    right, down = round(float(towards[0]) * pixels), round(float(towards[1]) * pixels)
    out = np.zeros_like(field)
    there, here = shifted_overlap(field, out, right, down)
    here[:] = there
    return out
