"""What the air, the light, the optics, the sensor and the delivery do to an image.

Every function takes an 8-bit RGB image (rows, columns, 3) and physical parameters, and returns a
new one of the same shape; lengths are metres on the ground, light is a share of full scale (0..1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float32Array
from cv.rendering.materials import Rng
from cv.rendering.noise import noise_field
from cv.rendering.renderer import Bytes

KERNELS = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}
"""Resampling kernels by name."""
OPTICS_SIGMA = 0.58
"""Standard deviation of the point spread of a sharp image, in units of its GSD: the pixel's square
(0.29), optics (0.35) and interpolation (0.36) together."""
Limits = tuple[tuple[float, ...], tuple[float, ...]]
"""Levels (0..255) of red, green and blue that become black, and those that become white."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def effective_gsd(gsd_m: float, blur_sigma_m: float) -> float:
    """Return the GSD (metres) of a sharp image with the detail of one of `gsd_m` that was blurred.

    `blur_sigma_m` is the standard deviation of the blur; a uniform one has its width over sqrt(12).
    """
    return math.hypot(gsd_m, blur_sigma_m / OPTICS_SIGMA)


# -- fields ---------------------------------------------------------------------------------------


def cloud_field(
    rng: Rng, shape: tuple[int, int], gsd_m: float, size_m: float, cover: float, edge: float
) -> Float32Array:
    """Return the density (rows, columns; 0..1) of clouds about `size_m` across.

    `cover` is the share of the area under some cloud, `edge` the width of the soft edges as a share
    of the field's contrast.
    """
    coarsest = max(4, int(size_m / gsd_m))
    field = noise_field(rng, (shape[0] // 4 + 1, shape[1] // 4 + 1), max(2, coarsest // 4), 3)
    field = np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    level = float(np.quantile(field[::8, ::8], np.clip(1 - cover, 0, 1)))
    if cover >= 1:
        level -= edge
    return _unit((field - level) / max(edge, 1e-3))


def gradient_field(rng: Rng, shape: tuple[int, int], low: float, high: float) -> Float32Array:
    """Return a plane (rows, columns) that rises from `low` to `high` in a random direction."""
    turn = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    plane = x * math.cos(turn) / shape[1] + y * math.sin(turn) / shape[0]
    plane = (plane - plane.min()) / max(float(np.ptp(plane)), 1e-6)
    return np.asarray(low + (high - low) * plane, np.float32)


# -- air and light --------------------------------------------------------------------------------


def blend_scattered_light(
    image: Bytes, opacity: Float32Array | float, light: Sequence[float], texture: Float32Array
) -> Bytes:
    """Mix the image with the light (RGB) that air or cloud scatters.

    `opacity` is the share of the ground's light that is lost; `texture` (rows, columns) is added to
    the brightness of the veil.
    """
    share = np.broadcast_to(np.asarray(opacity, np.float32), image.shape[:2])[..., None]
    bright = (np.asarray(light, np.float32) + texture[..., None]) * np.float32(255)
    return _bytes(image * (1 - share) + bright * share)


def darken_by_shadow(
    image: Bytes, depth: Float32Array, sky: Sequence[float] = (0.9, 1.0, 1.15)
) -> Bytes:
    """Take away the share `depth` (rows, columns) of the light; the rest has the sky's colour."""
    tint = np.asarray(sky, np.float32)
    left = 1 - depth[..., None]
    return _bytes(image * left * (1 + (tint - 1) * depth[..., None]))


def change_exposure(image: Bytes, gain: float, gamma: float = 1.0, offset: float = 0.0) -> Bytes:
    """Return (image * gain) ** gamma + offset, clipped: darkness, over-exposure, a flat curve."""
    levels = np.arange(256, dtype=np.float32) / 255
    curve = np.clip(levels * gain, 0, 1) ** gamma + offset
    return np.ascontiguousarray(_bytes(curve * 255)[image])


def snow_cover(
    image: Bytes, depth: Float32Array, brightness: float, relief: float, texture: Float32Array
) -> Bytes:
    """Lay snow on ground and roofs alike.

    `depth` (rows, columns; 0..1) is how much of the colour below is lost; `relief` is the share of
    the local contrast that shows through as light and shade.
    """
    grey = np.asarray(image @ _LUMA, np.float32) / 255
    local = grey - cv2.GaussianBlur(grey, (0, 0), 6)
    white = brightness + relief * local + texture
    tint = np.array([0.985, 1.0, 1.02], np.float32)
    snow = white[..., None] * tint * 255
    share = depth[..., None]
    return _bytes(image * (1 - share) + snow * share)


# -- optics and sampling --------------------------------------------------------------------------


def gaussian_blur(image: Bytes, sigma_m: float, gsd_m: float) -> Bytes:
    """Blur by a normal distribution of `sigma_m`."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(sigma_m / gsd_m, 0.05)), np.uint8)


def defocus_blur(image: Bytes, radius_m: float, gsd_m: float) -> Bytes:
    """Blur by a disc of `radius_m`."""
    reach = radius_m / gsd_m
    half = max(1, math.ceil(reach))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disc = np.clip(reach + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(image, -1, disc / disc.sum()), np.uint8)


def motion_blur(image: Bytes, length_m: float, angle: float, gsd_m: float) -> Bytes:
    """Blur along a line of `length_m` in the direction `angle` (radians)."""
    half = max(1, math.ceil(length_m / gsd_m / 2))
    side = 2 * half + 1
    kernel = np.zeros((side, side), np.float32)
    step = np.array([math.cos(angle), math.sin(angle)]) * length_m / gsd_m / 2
    ends = [tuple(int(v) for v in np.rint((half + s * step) * 16)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6)), np.uint8)


def resample(image: Bytes, to_m: float, gsd_m: float, down: str, up: str) -> Bytes:
    """Sample the image at `to_m` and bring it back to its grid, by two of `KERNELS`."""
    rows, columns = image.shape[:2]
    small = max(1, round(columns * gsd_m / to_m)), max(1, round(rows * gsd_m / to_m))
    coarse = cv2.resize(image, small, interpolation=KERNELS[down])
    return np.asarray(cv2.resize(coarse, (columns, rows), interpolation=KERNELS[up]), np.uint8)


def shift_bands(image: Bytes, shifts_m: Sequence[tuple[float, float]], gsd_m: float) -> Bytes:
    """Move red, green and blue by (x, y) each."""
    rows, columns = image.shape[:2]
    bands = []
    for band, (x, y) in zip(cv2.split(image), shifts_m, strict=True):
        move = np.array([[1, 0, x / gsd_m], [0, 1, y / gsd_m]], np.float32)
        moved = cv2.warpAffine(band, move, (columns, rows), borderMode=cv2.BORDER_REFLECT)
        bands.append(moved)
    return np.asarray(cv2.merge(bands), np.uint8)


def sharpen(image: Bytes, amount: float, radius_m: float, gsd_m: float) -> Bytes:
    """Overshoot at edges by an unsharp mask."""
    soft = cv2.GaussianBlur(image, (0, 0), max(radius_m / gsd_m, 0.3))
    return np.asarray(cv2.addWeighted(image, 1 + amount, soft, -amount, 0), np.uint8)


# -- sensor and delivery --------------------------------------------------------------------------


def add_noise(
    image: Bytes, sigma: float, rng: Rng, grain_px: float = 0.0, colour: float = 0.5
) -> Bytes:
    """Add normal noise of deviation `sigma` (share of full scale).

    `grain_px` is the size of its grains (0: independent pixels), `colour` the part of it that
    differs between bands.
    """
    shape = image.shape[:2]
    common = rng.standard_normal((*shape, 1), dtype=np.float32)
    own = rng.standard_normal((*shape, 3), dtype=np.float32)
    noise = math.sqrt(1 - colour) * common + math.sqrt(colour) * own
    if grain_px > 0:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), grain_px), np.float32)
        noise /= max(float(noise.std()), 1e-6)
    return _bytes(image + noise * np.float32(sigma * 255))


def speckle(image: Bytes, looks: float, rng: Rng) -> Bytes:
    """Multiply by gamma-distributed speckle of `looks` looks, as in radar images."""
    factor = rng.gamma(looks, 1 / looks, image.shape[:2]).astype(np.float32)
    return _bytes(image * factor[..., None])


def impulse_noise(image: Bytes, share: float, rng: Rng) -> Bytes:
    """Set a `share` of the pixels to black or white."""
    draw = rng.random(image.shape[:2], dtype=np.float32)
    out = image.copy()
    out[draw < share / 2] = 0
    out[draw > 1 - share / 2] = 255
    return out


def stripes(image: Bytes, amplitude: float, period_px: float, along_x: bool, rng: Rng) -> Bytes:
    """Add an offset (deviation `amplitude`) to every line; `period_px` 0 for random lines."""
    lines = image.shape[1] if along_x else image.shape[0]
    if period_px > 0:
        phase = rng.uniform(0, 2 * np.pi)
        wave = np.sin(np.arange(lines) * 2 * np.pi / period_px + phase) * math.sqrt(2)
    else:
        wave = rng.standard_normal(lines)
    offset = (wave * amplitude * 255).astype(np.float32)
    return _bytes(image + (offset[None, :, None] if along_x else offset[:, None, None]))


def dead_lines(image: Bytes, share: float, width_px: int, along_x: bool, rng: Rng) -> Bytes:
    """Blacken or whiten a `share` of the columns (`along_x`) or rows, `width_px` wide each."""
    out = image.copy()
    lines = out.shape[1] if along_x else out.shape[0]
    for start in rng.integers(0, lines, max(1, int(share * lines / width_px))):
        value = 0 if rng.random() < 0.7 else 255
        part = slice(int(start), int(start) + width_px)
        if along_x:
            out[:, part] = value
        else:
            out[part] = value
    return out


def compress(image: Bytes, quality: int) -> Bytes:
    """Store as JPEG of `quality` (1..100) and read it again."""
    _, packed = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    decoded = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def posterise(image: Bytes, levels: int) -> Bytes:
    """Keep `levels` values a band."""
    step = 255 / max(levels - 1, 1)
    table = _bytes(np.rint(np.arange(256) / step) * step)
    return np.ascontiguousarray(table[image])


def recolour(image: Bytes, matrix: Any) -> Bytes:
    """Multiply RGB (0..1) by a matrix (3, 3) or (3, 4) with an offset."""
    weights = np.asarray(matrix, np.float32)
    offset = weights[:, 3] * 255 if weights.shape[1] == 4 else np.zeros(3, np.float32)
    return _bytes(image @ weights[:, :3].T + offset)


def invert(image: Bytes) -> Bytes:
    """Return the negative."""
    return np.asarray(255 - image, np.uint8)


def stretch_contrast(image: Bytes, limits: Limits) -> Bytes:
    """Make the first of `limits` black and the second white."""
    black, white = (np.asarray(level, np.float32) for level in limits)
    return _bytes((image.astype(np.float32) - black) / (white - black) * 255)


def percentile_limits(image: Bytes, low: float, high: float, by_band: bool = False) -> Limits:
    """Return two percentiles (0..100) of all bands together or of each, 2 levels apart at least."""
    sample = image[::3, ::3].reshape(-1, 3)
    limits = np.percentile(sample, [low, high], axis=0)
    if not by_band:
        limits = np.repeat(np.percentile(sample, [low, high])[:, None], 3, 1)
    black = limits[0]
    white = np.maximum(limits[1], black + 2)
    return tuple(black.tolist()), tuple(white.tolist())


def smooth(image: Bytes, sigma_px: float) -> Bytes:
    """Smooth lightly, as against noise."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.uint8)


def _unit(values: NDArray[np.floating]) -> Float32Array:
    return np.asarray(np.clip(values, 0, 1), np.float32)


def _bytes(values: NDArray[np.floating]) -> Bytes:
    levels = np.clip(np.asarray(values, np.float32) + 0.5, 0, 255)
    return np.asarray(levels, np.uint8)
