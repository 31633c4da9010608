"""Random fields of clouds, snow, light and terrain, in metres."""

from __future__ import annotations

import numpy as np

from robustness_bench.pier_view import Floats, PierView, Rng


def fractal_field(
    shape: tuple[int, int], gsd_m: tuple[float, float], rng: Rng, outer_m: float, slope: float = 1.8
) -> Floats:
    """Return a Gaussian random field (rows, columns) of mean 0 and standard deviation 1.

    Its spectrum is flat up to the wavelength `outer_m` (metres) and falls with the power
    2 * `slope` of the frequency beyond; liquid water in clouds has about 11/3 in two dimensions.
    """
    rows, columns = shape
    tall, wide = 2 * rows, 2 * columns  # the transform is periodic: only a quarter is used
    fy = np.fft.fftfreq(tall, gsd_m[1])[:, None]
    fx = np.fft.rfftfreq(wide, gsd_m[0])[None, :]
    amplitude = (fx**2 + fy**2 + outer_m**-2.0) ** (-slope / 2)
    white = np.fft.rfft2(rng.standard_normal((tall, wide), np.float32))
    field = np.fft.irfft2(white * amplitude, (tall, wide))[:rows, :columns]
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-9), np.float32)


def field_over(view: PierView, rng: Rng, outer_m: float, slope: float = 1.8) -> Floats:
    """Return a fractal field on the pixels of `view`."""
    return fractal_field(view.shape, view.gsd_m, rng, outer_m, slope)


def distance_field(view: PierView, rng: Rng) -> Floats:
    """Return the distances (rows, columns) from a line through the image, random, metres."""
    angle = rng.uniform(0, 2 * np.pi)
    x, y = view.metres
    return np.asarray(np.cos(angle) * x + np.sin(angle) * y, np.float32)


def above_share(view: PierView, field: Floats, share: float) -> Floats:
    """Return `field` minus the level that it exceeds on `share` of the pier."""
    level = np.quantile(field[view.pier_mask], 1 - share)
    return np.asarray(field - np.float32(level), np.float32)
