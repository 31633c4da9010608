"""Random degradations by kind, each with the reason and strength of what it did to every pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cv.geometry.arrays import Float32Array
from cv.image_fitness.unfit_reasons import FitnessReason
from cv.rendering.materials import Rng
from cv.rendering.noise import noise_field
from cv.rendering.renderer import Bytes
from cv.synthetic import degradations as deg

Effects = dict[FitnessReason, Float32Array | float]
"""Strength (rows, columns, or one for all; 0 none, about 1 severe) by reason."""


@dataclass(frozen=True, eq=False)
class DegradedImage:
    """A degraded image and what was done to it."""

    image: Bytes
    """(rows, columns, 3) RGB."""
    effects: Effects
    """Strength by reason; empty for an image left as it was."""
    blur_sigma_m: float = 0.0
    """Deviation of the added blur, metres; resampling included."""
    limits: deg.Limits | None = None
    """Levels that a stretch at the end made black and white."""


@dataclass(frozen=True)
class DegradedGrid:
    """What a degradation is applied to."""

    gsd_m: float
    """Metres a pixel."""
    shape: tuple[int, int]
    """Rows and columns."""
    rng: Rng

    def texture(self, contrast: float, size_m: float) -> Float32Array:
        """Return smooth noise (rows, columns) of a contrast, with features up to `size_m`."""
        coarse = (self.shape[0] // 4 + 1, self.shape[1] // 4 + 1)
        reach = max(4, int(size_m / self.gsd_m / 4))
        field = noise_field(self.rng, coarse, reach, 3)
        wide = cv2.resize(field, self.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide * contrast, np.float32)

    def uniform(self, low: float, high: float) -> float:
        """Draw a number."""
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        """Draw a number evenly by its logarithm."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))


_Draw = Callable[[Bytes, DegradedGrid], DegradedImage]


def _light(grid: DegradedGrid, low: float, high: float, tint: float) -> list[float]:
    """Draw the colour of scattered light, bluish by up to `tint`."""
    base, blue = grid.uniform(low, high), grid.uniform(-0.3, 1) * tint
    return [base * (1 - blue), base, min(base * (1 + blue), 1.0)]


def _clouds(image: Bytes, grid: DegradedGrid, low: float, high: float) -> DegradedImage:
    size, cover = grid.log_uniform(25, 400), grid.uniform(0.1, 1.15)
    field = deg.cloud_field(grid.rng, grid.shape, grid.gsd_m, size, cover, grid.uniform(0.1, 1.4))
    opacity = field * grid.uniform(low, high)
    effects: Effects = {FitnessReason.CLOUD: opacity}
    if grid.rng.random() < 0.4:
        shift = grid.rng.integers(-200, 200, 2)
        depth = np.roll(field, (int(shift[0]), int(shift[1])), (0, 1)) * grid.uniform(0.2, 0.75)
        depth = np.asarray(depth * (1 - opacity), np.float32)
        image = deg.darken_by_shadow(image, depth)
        effects[FitnessReason.DARK] = depth * 0.9
    texture = grid.texture(grid.uniform(0, 0.06), size) * (0.3 + 0.7 * field)
    veiled = deg.blend_scattered_light(image, opacity, _light(grid, 0.7, 1.0, 0.05), texture)
    return DegradedImage(veiled, effects)


def _thick_cloud(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    return _clouds(image, grid, 0.9, 1.0)


def _thin_cloud(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    return _clouds(image, grid, 0.2, 0.95)


def _broken_cloud(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    """Draw many small clouds with clear ground between them."""
    size, cover = grid.log_uniform(6, 60), grid.uniform(0.1, 0.8)
    field = deg.cloud_field(grid.rng, grid.shape, grid.gsd_m, size, cover, grid.uniform(0.1, 0.8))
    opacity = field * grid.uniform(0.6, 1.0)
    light = _light(grid, 0.7, 1.0, 0.05)
    veiled = deg.blend_scattered_light(image, opacity, light, grid.texture(0.04, size) * field)
    return DegradedImage(veiled, {FitnessReason.CLOUD: opacity})


def _glint(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    """Draw the sun's mirror image: a bright band with sparkling waves in it."""
    ends = (grid.uniform(0.3, 1.0), grid.uniform(0.0, 0.4))
    field = np.clip(deg.gradient_field(grid.rng, grid.shape, *ends), 0, 1)
    waves = grid.texture(grid.uniform(0.05, 0.5), grid.log_uniform(1, 12))
    veil = np.asarray(np.clip(field * (0.8 + waves), 0, 1), np.float32)
    bright = deg.blend_scattered_light(image, veil, _light(grid, 0.85, 1.0, 0.05), waves * field)
    return DegradedImage(bright, {FitnessReason.SATURATED: veil})


def _cloud_shadow(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    size, cover = grid.log_uniform(30, 400), grid.uniform(0.2, 1.1)
    field = deg.cloud_field(grid.rng, grid.shape, grid.gsd_m, size, cover, grid.uniform(0.1, 0.8))
    depth = np.asarray(field * grid.uniform(0.3, 0.97), np.float32)
    return DegradedImage(deg.darken_by_shadow(image, depth), {FitnessReason.DARK: depth})


def _opacity(grid: DegradedGrid) -> float:
    """Draw an opacity, often close to 1."""
    if grid.rng.random() < 0.5:
        return grid.uniform(0.1, 0.8)
    return 1 - grid.log_uniform(0.01, 0.25)


def _haze(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    opacity = _opacity(grid)
    flat = np.zeros(grid.shape, np.float32)
    hazy = deg.blend_scattered_light(image, opacity, _light(grid, 0.3, 0.98, 0.2), flat)
    return DegradedImage(hazy, {FitnessReason.HAZE: opacity})


def _uneven_haze(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    ends = sorted((_opacity(grid), grid.uniform(0, 0.9)))
    field = deg.gradient_field(grid.rng, grid.shape, ends[0], ends[1])
    field = np.clip(field + grid.texture(grid.uniform(0, 0.1), 150), 0, 0.995)
    flat = grid.texture(grid.uniform(0, 0.02), 200)
    hazy = deg.blend_scattered_light(image, field, _light(grid, 0.4, 0.98, 0.2), flat)
    return DegradedImage(hazy, {FitnessReason.HAZE: np.asarray(field, np.float32)})


def _fog(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    sigma, opacity = grid.log_uniform(0.1, 1.2), 1 - grid.log_uniform(0.01, 0.3)
    soft = deg.gaussian_blur(image, sigma, grid.gsd_m)
    texture = grid.texture(grid.uniform(0, 0.02), 200)
    foggy = deg.blend_scattered_light(soft, opacity, _light(grid, 0.5, 0.98, 0.05), texture)
    return DegradedImage(foggy, {FitnessReason.HAZE: opacity}, sigma)


def _dust(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    opacity = _opacity(grid)
    light = np.array([0.78, 0.62, 0.42]) * grid.uniform(0.7, 1.2)
    texture = grid.texture(grid.uniform(0, 0.04), 150)
    dusty = deg.blend_scattered_light(image, opacity, np.clip(light, 0, 1).tolist(), texture)
    return DegradedImage(dusty, {FitnessReason.HAZE: opacity})


def _dark(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    gain = grid.log_uniform(0.01, 0.7)
    offset = grid.uniform(0, 0.08) if grid.rng.random() < 0.3 else 0.0
    dark = deg.change_exposure(image, gain, offset=offset)
    return DegradedImage(dark, {FitnessReason.DARK: 1 - gain})


def _night(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    gain = grid.log_uniform(0.01, 0.4)
    dark = deg.add_noise(deg.change_exposure(image, gain), grid.log_uniform(0.004, 0.06), grid.rng)
    for _ in range(int(grid.rng.integers(0, 3))):  # lamps
        spot = grid.rng.uniform(0, grid.shape[0], 2)
        y, x = np.mgrid[0 : grid.shape[0], 0 : grid.shape[1]].astype(np.float32)
        far = ((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / grid.uniform(10, 120) ** 2
        glow = np.exp(-far).astype(np.float32) * grid.uniform(0.1, 0.8)
        dark = deg.blend_scattered_light(dark, glow * 0.5, (1.0, 0.85, 0.6), glow * 0)
    return DegradedImage(dark, {FitnessReason.DARK: 1 - gain})


def _saturated(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    if grid.rng.random() < 0.6:
        gain = grid.log_uniform(1.3, 25)
        return DegradedImage(
            deg.change_exposure(image, gain), {FitnessReason.SATURATED: 1 - 1 / gain}
        )
    low, span = grid.uniform(0, 150), grid.log_uniform(4, 90)
    clipped = deg.stretch_contrast(image, ((low,) * 3, (low + span,) * 3))
    return DegradedImage(clipped, {FitnessReason.SATURATED: 0.7})


def _flat(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    contrast, gamma = grid.log_uniform(0.02, 0.9), grid.log_uniform(0.3, 3.5)
    level = grid.uniform(0, 1 - contrast)
    narrow = deg.change_exposure(deg.change_exposure(image, 1.0, gamma), contrast, offset=level)
    return DegradedImage(narrow, {FitnessReason.HAZE: 1 - contrast})


def _blurred(image: Bytes, sigma: float) -> DegradedImage:
    return DegradedImage(image, {FitnessReason.BLURRED: min(sigma, 1.0)}, sigma)


def _gaussian(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    sigma = grid.log_uniform(0.1, 5)
    return _blurred(deg.gaussian_blur(image, sigma, grid.gsd_m), sigma)


def _defocus(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    radius = grid.log_uniform(0.25, 8)
    return _blurred(deg.defocus_blur(image, radius, grid.gsd_m), radius / 2)


def _motion(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    length = grid.log_uniform(0.5, 20)
    moved = deg.motion_blur(image, length, grid.uniform(0, np.pi), grid.gsd_m)
    return _blurred(moved, length / 12**0.5)


def _resampled(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    to_m, names = grid.log_uniform(0.35, 12), list(deg.KERNELS)
    down, up = (str(grid.rng.choice(names)) for _ in range(2))
    coarse = deg.resample(image, max(to_m, grid.gsd_m), grid.gsd_m, down, up)
    return _blurred(coarse, to_m * deg.OPTICS_SIGMA)


def _bands(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    reach = grid.log_uniform(0.2, 6)
    shifts = grid.rng.normal(0, reach, (3, 2))
    moved = deg.shift_bands(image, [(float(x), float(y)) for x, y in shifts], grid.gsd_m)
    return _blurred(moved, reach * 0.6)


def _noisy(image: Bytes, strength: float) -> DegradedImage:
    return DegradedImage(image, {FitnessReason.NOISY: strength})


def _noise(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    sigma = grid.log_uniform(0.01, 0.4)
    grain = grid.uniform(0.5, 3) if grid.rng.random() < 0.35 else 0.0
    noisy = deg.add_noise(image, sigma, grid.rng, grain, grid.uniform(0, 1))
    return _noisy(noisy, min(1.0, 3 * sigma))


def _speckle(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    looks = grid.log_uniform(0.7, 60)
    if grid.rng.random() < 0.3:
        image = deg.recolour(image, np.tile([[0.3, 0.59, 0.11]], (3, 1)))
    return _noisy(deg.speckle(image, looks, grid.rng), min(1.0, 1 / looks))


def _impulses(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    share = grid.log_uniform(0.002, 0.5)
    return _noisy(deg.impulse_noise(image, share, grid.rng), min(1.0, 3 * share))


def _stripes(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    amplitude = grid.log_uniform(0.01, 0.4)
    period = grid.log_uniform(2, 60) if grid.rng.random() < 0.5 else 0.0
    along = bool(grid.rng.random() < 0.5)
    return _noisy(deg.stripes(image, amplitude, period, along, grid.rng), min(1.0, 3 * amplitude))


def _dead_lines(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    share, width = grid.log_uniform(0.01, 0.8), int(grid.log_uniform(1, 12))
    along = bool(grid.rng.random() < 0.5)
    return _noisy(deg.dead_lines(image, share, width, along, grid.rng), share)


def _jpeg(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    quality = int(grid.log_uniform(1, 40))
    return _noisy(deg.compress(image, quality), 1 / quality)


def _posterised(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    levels = int(grid.log_uniform(2, 12))
    return _noisy(deg.posterise(image, levels), 1 / levels)


def _odd(image: Bytes, strength: float) -> DegradedImage:
    return DegradedImage(image, {FitnessReason.NOT_OVERHEAD: strength})


def _inverted(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    return _odd(deg.invert(image), 1.0)


def _grey(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    weights = grid.rng.dirichlet([1, 1, 1])
    return _odd(deg.recolour(image, np.tile(weights, (3, 1))), 0.2)


def _false_colour(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    if grid.rng.random() < 0.5:
        matrix = np.eye(3)[grid.rng.permutation(3)]
    else:
        matrix = np.eye(3) + grid.rng.normal(0, grid.uniform(0.1, 0.7), (3, 3))
    return _odd(deg.recolour(image, matrix), 0.5)


def _snow(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    cover = grid.uniform(0.2, 1.3)
    field = deg.cloud_field(
        grid.rng, grid.shape, grid.gsd_m, grid.log_uniform(10, 150), cover, grid.uniform(0.2, 2)
    )
    depth = np.asarray(field * grid.uniform(0.5, 1.0), np.float32)
    texture = grid.texture(grid.uniform(0, 0.06), grid.log_uniform(5, 60))
    white = deg.snow_cover(image, depth, grid.uniform(0.75, 0.97), grid.uniform(0.0, 0.6), texture)
    return DegradedImage(white, {FitnessReason.SNOW: depth})


def _sharpened(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    amount = grid.log_uniform(0.5, 8)
    sharp = deg.sharpen(image, amount, grid.log_uniform(0.15, 1.0), grid.gsd_m)
    return _noisy(sharp, min(1.0, amount / 8))


def _untouched(image: Bytes, grid: DegradedGrid) -> DegradedImage:
    return DegradedImage(image, {})


KINDS: dict[str, tuple[float, _Draw]] = {
    "clear": (0.20, _untouched),
    "thick cloud": (0.13, _thick_cloud),
    "thin cloud": (0.06, _thin_cloud),
    "broken cloud": (0.06, _broken_cloud),
    "cloud shadow": (0.05, _cloud_shadow),
    "haze": (0.08, _haze),
    "uneven haze": (0.05, _uneven_haze),
    "fog": (0.04, _fog),
    "dust": (0.04, _dust),
    "dark": (0.06, _dark),
    "night": (0.04, _night),
    "saturated": (0.05, _saturated),
    "glint": (0.04, _glint),
    "flat": (0.03, _flat),
    "gaussian": (0.05, _gaussian),
    "defocus": (0.03, _defocus),
    "motion": (0.06, _motion),
    "resampled": (0.09, _resampled),
    "bands": (0.03, _bands),
    "noise": (0.06, _noise),
    "speckle": (0.03, _speckle),
    "impulses": (0.02, _impulses),
    "stripes": (0.04, _stripes),
    "dead lines": (0.02, _dead_lines),
    "jpeg": (0.05, _jpeg),
    "posterised": (0.02, _posterised),
    "inverted": (0.03, _inverted),
    "grey": (0.02, _grey),
    "false colour": (0.03, _false_colour),
    "snow": (0.07, _snow),
    "sharpened": (0.01, _sharpened),
}
"""Relative frequency and maker of each kind of degradation."""
