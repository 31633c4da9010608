"""Random cameras: viewing angle, sharpness, and the colours of their files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cv.rendering.canvas import rgb_triple
from cv.rendering.noise import Rng
from cv.rendering.renderer import Sensor, ViewingAngle


def random_view(rng: Rng, width: float) -> ViewingAngle:
    """Return a view from nadir to about 27 degrees off, sometimes low with perspective."""
    lean = float(np.clip(abs(rng.normal(0, 0.19)), 0, 0.5))
    side = rng.uniform(0, 2 * np.pi)
    wall = rng.uniform(0.3, 0.9)
    if rng.random() < 0.12:
        flight = rng.uniform(180, 700) * width / 192
        return ViewingAngle(lean * 0.3 * np.cos(side), lean * 0.3 * np.sin(side), 1 / flight, wall)
    return ViewingAngle(float(lean * np.cos(side)), float(lean * np.sin(side)), 0.0, wall)


def random_sensor(rng: Rng, nearest: float, farthest: float) -> Sensor:
    """Return a camera with a GSD from `nearest` to `farthest` (metres); a third are coarse."""
    gsd = float(np.clip(np.exp(rng.normal(np.log(0.36), 0.38)), nearest, farthest))
    if rng.random() < 0.3 or gsd == nearest:
        gsd = float(rng.uniform(max(nearest, 0.48), farthest))
    aspect = rng.uniform(0.92, 1.08) if rng.random() < 0.3 else 1.0
    noise = float(np.exp(rng.uniform(np.log(0.002), np.log(0.022))))
    sensor = Sensor(
        gsd_x=gsd * aspect,
        gsd_y=gsd / aspect,
        blur=float(rng.uniform(0.2, 0.65) if rng.random() < 0.8 else rng.uniform(0.65, 1.0)),
        noise=noise,
        sharpen=float(rng.uniform(0.2, 1.3)) if rng.random() < 0.5 else 0.0,
        bleed=float(rng.uniform(0.6, 2.8)) if rng.random() < (0.2 if gsd < 0.25 else 0.5) else 0.0,
        jpeg=int(rng.integers(35, 96)) if rng.random() < 0.6 else 0,
        vignette=float(rng.uniform(0, 0.3)) if rng.random() < 0.15 else 0.0,
    )
    if gsd > 0.5 and rng.random() < 0.4:
        sensor = _pansharpened(sensor, rng)
    return random_exposure(sensor, rng)


def ideal_sensor(sensor: Sensor) -> Sensor:
    """Return the same sampling and exposure by a perfect camera, stored without loss."""
    return replace(sensor, blur=0.3, noise=0.0, sharpen=0.0, bleed=0.0, jpeg=0, vignette=0.0)


def without_colour_effects(sensor: Sensor) -> Sensor:
    """Return the same camera without haze, colour casts, tone curves and stretches."""
    plain = Sensor(gamma=0.8)
    exposure = ("gain", "gamma", "haze", "cast", "saturation", "bits", "stretch")
    return replace(sensor, **{name: getattr(plain, name) for name in exposure})


def _pansharpened(sensor: Sensor, rng: Rng) -> Sensor:
    """Return a satellite mosaic: colour four times coarser than brightness, edges overdone."""
    return replace(
        sensor,
        blur=float(rng.uniform(0.45, 0.9)),
        sharpen=float(rng.uniform(0.6, 1.8)),
        bleed=float(rng.uniform(1.2, 3.2)),
        jpeg=int(rng.integers(40, 92)),
    )


def random_exposure(sensor: Sensor, rng: Rng) -> Sensor:
    """Return the sensor with the exposure and colours of one of several kinds of product."""
    kind = rng.random()
    tint = rng.normal(0, 0.035, 3)
    air = np.array([0.75, 0.95, 1.1]) + rng.normal(0, 0.12, 3)
    stretch, bits = None, 8
    if kind < 0.2:  # dark, linear product
        gain, gamma, colour, veil = rng.uniform(0.22, 0.7), rng.uniform(0.9, 1.15), 1.0, 0.03
    elif kind < 0.37:  # hazy and pale
        gain, gamma, colour, veil = rng.uniform(0.55, 0.95), rng.uniform(0.7, 1.0), 0.75, 0.28
    elif kind < 0.47:  # punchy
        gain, gamma, colour, veil = rng.uniform(1.0, 1.5), rng.uniform(0.9, 1.4), 1.3, 0.05
    elif kind < 0.70:  # 11 or 16 bit, stretched between percentiles of the scene
        gain, gamma, colour, veil = rng.uniform(0.12, 0.5), rng.uniform(0.65, 1.0), 0.75, 0.12
        bits = int(rng.choice([11, 16]))
        stretch = float(rng.uniform(0.05, 2.0)), float(rng.uniform(97.5, 99.95))
        veil *= gain
    else:
        gain, gamma, colour, veil = rng.uniform(0.8, 1.3), rng.uniform(0.65, 1.15), 1.0, 0.1
    colour *= rng.uniform(0.65, 1.15)
    haze = np.clip(veil * rng.uniform(0.1, 1.0) * air, 0, 0.5)
    return replace(
        sensor,
        gain=float(gain),
        gamma=float(gamma),
        saturation=float(colour),
        haze=rgb_triple(haze),
        cast=rgb_triple(1 + tint),
        noise=sensor.noise * min(1.0, float(gain) * 1.2),
        bits=bits,
        stretch=stretch,
    )
