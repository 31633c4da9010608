"""The sky of a day: sun, view, sensor, clouds with their shadows, and the mask of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray
from port_layout import FRAME, GSD, SHAPE
from schedule import Cover, PortState

from cv.geometry.arrays import Float32Array
from cv.rendering.noise import noise_field
from cv.rendering.renderer import Bytes, Sensor, Sun, ViewingAngle
from cv.rendering.sunlight import sun_position

LATITUDE, LONGITUDE = 42.1, 130.6
"""Of the port, degrees; close enough for the sun."""
_CLOUD_BASE = 220.0
"""Height of the clouds, metres; their shadows fall near them."""
_COARSE = 2
"""Scene pixels per pixel of the cloud field."""
_PAD = 240
"""Margin of the cloud field, its pixels."""
_HIDES = 0.30
"""Opacity or depth of shadow from which on the mask marks the ground as hidden."""
_VEILS = 0.08
"""Opacity from which on the mask marks light haze."""
_BLOBS = {
    Cover.IMPORT: ((-172.0, 22.0, 60.0, 52.0), (-20.0, 175.0, 70.0, 40.0)),
    Cover.EXPORT: ((84.0, 48.0, 70.0, 50.0), (235.0, 20.0, 60.0, 70.0)),
    Cover.SEA: ((-110.0, 185.0, 62.0, 50.0), (260.0, 110.0, 60.0, 75.0)),
}
"""Clouds by what they cover: u, v and half axes in metres."""


@dataclass(frozen=True)
class Sky:
    """The conditions under which a scene is taken."""

    sun: Sun
    view: ViewingAngle
    sensor: Sensor


@dataclass(frozen=True, eq=False)
class Clouds:
    """Clouds as the picture shows them."""

    opacity: Float32Array
    """(rows, columns) 0 clear to 1 opaque."""
    shadow: Float32Array
    """(rows, columns) 0 sunlit to 1 in full shadow."""
    mottle: Float32Array
    """(rows, columns) brightness of the clouds, about 1."""

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """(rows, columns) where cloud or its shadow hides the ground."""
        return (self.opacity > _HIDES) | (self.shadow > _HIDES)

    def over(self, image: Bytes) -> Bytes:
        """A picture (rows, columns, RGB) with the clouds and their shadows on it."""
        dim = np.array([0.62, 0.56, 0.48], np.float32) * self.shadow[..., None]
        ground = image * (1 - dim)
        white = np.array([238, 241, 244], np.float32) * self.mottle[..., None]
        mixed = ground + (white - ground) * self.opacity[..., None]
        return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)

    def udm2(self) -> Bytes:
        """The usable data mask: 8 bands as Planet defines them."""
        cloud = self.opacity > _HIDES
        shadow = (self.shadow > _HIDES) & ~cloud
        haze = (self.opacity > _VEILS) & ~cloud & ~shadow
        none = np.zeros_like(cloud)
        confidence = np.where(cloud | shadow, 88, 96)
        bands = [~(cloud | shadow | haze), none, shadow, haze, none, cloud, confidence, cloud * 2]
        return np.stack([band.astype(np.uint8) for band in bands])


def make_sky(state: PortState, seed: int) -> Sky:
    """Return the sun at that time, a camera a few degrees off nadir, its exposure and haze."""
    rng = np.random.default_rng([seed, 10, state.number])
    azimuth, elevation = sun_at(state.time)
    lean, side = rng.uniform(0.03, 0.15), rng.uniform(0, 2 * math.pi)
    air = rng.uniform(0.01, 0.07)
    sensor = Sensor(
        gsd_x=GSD,
        gsd_y=GSD,
        blur=float(rng.uniform(0.3, 0.5)),
        noise=float(rng.uniform(0.004, 0.009)),
        sharpen=float(rng.uniform(0.3, 0.7)),
        gain=float(rng.uniform(0.95, 1.25)),
        gamma=float(rng.uniform(0.8, 1.0)),
        haze=(air * 0.8, air, air * 1.15),
        saturation=float(rng.uniform(0.8, 1.05)),
    )
    view = ViewingAngle(float(lean * math.cos(side)), float(lean * math.sin(side)), 0.0, 0.6)
    return Sky(Sun(azimuth, elevation, float(rng.uniform(0.22, 0.4)), 0.25), view, sensor)


def sun_at(time: datetime) -> tuple[float, float]:
    """Return azimuth (clockwise from north) and elevation of the sun at the port, degrees."""
    hours = time.hour + time.minute / 60 + time.second / 3600 + LONGITUDE / 15
    return sun_position(LATITUDE, time.timetuple().tm_yday, hours)


def make_clouds(state: PortState, sun: Sun, seed: int) -> Clouds:
    """Return the clouds of a day, with shadows on the side away from the sun."""
    rng = np.random.default_rng([seed, 11, state.number])
    rows, columns = SHAPE[0] // _COARSE + 2 * _PAD, SHAPE[1] // _COARSE + 2 * _PAD
    billows = cv2.GaussianBlur(noise_field(rng, (rows, columns), 80, 4), (0, 0), 2.0)
    density = _density(state.day.cover, (rows, columns)) + np.float32(0.32) * billows
    opacity = _smooth(density / 0.75) * np.float32(0.985)
    reach = _CLOUD_BASE / math.tan(math.radians(sun.elevation)) / (GSD * _COARSE)
    turn = math.radians(sun.azimuth)
    shift = (round(math.sin(turn) * reach), round(-math.cos(turn) * reach))
    mottle = 1 + np.float32(0.03) * noise_field(rng, (rows, columns), 60, 2)
    return Clouds(_cut(opacity, (0, 0)), _cut(opacity, shift), _cut(mottle, (0, 0)))


def _density(cover: Cover, shape: tuple[int, int]) -> Float32Array:
    """Return the thickness of clouds (rows, columns); below 0 the sky is clear."""
    if cover is Cover.EVERYTHING:
        return np.full(shape, 2.2, np.float32)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    x, y = (x - _PAD) * (GSD * _COARSE), (y - _PAD) * (GSD * _COARSE)
    density = np.full(shape, -3.0, np.float32)
    for u, v, along, across in _BLOBS.get(cover, ()):
        at = FRAME.at(u, v)
        span = ((x - at[0]) / along) ** 2 + ((y - at[1]) / across) ** 2
        np.maximum(density, np.float32(0.9) - span, out=density)
    return density


def _smooth(value: Float32Array) -> Float32Array:
    clipped = np.clip(value, 0, 1)
    return np.asarray(clipped * clipped * (3 - 2 * clipped), np.float32)


def _cut(field: Float32Array, shift: tuple[int, int]) -> Float32Array:
    """The picture's part of a padded field, seen from pixels (x, y) further, at full size."""
    left, top = _PAD + shift[0], _PAD + shift[1]
    part = field[top : top + SHAPE[0] // _COARSE, left : left + SHAPE[1] // _COARSE]
    return np.asarray(cv2.resize(part, SHAPE[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
