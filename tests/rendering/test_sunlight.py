"""The position of the sun and the shadows it casts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cv.rendering.canvas import Canvas, rectangle
from cv.rendering.sunlight import Sun, sun_position, sunlight
from cv.rendering.weather import random_sun

EQUINOX, JUNE, DECEMBER = 81.0, 172.0, 355.0


@pytest.mark.parametrize(
    ("latitude", "day", "elevation"),
    [(0, EQUINOX, 90.0), (51.5, JUNE, 61.9), (51.5, DECEMBER, 15.1), (-33.9, DECEMBER, 79.5)],
)
def test_noon_elevation_follows_latitude_and_date(latitude, day, elevation):
    assert sun_position(latitude, day, 12.0)[1] == pytest.approx(elevation, abs=0.7)


def test_the_sun_rises_in_the_east_and_culminates_towards_the_equator():
    azimuth, elevation = sun_position(40.0, EQUINOX, 6.0)
    assert azimuth == pytest.approx(90, abs=1)
    assert elevation == pytest.approx(0, abs=1)
    assert sun_position(40.0, JUNE, 12.0)[0] == pytest.approx(180, abs=1)
    assert math.cos(math.radians(sun_position(-40.0, JUNE, 12.0)[0])) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("elevation", [15, 25, 40, 60])
@pytest.mark.parametrize("azimuth", [0, 90, 225])
def test_shadow_is_as_long_as_the_tangent_says(elevation, azimuth):
    canvas = Canvas(120, 120, resolution=0.25, margin=10.0)
    canvas.fill(rectangle([60.0, 60.0], 8, 8, 0.0), [0.5, 0.5, 0.5], tall := 7.8)
    light = sunlight(canvas, Sun(float(azimuth), float(elevation), 0.2, 0.05))
    away = -np.array([math.sin(math.radians(azimuth)), -math.cos(math.radians(azimuth))])
    steps = np.arange(0.0, 50.0, 0.1)
    spots = np.rint(canvas.to_pixels([60.0, 60.0] + steps[:, None] * away)).astype(int)
    inside = ((spots > 0) & (spots < canvas.shape[0])).all(1)
    spots, steps = spots[inside], steps[inside]
    ground = canvas.relief[spots[:, 1], spots[:, 0]] == 0
    dark = (light[spots[:, 1], spots[:, 0]] < 0.5) & ground
    reach = steps[dark].max() - steps[~ground].max()
    assert reach == pytest.approx(tall / math.tan(math.radians(elevation)), rel=0.06, abs=0.6)


def test_random_suns_are_up_and_come_from_many_sides():
    suns = [random_sun(np.random.default_rng(seed)) for seed in range(300)]
    elevations = np.array([sun.elevation for sun in suns])
    assert elevations.min() >= 9
    assert (elevations < 25).mean() > 0.05
    assert (elevations > 55).mean() > 0.15
    north = np.cos(np.radians([sun.azimuth for sun in suns]))
    assert (north < -0.3).any()
    assert (north > 0.3).any()
