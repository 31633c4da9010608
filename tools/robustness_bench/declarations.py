"""What is declared about an image, and does not fit it: scale, outline, orientation, extent."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from affine import Affine
from shapely.affinity import translate

from robustness_bench.pier_view import PierView, Rng
from robustness_bench.random_fields import above_share


def wrong_gsd(view: PierView, factor: float, rng: Rng) -> PierView:
    """Declare `factor` times the true GSD; the outline is drawn on the image and scales too."""
    ground = Affine.scale(factor)
    return replace(view.mapped(ground), to_ground=ground @ view.to_ground)


def off_nadir(view: PierView, angle_deg: float, rng: Rng) -> PierView:
    """Take the image from `angle_deg` off nadir without correcting it.

    It is shortened by the cosine along the view's direction and sheared by a fifth of the
    tangent; the outline is drawn on it. Walls and lean are not modelled.
    """
    tilt, turn = np.radians(angle_deg), rng.uniform(0, 360)
    squeeze = Affine(np.cos(tilt), 0.2 * np.tan(tilt), 0, 0, 1, 0)
    ground = Affine.rotation(turn) @ squeeze @ Affine.rotation(-turn)
    middle = _middle(view)
    ground = Affine.translation(*middle) @ ground @ Affine.translation(-middle[0], -middle[1])
    pixels = ~view.to_ground @ ground @ view.to_ground
    return _warped(view, pixels, cv2.BORDER_REFLECT).mapped(ground)


def outline_shift(view: PierView, distance_m: float, rng: Rng) -> PierView:
    """Draw the outline `distance_m` metres off."""
    angle = rng.uniform(0, 2 * np.pi)
    return outline_moved(view, distance_m * np.cos(angle), distance_m * np.sin(angle))


def outline_moved(view: PierView, x_m: float, y_m: float) -> PierView:
    """Draw the outlines of pier and berth `x_m` metres further east and `y_m` further south."""
    berth = view.ships and translate(view.ships.berth, x_m, y_m)
    ships = view.ships and berth and replace(view.ships, berth=berth)
    return replace(view, outline=translate(view.outline, x_m, y_m), ships=ships)


def rotated_tile(view: PierView, angle_deg: float, rng: Rng) -> PierView:
    """Deliver the image rotated by `angle_deg`, black beyond it, with the right georeference."""
    turn = Affine.rotation(angle_deg, _middle(view))
    warped = _warped(view, ~(~view.to_ground @ turn @ view.to_ground), cv2.BORDER_CONSTANT)
    return replace(warped, to_ground=turn @ view.to_ground)


def black_bars(view: PierView, share: float, rng: Rng) -> PierView:
    """Blacken `share` of the pier, in two bars at opposite sides of the image."""
    return _barred(view, share, 0, rng)


def white_bars(view: PierView, share: float, rng: Rng) -> PierView:
    """Whiten `share` of the pier, in two bars at opposite sides of the image."""
    return _barred(view, share, 255, rng)


def _barred(view: PierView, share: float, level: int, rng: Rng) -> PierView:
    along = view.metres[int(rng.integers(2))]
    middle = float(np.median(along[view.pier_mask]))
    image = view.image.copy()
    image[above_share(view, np.abs(along - np.float32(middle)), share) > 0] = level
    return view.with_image(image)


def _warped(view: PierView, pixels: Affine, border: int) -> PierView:
    """Return the view with its image warped by `pixels`, old pixels to new ones."""
    # OpenCV counts pixels from their centres
    centred = Affine.translation(-0.5, -0.5) @ pixels @ Affine.translation(0.5, 0.5)
    matrix = np.array([centred[:3], centred[3:6]], np.float64)
    size = (view.shape[1], view.shape[0])
    image = cv2.warpAffine(view.image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border)
    return view.with_image(np.asarray(image, np.uint8).reshape(view.image.shape))


def _middle(view: PierView) -> tuple[float, float]:
    centre = view.outline.centroid
    return float(centre.x), float(centre.y)
