"""Random sun, view and sensor: the conditions under which a chip is taken."""

from __future__ import annotations

import numpy as np

from cv.training.materials import Rng
from cv.training.sensor import Bytes, Label, Sensor, Sun, View


def random_sun(rng: Rng) -> Sun:
    """High summer to low winter sun from any side."""
    elevation = rng.uniform(25, 72) if rng.random() < 0.86 else rng.uniform(13, 25)
    if rng.random() < 0.06:  # overcast: hardly a shadow
        return Sun(rng.uniform(0, 360), elevation, rng.uniform(0.75, 0.95), 1.5)
    blue = rng.uniform(0.0, 0.6)
    sky = (float(1 - 0.45 * blue), float(1 - 0.1 * blue), float(1 + 0.6 * blue))
    ambient, softness = rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.5)
    return Sun(rng.uniform(0, 360), elevation, ambient, softness, sky)


def random_view(rng: Rng, width: float) -> View:
    """Nearly nadir to about 27 degrees off; at times a low camera with perspective."""
    lean = float(np.clip(abs(rng.normal(0, 0.19)), 0, 0.5))
    side = rng.uniform(0, 2 * np.pi)
    wall = rng.uniform(0.3, 0.9)
    if rng.random() < 0.12:
        flight = rng.uniform(180, 700) * width / 192
        return View(lean * 0.3 * np.cos(side), lean * 0.3 * np.sin(side), 1 / flight, wall)
    return View(float(lean * np.cos(side)), float(lean * np.sin(side)), 0.0, wall)


def random_sensor(rng: Rng, nearest: float, farthest: float) -> Sensor:
    """Any camera with a GSD between nearest and farthest (metres)."""
    gsd = float(np.clip(np.exp(rng.normal(np.log(0.38), 0.42)), nearest, farthest))
    if rng.random() < 0.15:
        gsd = float(rng.uniform(max(nearest, 0.55), farthest))
    aspect = rng.uniform(0.92, 1.08) if rng.random() < 0.3 else 1.0
    gain, gamma, saturation, haze, cast = _exposure(rng)
    fine = gsd < 0.25
    blur = float(rng.uniform(0.25, 0.85))
    noise = float(np.exp(rng.uniform(np.log(0.002), np.log(0.022))))
    return Sensor(
        gsd_x=gsd * aspect,
        gsd_y=gsd / aspect,
        blur=blur,
        noise=noise if gain > 0.5 else noise / 2,
        sharpen=float(rng.uniform(0.2, 1.3)) if rng.random() < 0.45 else 0.0,
        bleed=float(rng.uniform(0.6, 2.8)) if rng.random() < (0.2 if fine else 0.5) else 0.0,
        jpeg=int(rng.integers(35, 96)) if rng.random() < 0.6 else 0,
        gain=gain,
        gamma=gamma,
        haze=haze,
        cast=cast,
        saturation=saturation,
        vignette=float(rng.uniform(0, 0.3)) if rng.random() < 0.2 else 0.0,
    )


Triple = tuple[float, float, float]


def _exposure(rng: Rng) -> tuple[float, float, float, Triple, Triple]:
    """Gain, gamma, saturation, haze and cast of one of several kinds of product."""
    kind = rng.random()
    tint = rng.normal(0, 0.05, 3)
    air = np.array([0.75, 0.95, 1.1]) + rng.normal(0, 0.12, 3)
    if kind < 0.25:  # dark, linear product
        gain, gamma, colour, veil = rng.uniform(0.32, 0.7), rng.uniform(0.9, 1.15), 1.0, 0.03
    elif kind < 0.5:  # hazy and pale
        gain, gamma, colour, veil = rng.uniform(0.55, 0.95), rng.uniform(0.75, 1.1), 0.75, 0.28
    elif kind < 0.62:  # punchy
        gain, gamma, colour, veil = rng.uniform(1.1, 1.6), rng.uniform(1.0, 1.5), 1.6, 0.05
    else:
        gain, gamma, colour, veil = rng.uniform(0.8, 1.35), rng.uniform(0.75, 1.25), 1.05, 0.1
    colour *= rng.uniform(0.7, 1.2)
    haze = np.clip(veil * rng.uniform(0.1, 1.0) * air, 0, 0.5)
    return (
        float(gain),
        float(gamma),
        float(colour),
        (float(haze[0]), float(haze[1]), float(haze[2])),
        (float(1 + tint[0]), float(1 + tint[1]), float(1 + tint[2])),
    )


def cut_nodata(image: Bytes, labels: list[Label], rng: Rng) -> tuple[Bytes, list[Label]]:
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
