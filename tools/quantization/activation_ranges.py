"""Choose the range of values that 8-bit steps cover in each tensor of a network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float32Array, Float64Array

BINS = 2048
STEPS = 255
"""Steps of an 8-bit number."""
_SHRUNK = np.linspace(0.2, 1.0, 17)
"""Shares of the full range that are tried at each end."""


@dataclass(frozen=True)
class ActivationHistogram:
    """The distribution of the values of one tensor."""

    low: float
    """Lower edge of the first bin; at most 0."""
    high: float
    """Upper edge of the last bin; at least 0."""
    counts: Float64Array
    """(BINS,) number of values in each bin; bins are equally wide."""

    @property
    def middles(self) -> Float64Array:
        """Return (BINS,) the value in the middle of each bin."""
        width = (self.high - self.low) / BINS
        return np.asarray(self.low + width * (np.arange(BINS, dtype=np.float64) + 0.5))


def activation_histograms(
    run: Callable[[NDArray[np.uint8]], Mapping[str, Float32Array]],
    images: Sequence[NDArray[np.uint8]],
) -> dict[str, ActivationHistogram]:
    """Return the histograms of the tensors that `run` returns by name, over all `images`.

    Runs over the images twice: for the extent of the values, then for the counts.
    """
    lows: dict[str, float] = {}
    highs: dict[str, float] = {}
    for image in images:
        for name, values in run(image).items():
            lows[name] = min(lows.get(name, 0.0), float(values.min()))
            highs[name] = max(highs.get(name, 1e-6), float(values.max()))
    counts = {name: np.zeros(BINS) for name in lows}
    for image in images:
        for name, values in run(image).items():
            scale = BINS / (highs[name] - lows[name])
            bins = ((values.ravel() - np.float32(lows[name])) * np.float32(scale)).astype(np.int32)
            counts[name] += np.bincount(np.clip(bins, 0, BINS - 1), minlength=BINS)
    return {name: ActivationHistogram(lows[name], highs[name], counts[name]) for name in lows}


def activation_ranges(
    histograms: Mapping[str, ActivationHistogram], before_silu: Collection[str]
) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest value of each tensor that give the smallest squared error.

    For the tensors `before_silu`, which only a SiLU consumes, that is the error after the SiLU,
    which maps values far below zero to zero.
    """
    return {
        name: _smallest_error_range(one, silu if name in before_silu else np.positive)
        for name, one in histograms.items()
    }


def silu(values: Float64Array) -> Float64Array:
    """Return x times the logistic function of x."""
    return np.asarray(values / (1.0 + np.exp(-np.clip(values, -60.0, 60.0))))


def _smallest_error_range(
    one: ActivationHistogram, activation: Callable[[Float64Array], Float64Array]
) -> tuple[float, float]:
    """Return the range after whose rounding `activation` gives the smallest squared error."""
    filled = np.flatnonzero(one.counts)
    values, counts = one.middles[filled], one.counts[filled]
    exact = activation(values)
    best, chosen = np.inf, (one.low, one.high)
    for low in np.unique(one.low * _SHRUNK):
        for high in np.unique(one.high * _SHRUNK):
            error = float(counts @ (activation(_quantize(values, low, high)) - exact) ** 2)
            if error < best:
                best, chosen = error, (float(low), float(high))
    return chosen


def _quantize(values: Float64Array, low: float, high: float) -> Float64Array:
    """Round `values` to 8-bit steps: zero stays zero, values outside the range are clipped."""
    step = (high - low) / STEPS
    zero = np.rint(-low / step)
    return np.asarray((np.clip(np.rint(values / step) + zero, 0, STEPS) - zero) * step)
