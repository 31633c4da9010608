"""Structure: whether anything in an image stands out of its noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import BoolArray, Float32Array

MIN_STRUCTURE = 3.0
"""Structure from which an image shows something. Noise alone has 1; the evenest of 300 orthophotos
of land use has 5, of 14 rendered places without containers 10."""
_CELL = 4
"""Side of the squares whose means are compared, pixels: 1 m."""
_EDGES = 99.0
"""Percentile of the differences that stands for the edges in an image."""
_LINES = 8
"""Every so many lines are measured for noise."""
_NOISE_GAIN = 4.05
"""Median absolute response of the difference filter of Immerkaer (1996) to noise with a standard
deviation of 1."""
_ROUNDING = 0.3
"""Standard deviation of rounding to whole levels."""


def structure(image: NDArray[np.uint8], measured: BoolArray) -> float:
    """Return the strength of the edges in an image over that of its noise; nan if nothing is left.

    The edges are differences of green between the means of squares of 1 m that lie 2 m apart.

    Args:
        image: (rows, columns, 3) RGB of 0.25 m a pixel.
        measured: (rows, columns) pixels that count.
    """
    grey = image[..., 1].astype(np.float32)
    rows, columns = (size // _CELL * _CELL for size in grey.shape)
    cells = (rows // _CELL, _CELL, columns // _CELL, _CELL)
    means = grey[:rows, :columns].reshape(cells).mean(axis=(1, 3))
    means[~measured[:rows, :columns].reshape(cells).all(axis=(1, 3))] = np.nan
    edges = np.concatenate([_difference(means).ravel(), _difference(means.T).ravel()])
    if not measured.all():
        grey[~measured] = np.nan
    whole = (len(grey) - 2) // _LINES * _LINES + 1
    above, line, below = (grey[start : start + whole : _LINES] for start in range(3))
    down = above - 2 * line + below
    noise = np.abs(down[:, :-2] - 2 * down[:, 1:-1] + down[:, 2:])
    edges, noise = edges[np.isfinite(edges)], noise[np.isfinite(noise)]
    if not edges.size or not noise.size:
        return float("nan")
    deviation = max(float(np.median(noise)) / _NOISE_GAIN, _ROUNDING)
    return float(np.percentile(edges, _EDGES)) / deviation


def _difference(means: Float32Array) -> Float32Array:
    return np.asarray(np.abs(means[2:] - means[:-2]))
