"""Weather: the sun by date and place, snow, wet ground, clouds; the end of a swath."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from cv.geometry.arrays import Float32Array
from cv.rendering.canvas import WATER, Canvas, Points
from cv.rendering.materials import Rng
from cv.rendering.noise import noise_field
from cv.rendering.renderer import Bytes, RenderedLabel, Sun
from cv.rendering.sunlight import sun_position

_MIN_SUN_ELEVATION = 9.0
"""Images are not taken with the sun lower than this, degrees."""
_PORTS = ((35.0, 12.0), (55.0, 6.0), (8.0, 14.0), (-28.0, 8.0))
"""Latitudes of ports and their spread, degrees."""
_DRIFT = 40
"""Largest distance between a cloud and its shadow, pixels of the cloud field."""
_OPAQUE = 0.45
"""Objects under cloud of at least this opacity are not visible."""


def random_sun(rng: Rng) -> Sun:
    """Return the sun over some port at an hour when satellites or aircraft pass."""
    azimuth, elevation = _random_sun_position(rng)
    if rng.random() < 0.06:  # overcast: hardly a shadow
        return Sun(azimuth, elevation, rng.uniform(0.75, 0.95), 1.5)
    blue = rng.uniform(0.0, 1.25)  # a clear sky is two to four times as blue as the sun
    sky = (float(1 - 0.45 * blue), float(1 - 0.1 * blue), float(1 + 0.6 * blue))
    ambient, softness = rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.5)
    return Sun(azimuth, elevation, ambient, softness, sky)


def diffuse_light(sun: Sun) -> Sun:
    """Return the same sun behind so much cloud that nothing casts a shadow."""
    return replace(sun, ambient=1.0, sky=(1.0, 1.0, 1.0))


def draw_weather(canvas: Canvas, rng: Rng, chance: float) -> None:
    """Draw snow or wet ground on some scenes; `chance` 1 is the default frequency."""
    pick = rng.random()
    if pick < 0.04 * chance:
        _snow(canvas, rng)
    elif pick < 0.12 * chance:
        _wet(canvas, rng)


def draw_clouds(
    image: Bytes, labels: list[RenderedLabel], rng: Rng
) -> tuple[Bytes, list[RenderedLabel]]:
    """Draw a cloud edge and its shadow; reduce the visible share of what the cloud hides."""
    rows, columns = image.shape[:2]
    small = max(8, rows // 8), max(8, columns // 8)
    wider = small[0] + 2 * _DRIFT, small[1] + 2 * _DRIFT
    field = noise_field(rng, wider, int(rng.uniform(0.4, 1.5) * small[0]), 3)
    field -= np.float32(rng.uniform(0.6, 1.6))
    thick = _window(np.clip(field * 0.9, 0, 1), (_DRIFT, _DRIFT), small, (rows, columns))
    shift = rng.integers(0, 2 * _DRIFT + 1, 2)
    dim = _window(np.clip(field * 1.5, 0, 1), (shift[0], shift[1]), small, (rows, columns))
    white = np.float32(rng.uniform(215, 250))
    ground = image * (1 - np.float32(rng.uniform(0.3, 0.6)) * dim[..., None])
    veiled = ground + (white - ground) * thick[..., None]
    kept = [replace(it, visible=it.visible * _uncovered_share(thick, it.corners)) for it in labels]
    return np.asarray(np.clip(veiled + 0.5, 0, 255), np.uint8), kept


def cut_nodata(
    image: Bytes, labels: list[RenderedLabel], rng: Rng
) -> tuple[Bytes, list[RenderedLabel]]:
    """Blacken one side of a random line, as at the end of a swath, and forget what lies there."""
    rows, columns = image.shape[:2]
    turn = rng.uniform(0, 2 * np.pi)
    normal = np.array([np.cos(turn), np.sin(turn)])
    middle = np.array([columns / 2, rows / 2])
    offset = rng.uniform(0.1, 0.4) * min(rows, columns)
    y, x = np.mgrid[0:rows, 0:columns]
    beyond = (x - middle[0]) * normal[0] + (y - middle[1]) * normal[1] > offset
    image = image.copy()
    image[beyond] = 0
    kept = [item for item in labels if ((item.corners - middle) @ normal).mean() <= offset]
    return image, kept


def _random_sun_position(rng: Rng) -> tuple[float, float]:
    """Return azimuth and elevation in degrees, the sun well above the horizon."""
    while True:
        middle, spread = _PORTS[int(rng.choice(len(_PORTS), p=[0.45, 0.25, 0.18, 0.12]))]
        latitude = float(np.clip(rng.normal(middle, spread), -50, 68))
        hour = rng.normal(10.7, 0.7) if rng.random() < 0.8 else rng.uniform(8, 16)
        azimuth, elevation = sun_position(latitude, rng.uniform(0, 365), hour)
        if elevation > _MIN_SUN_ELEVATION:
            return azimuth, elevation


def _snow(canvas: Canvas, rng: Rng) -> None:
    """Draw snow on ground and roofs, swept from a part of the ground."""
    patches = noise_field(rng, canvas.shape, int(25 / canvas.resolution), 4)
    cover = np.clip(patches * 0.8 + np.float32(rng.uniform(-0.2, 1.6)), 0, 1) * np.float32(0.95)
    cover[canvas.state == WATER] = 0
    white = np.float32(rng.uniform(0.75, 0.9))
    cover = cover[..., None]
    canvas.albedo *= 1 - cover
    canvas.albedo += cover * white


def _wet(canvas: Canvas, rng: Rng) -> None:
    """Make the ground wet: dark, with puddles that mirror the sky."""
    wetness = noise_field(rng, canvas.shape, int(30 / canvas.resolution), 4)
    damp = np.clip(wetness * 0.6 + np.float32(rng.uniform(0.1, 0.9)), 0, 1)
    damp[(canvas.state == WATER) | (canvas.relief > 0.05)] = 0
    puddles = (wetness > rng.uniform(1.0, 2.2)) & (damp > 0)
    canvas.albedo *= (1 - np.float32(rng.uniform(0.2, 0.5)) * damp)[..., None]
    canvas.albedo[puddles] = np.float32(rng.uniform(0.05, 0.6)) * np.array(
        [0.9, 1.0, 1.08], np.float32
    )


def _window(
    field: Float32Array, at: tuple[int, int], small: tuple[int, int], shape: tuple[int, int]
) -> Float32Array:
    """Return the part `small` of a field from a row and column on, enlarged to `shape`."""
    part = field[at[0] : at[0] + small[0], at[1] : at[1] + small[1]]
    grown = cv2.resize(part, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(grown, 0, 1), np.float32)


def _uncovered_share(thick: Float32Array, corners: Points) -> float:
    """Return the share of a quadrilateral (4, 2 pixels) over which the cloud is not opaque."""
    steps = np.linspace(0.1, 0.9, 5)
    u, v = (grid[..., None] for grid in np.meshgrid(steps, steps))
    top, bottom = corners[0] * (1 - u) + corners[1] * u, corners[3] * (1 - u) + corners[2] * u
    spots = np.floor(top * (1 - v) + bottom * v).astype(int).reshape(-1, 2)
    rows, columns = thick.shape
    found = thick[np.clip(spots[:, 1], 0, rows - 1), np.clip(spots[:, 0], 0, columns - 1)]
    return float((found <= _OPAQUE).mean())
