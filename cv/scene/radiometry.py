"""How stored values become 8-bit red, green and blue.

A radiometry is declared by name, by limits or by the metadata of a delivery; it is never guessed
from a tile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cv.errors import RadiometryError
from cv.scene.nodata_collar import fill_values

Triple = tuple[float, float, float]
Bands = tuple[int, int, int]
"""Numbers of the red, green and blue band, from 1."""

MAX_SATURATED_SHARE = 0.98
"""Share of black and white pixels beyond which a radiometry hides what an image shows."""
MIN_FILL_SHARE = 0.01
"""Share of pixels from which on an undeclared fill value is left out of percentiles."""
_FITTING_PERCENTILES = (0.5, 99.5)
"""Percentiles that are proposed as limits."""
GREY, RGB, BGRN = (1, 1, 1), (1, 2, 3), (3, 2, 1)
SUPERDOVE, WORLDVIEW8 = (6, 4, 2), (5, 3, 2)
WHITE_REFLECTANCE = 0.5
"""Reflectance that becomes white."""
REFLECTANCE_GAMMA = 1.5
"""Gamma that opens the shadows of reflectances."""


@dataclass(frozen=True)
class Radiometry:
    """How stored values become 8-bit red, green and blue."""

    name: str
    """Profile, "limits" or "percentile:LOW-HIGH", for people to read."""
    bands: Bands | tuple[()]
    """Numbers of the red, green and blue band, from 1; empty: as the file declares them."""
    low: Triple
    """Stored values of red, green, blue that become 0."""
    high: Triple
    """Stored values of red, green, blue that become 255."""
    gamma: float = 1.0
    """Exponent 1 / gamma between the limits: more than 1 brightens."""

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in zip(self.low, self.high, strict=True))
        if not rising or not np.isfinite([*self.low, *self.high]).all():
            found = f"limits from {self.low} to {self.high}"
            limit = "each low limit must be less than its high limit, both finite"
            raise RadiometryError(self.name, found, limit, "Correct the limits.")
        if min(self.bands, default=1) < 1 or not 0.1 <= self.gamma <= 10:
            found = f"bands {self.bands}, gamma {self.gamma}"
            limit = "bands count from 1, and a gamma lies between 0.1 and 10"
            raise RadiometryError(self.name, found, limit, "Correct them.")

    @property
    def summary(self) -> str:
        """All parameters on one line, for records and digests; equal for equal values."""
        limits = " ".join(f"{a:.9g}-{b:.9g}" for a, b in zip(self.low, self.high, strict=True))
        bands = ",".join(map(str, self.bands))
        return f"{self.name} bands {bands} limits {limits} gamma {self.gamma:.9g}"

    def check_against(self, subject: str | Path, values: NDArray[np.generic]) -> None:
        """Raise RadiometryError if valid `values` (3, n) nearly all become black or white.

        It names the limits that fit them.
        """
        if values.shape[1] == 0:
            return
        shown = self.apply(values)
        hidden = float(((shown == 0) | (shown == 255)).all(axis=0).mean())
        if hidden <= MAX_SATURATED_SHARE:
            return
        low, high = np.percentile(values.astype(np.float64), _FITTING_PERCENTILES, axis=1)
        fitting = ",".join(f"{a:.6g}-{b:.6g}" for a, b in zip(low, high, strict=True))
        bands = ",".join(map(str, self.bands))
        white = float((shown == 255).all(axis=0).mean())
        colour = "white" if white > hidden / 2 else "black"
        found = f"{100 * hidden:.3g} % of the pixels are {colour} with {self.name!r}"
        limit = f"limits from {self.low} to {self.high} hide what it shows"
        remedy = f'Limits that fit its values: "limits:{fitting}:{bands}".'
        raise RadiometryError(subject, found, limit, remedy)

    def apply(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return stored `values` (3, ...) of red, green, blue as 8 bits; NaN becomes 0."""
        limits = (self.low, self.high, self.gamma)
        if values.dtype == np.uint8 and limits == ((0, 0, 0), (255, 255, 255), 1):
            return values.astype(np.uint8, copy=False)
        shape = (3,) + (1,) * (values.ndim - 1)
        low = np.array(self.low, np.float32).reshape(shape)
        span = np.array(self.high, np.float32).reshape(shape) - low
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = values.astype(np.float32)
            scaled -= low
            scaled /= span
        np.clip(scaled, 0.0, 1.0, out=scaled)
        if self.gamma != 1.0:
            scaled **= np.float32(1.0 / self.gamma)
        np.nan_to_num(scaled, copy=False)
        scaled *= 255.0
        scaled += 0.5
        return scaled.astype(np.uint8)


def reflectance_limits(
    name: str, bands: Bands, scales: Sequence[float], offsets: Sequence[float] = (0, 0, 0)
) -> Radiometry:
    """Return limits from reflectance 0 to `WHITE_REFLECTANCE`.

    Reflectance is stored value * scale + offset, in the order red, green, blue.
    """
    pairs = list(zip(scales, offsets, strict=True))
    low = _triple(-offset / scale for scale, offset in pairs)
    high = _triple((WHITE_REFLECTANCE - offset) / scale for scale, offset in pairs)
    return Radiometry(name, bands, low, high, REFLECTANCE_GAMMA)


@dataclass(frozen=True)
class PercentileStretch:
    """A stretch between percentiles of the whole scene's valid pixels."""

    low: float
    """Percentile that becomes 0."""
    high: float
    """Percentile that becomes 255."""
    bands: Bands | tuple[()]
    """Numbers of the red, green and blue band, from 1; empty: as the file declares them."""

    @property
    def name(self) -> str:
        """The stretch as it is recorded."""
        return f"percentile:{self.low:g}-{self.high:g}"

    def measured(self, values: NDArray[np.generic]) -> Radiometry:
        """Return the radiometry of a scene with valid `values` (3, n) of red, green, blue.

        The value of a constant band becomes 0. Without any valid value the limits are 0 and 1.
        Fill that nobody declared (see `fill_values`) is left out.
        """
        values = _without_fill(values)
        if values.shape[1] == 0:
            return Radiometry(self.name, self.bands, (0.0,) * 3, (1.0,) * 3)
        low, high = np.percentile(values.astype(np.float64), [self.low, self.high], axis=1)
        high = np.where(high > low, high, low + 1.0)
        return Radiometry(self.name, self.bands, _triple(low), _triple(high))


def _without_fill(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return `values` (bands, n) without pixels that are one fill value in all bands."""
    kept = np.ones(values.shape[1], bool)
    for fill in fill_values(values):
        filled = (values == fill).all(axis=0)
        if filled.mean() > MIN_FILL_SHARE and not filled.all():
            kept &= ~filled
    return values[:, kept] if kept.any() else values


def _triple(values: Iterable[float]) -> Triple:
    red, green, blue = map(float, values)
    return red, green, blue


_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})-({_NUMBER})", re.IGNORECASE)
_STRETCH = re.compile(
    rf"(?:percentile|limits)(?::(?P<ranges>{_NUMBER}-{_NUMBER}(?:,{_NUMBER}-{_NUMBER})*))?"
    r"(?::(?P<bands>[1-9]\d*(?:,[1-9]\d*,[1-9]\d*)?))?",
    re.IGNORECASE,
)


def parse_stretch(text: str) -> Radiometry | PercentileStretch | None:
    """Return the stretch written as `text`; None if it may be the name of a profile.

    Examples: "percentile", "percentile:2-98", "percentile:0.5-99.5:3,2,1" (with the bands of red,
    green, blue), "limits:0-3000", "limits:200-1800,150-1700,100-1500:3,2,1". Raises
    RadiometryError.
    """
    kind = text.strip().partition(":")[0]
    if kind not in ("percentile", "limits"):
        return None
    found = _STRETCH.fullmatch(re.sub(r"\s*([:,])\s*", r"\1", text.strip()))
    ranges = _RANGE.findall(found["ranges"] or "") if found else []
    if not found or len(ranges) not in ((0, 1) if kind == "percentile" else (1, 3)):
        limit = '"percentile[:LOW-HIGH][:R,G,B]" or "limits:LOW-HIGH[,LOW-HIGH,LOW-HIGH][:R,G,B]"'
        remedy = "Correct it; bands count from 1."
        raise RadiometryError("radiometry", repr(text), f"{limit} is needed", remedy)
    pairs = [(float(low), float(high)) for low, high in ranges]
    bands = _bands(found["bands"] or "")
    if kind == "limits":
        lows, highs = zip(*(pairs * 3 if len(pairs) == 1 else pairs), strict=True)
        return Radiometry("limits", bands, lows, highs)
    low, high = pairs[0] if pairs else (0.5, 99.5)
    if not 0 <= low < high <= 100:
        limit = "percentiles rise from 0 at least to 100 at most"
        raise RadiometryError("radiometry", repr(text), limit, 'Write "percentile:0.5-99.5".')
    return PercentileStretch(low, high, bands)


def _bands(text: str) -> Bands | tuple[()]:
    numbers = [int(number) for number in text.split(",") if number]
    if not numbers:
        return ()
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue
