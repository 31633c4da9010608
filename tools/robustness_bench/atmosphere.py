"""Clouds, their shadows, haze, fog: what lies between the ground and the camera.

All in linear light: what arrives is I * t + A * (1 - t), with the transmission t and the light A
that clouds or haze scatter into the camera.
"""

from __future__ import annotations

import cv2
import numpy as np

from robustness_bench.image_filters import blurred, shifted, soft_step
from robustness_bench.pier_view import Floats, PierView, Rng
from robustness_bench.random_fields import above_share, distance_field, field_over

_CLOUD = np.array([0.86, 0.88, 0.90], np.float32)
"""Light of a sunlit cloud."""
_HAZE = np.array([0.46, 0.50, 0.55], np.float32)
_FOG = np.array([0.58, 0.60, 0.62], np.float32)
_SKYLIGHT = np.array([0.9, 1.0, 1.12], np.float32)
"""Colour of the light in a shadow, relative to that in the sun."""


def thick_cloud_whole(view: PierView, opacity: float, rng: Rng) -> PierView:
    """Cover all with a textured cloud of mean `opacity`."""
    depth = -np.log1p(-min(opacity, 0.9999)) * np.exp(0.15 * field_over(view, rng, 80.0))
    return _under_cloud(view, 1 - np.exp(-depth), rng)


def thick_cloud_half(view: PierView, share: float, rng: Rng) -> PierView:
    """Cover `share` of the pier from one side, with an edge some metres wide."""
    uneven = distance_field(view, rng) + 8 * field_over(view, rng, 60.0, 2.3)
    edge = above_share(view, uneven, share)
    return _under_cloud(view, 1 - np.exp(-np.maximum(edge, 0) / 3), rng)


def scattered_cloud(view: PierView, share: float, rng: Rng) -> PierView:
    """Cover `share` of the pier with cumuli of some 40 m that cast shadows."""
    field = field_over(view, rng, 40.0, 2.3)
    opacity = 1 - np.exp(-4 * np.maximum(above_share(view, field, share), 0))
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(30, 60)
    shade = np.asarray(0.65 * opacity, np.float32)
    shadow = shifted(view, shade, np.cos(angle) * reach, np.sin(angle) * reach)
    dim = view.with_light(_shaded(view.light, shadow[..., None]), rng)
    return _under_cloud(dim, opacity, rng)


def broken_cloud(view: PierView, share: float, rng: Rng) -> PierView:
    """Cover `share` of the pier with shreds down to a pixel and less."""
    field = field_over(view, rng, 3.0, slope=1.2)
    opacity = 1 - np.exp(-3 * np.maximum(above_share(view, field, share), 0))
    return _under_cloud(view, np.asarray(cv2.blur(opacity, (2, 2)), np.float32), rng)


def thin_cloud(view: PierView, opacity: float, rng: Rng) -> PierView:
    """Veil all with uneven cirrus of mean `opacity`."""
    veil = opacity * (1 + 0.35 * field_over(view, rng, 120.0, 2.2))
    return _under_cloud(view, np.clip(veil, 0, 0.99).astype(np.float32), rng)


def cloud_shadow(view: PierView, depth: float, rng: Rng) -> PierView:
    """Take `depth` of the light from two thirds of the pier, with a soft edge."""
    uneven = distance_field(view, rng) + 10 * field_over(view, rng, 80.0, 2.3)
    edge = np.asarray(above_share(view, uneven, 0.67) / 3, np.float32)
    shade = np.float32(depth) * soft_step(edge)
    return view.with_light(_shaded(view.light, shade[..., None]), rng)


def even_haze(view: PierView, loss: float, rng: Rng) -> PierView:
    """Replace `loss` of the ground's light by that of haze."""
    return view.with_light(_veiled(view.light, np.float32(1 - loss), _HAZE), rng)


def uneven_haze(view: PierView, loss: float, rng: Rng) -> PierView:
    """Replace on average `loss` of the ground's light, unevenly, by that of haze."""
    depth = -np.log(1 - loss) * np.exp(0.5 * field_over(view, rng, 150.0, 2.5))
    return view.with_light(_veiled(view.light, np.exp(-depth)[..., None], _HAZE), rng)


def fog(view: PierView, loss: float, rng: Rng) -> PierView:
    """Replace `loss` of the light by that of fog, and spread half of the rest over metres."""
    light = 0.5 * view.light + 0.5 * blurred(view, view.light, 1.5)
    bright = _FOG * (1 + 0.03 * field_over(view, rng, 100.0)[..., None])
    return view.with_light(_veiled(light, np.float32(1 - loss), bright), rng)


def _veiled(light: Floats, transmission: Floats | np.float32, scattered: Floats) -> Floats:
    return np.asarray(light * transmission + scattered * (1 - transmission), np.float32)


def _shaded(light: Floats, depth: Floats) -> Floats:
    return np.asarray(light * (1 - depth * (2 - _SKYLIGHT)), np.float32)


def _under_cloud(view: PierView, opacity: Floats, rng: Rng) -> PierView:
    """Return the view below a cloud of `opacity` (rows, columns) with a texture of its own."""
    texture = 1 + 0.05 * field_over(view, rng, 50.0) + 0.01 * field_over(view, rng, 4.0, 1.0)
    cloud = np.clip(_CLOUD * texture[..., None], 0, 1)
    clear = np.asarray(1 - opacity, np.float32)[..., None]
    return view.with_light(_veiled(view.light, clear, cloud), rng)
