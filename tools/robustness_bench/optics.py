"""Blur, motion and coarse sampling: the point spread acts on light, before the camera's noise."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from affine import Affine

from robustness_bench.image_filters import blurred, gaussian
from robustness_bench.pier_view import Floats, PierView, Rng


def gaussian_blur(view: PierView, sigma_m: float, rng: Rng) -> PierView:
    """Blur by a Gaussian of `sigma_m` metres."""
    return view.with_light(blurred(view, view.light, sigma_m), rng)


def defocus(view: PierView, radius_m: float, rng: Rng) -> PierView:
    """Blur by a disc of `radius_m` metres."""
    reach = [int(np.ceil(radius_m / gsd)) + 1 for gsd in view.gsd_m]
    y, x = np.mgrid[-reach[1] : reach[1] + 1, -reach[0] : reach[0] + 1]
    distance = np.hypot(x * view.gsd_m[0], y * view.gsd_m[1])
    soft = np.clip((radius_m - distance) / min(view.gsd_m) + 0.5, 0, 1)
    return view.with_light(_filtered(view.light, soft), rng)


def motion_blur(view: PierView, length_m: float, rng: Rng) -> PierView:
    """Blur along a line of `length_m` metres; the direction differs from scene to scene."""
    angle = rng.uniform(0, np.pi)
    steps = np.linspace(-length_m / 2, length_m / 2, 201)
    columns = np.rint(np.cos(angle) * steps / view.gsd_m[0]).astype(int)
    rows = np.rint(np.sin(angle) * steps / view.gsd_m[1]).astype(int)
    kernel = np.zeros((2 * abs(rows).max() + 1, 2 * abs(columns).max() + 1))
    np.add.at(kernel, (rows + abs(rows).max(), columns + abs(columns).max()), 1.0)
    return view.with_light(_filtered(view.light, kernel), rng)


def oversampled_nearest(view: PierView, gsd_m: float, rng: Rng) -> PierView:
    """Sample at `gsd_m` metres, and repeat pixels on the old grid."""
    return _enlarged(sampled(view, gsd_m, rng), view, cv2.INTER_NEAREST)


def oversampled_bilinear(view: PierView, gsd_m: float, rng: Rng) -> PierView:
    """Sample at `gsd_m` metres, and interpolate linearly to the old grid."""
    return _enlarged(sampled(view, gsd_m, rng), view, cv2.INTER_LINEAR)


def oversampled_cubic(view: PierView, gsd_m: float, rng: Rng) -> PierView:
    """Sample at `gsd_m` metres, and interpolate by cubic convolution to the old grid."""
    return _enlarged(sampled(view, gsd_m, rng), view, cv2.INTER_CUBIC)


def oversampled_lanczos(view: PierView, gsd_m: float, rng: Rng) -> PierView:
    """Sample at `gsd_m` metres, and interpolate by Lanczos windows to the old grid."""
    return _enlarged(sampled(view, gsd_m, rng), view, cv2.INTER_LANCZOS4)


def sampled(view: PierView, gsd_m: float, rng: Rng) -> PierView:
    """Record `view` by a camera of `gsd_m` metres."""
    rows, columns = view.shape
    shrink = [min(1.0, gsd / gsd_m) for gsd in view.gsd_m]
    size = max(1, round(columns * shrink[0])), max(1, round(rows * shrink[1]))
    soft = gaussian(view.light, 0.4 / shrink[0], 0.4 / shrink[1])
    coarse = cv2.resize(soft, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
    finer = Affine.scale(columns / size[0], rows / size[1])
    recorded = view.with_light(np.asarray(coarse, np.float32), rng)
    return replace(recorded, to_ground=view.to_ground @ finer)


def _enlarged(coarse: PierView, view: PierView, interpolation: int) -> PierView:
    """Return the 8-bit image of `coarse` on the grid of `view`."""
    rows, columns = view.shape
    image = cv2.resize(coarse.image, (columns, rows), interpolation=interpolation)
    return view.with_image(np.asarray(image, np.uint8).reshape(view.image.shape))


def _filtered(light: Floats, kernel: np.ndarray) -> Floats:
    weights = np.asarray(kernel / kernel.sum(), np.float32)
    filtered = cv2.filter2D(light, -1, weights, borderType=cv2.BORDER_REFLECT)
    return np.asarray(filtered, np.float32).reshape(light.shape)
