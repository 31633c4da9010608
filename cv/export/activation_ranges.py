"""Ranges: between which values each tensor of a network is cut into 8-bit steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 2048
STEPS = 255
"""Of an 8-bit number."""
METHODS = ("error", "minmax", "percentile")
PERCENTILE = 99.99
"""Share of the values, percent, that the method of that name keeps."""
_SHRUNK = np.linspace(0.2, 1.0, 17)
"""Parts of the widest range that the method `error` tries at each end."""


@dataclass(frozen=True)
class ActivationHistogram:
    """How often values of one tensor lie where."""

    low: float
    """Lower edge of the first bin; at most 0."""
    high: float
    """Upper edge of the last bin; at least 0."""
    counts: Floats
    """(BINS,) values in each bin, all of the same width."""

    @property
    def middles(self) -> Floats:
        """(BINS,) value in the middle of each bin."""
        width = (self.high - self.low) / BINS
        middles: Floats = self.low + width * (np.arange(BINS, dtype=np.float64) + 0.5)
        return middles


def activation_histograms(
    run: Callable[[NDArray[np.uint8]], Mapping[str, NDArray[np.float32]]],
    images: Sequence[NDArray[np.uint8]],
) -> dict[str, ActivationHistogram]:
    """Histograms of the tensors that `run` answers with, over all `images`: two rounds."""
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
    seen: Mapping[str, ActivationHistogram], method: str, activated: Iterable[str]
) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each tensor in `seen`.

    `minmax`: all that was seen. `percentile`: all but the rarest. `error`: the range with the
    least squared error, and for tensors that are `activated` (that a SiLU alone takes) the least
    error of what the SiLU makes of them: far below zero it makes nothing of them.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; use one of {METHODS}")
    bent = set(activated)
    functions = {"minmax": _widest, "percentile": _most}
    if method in functions:
        return {name: functions[method](one) for name, one in seen.items()}
    return {name: _least_error(one, silu if name in bent else None) for name, one in seen.items()}


def silu(values: Floats) -> Floats:
    """x times the logistic function of x."""
    bent: Floats = values / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))
    return bent


def _widest(one: ActivationHistogram) -> tuple[float, float]:
    return one.low, one.high


def _most(one: ActivationHistogram) -> tuple[float, float]:
    share = np.cumsum(one.counts) / one.counts.sum()
    rare = (1 - PERCENTILE / 100) / 2
    edges = np.linspace(one.low, one.high, BINS + 1)
    low = edges[np.searchsorted(share, rare)]
    high = edges[np.searchsorted(share, 1 - rare) + 1]
    return min(float(low), 0.0), max(float(high), 1e-6)


def _least_error(
    one: ActivationHistogram, bend: Callable[[Floats], Floats] | None
) -> tuple[float, float]:
    filled = np.flatnonzero(one.counts)
    values, counts = one.middles[filled], one.counts[filled]
    meant = bend(values) if bend else values
    best, chosen = np.inf, (one.low, one.high)
    for low in np.unique(one.low * _SHRUNK):
        for high in np.unique(one.high * _SHRUNK):
            stepped = _stepped(values, low, high)
            error = float(counts @ ((bend(stepped) if bend else stepped) - meant) ** 2)
            if error < best:
                best, chosen = error, (float(low), float(high))
    return chosen


def _stepped(values: Floats, low: float, high: float) -> Floats:
    """`values` after 8 bits: zero stays zero, what lies beyond the range is cut."""
    step = (high - low) / STEPS
    zero = np.rint(-low / step)
    cut: Floats = np.clip(np.rint(values / step) + zero, 0, STEPS)
    stepped: Floats = (cut - zero) * step
    return stepped
