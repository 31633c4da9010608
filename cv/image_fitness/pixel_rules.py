"""What pixel values alone decide: drawings, constant areas, and clipped ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import BoolArray, Float32Array
from cv.image_fitness.unfit_reasons import FitnessReason

_STEP = 16
"""Every so many rows and columns are sampled."""
_DRAWN_EVEN = 0.75
"""Share of pixels equal to their neighbour from which a patch with contrast is a drawing: images
of ground have noise or texture, so that less than 0.5 % of their patches with contrast reach it."""
_DRAWN_CONTRAST = 6.0
"""Deviation of green (levels) of the patches that can be recognised as drawn."""
_PLAIN_EVEN = 0.97
"""Share of equal pixels of a patch that belongs to the drawing beside it."""
_CLIPPED = 0.85
"""Share of black or white pixels of a patch that is clipped."""
_WHITE, _BLACK = 254, 1
"""Levels (all bands) from which a pixel is white, and up to which it is black."""


@dataclass(frozen=True, eq=False)
class PixelRules:
    """Patches (rows, columns) where nothing can be seen, by reason."""

    drawn: BoolArray
    """Drawn or constant: no image of the ground."""
    white: BoolArray
    """Clipped at the upper end."""
    black: BoolArray
    """Clipped at the lower end, or without value."""

    @classmethod
    def of(cls, image: NDArray[np.uint8], side: int) -> PixelRules:
        """Judge an image (rows, columns, 3) of whole patches of `side` pixels, divisible by 16."""
        patch = (side // _STEP, side)
        lines = _bands(image[::_STEP])
        down = _even_share(_bands(image[:, ::_STEP].transpose(1, 0, 2)), patch).T
        even = np.minimum(_even_share(lines, patch), down)
        red, green, blue = lines
        white = _patch_means(np.minimum(np.minimum(red, green), blue) >= _WHITE, patch) >= _CLIPPED
        black = _patch_means(np.maximum(np.maximum(red, green), blue) <= _BLACK, patch) >= _CLIPPED
        levels = green.astype(np.float32)
        mean = _patch_means(levels, patch)
        energy = _patch_means(levels * levels, patch)
        contrast = np.sqrt(np.maximum(energy - mean * mean, 0))
        drawn = (even >= _DRAWN_EVEN) & (contrast >= _DRAWN_CONTRAST)
        plain = even >= _PLAIN_EVEN
        drawn |= _beside(drawn) & plain
        drawn |= _beside(drawn) & plain
        constant = ~_beside(~((even > 1 - 1e-6) & (contrast < 0.1)))
        return cls(drawn | (constant & ~white & ~black), white, black)

    def by_reason(self) -> dict[FitnessReason, BoolArray]:
        """Return the patches of each reason; where several hold, the last one names it."""
        return {
            FitnessReason.NOT_OVERHEAD: self.drawn,
            FitnessReason.SATURATED: self.white,
            FitnessReason.DARK: self.black,
        }


def _bands(lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the bands (3, lines, pixels) of lines (lines, pixels, 3)."""
    return np.ascontiguousarray(lines.transpose(2, 0, 1))


def _even_share(bands: NDArray[np.uint8], patch: tuple[int, int]) -> Float32Array:
    """Return the share (rows, columns) of pixels equal to the one before on their line.

    Black and white pixels do not count as equal: they are fill, or clipped.
    """
    red, green, blue = bands
    same = np.zeros(green.shape, bool)
    equal = bands[:, :, 1:] == bands[:, :, :-1]
    same[:, 1:] = equal[0] & equal[1] & equal[2]
    same[:, 0] = same[:, 1]
    same &= ((red | green | blue) != 0) & ((red & green & blue) != 255)
    return _patch_means(same, patch)


def _patch_means(values: NDArray[np.generic], patch: tuple[int, int]) -> Float32Array:
    rows, columns = values.shape[0] // patch[0], values.shape[1] // patch[1]
    cells = values.astype(np.float32).reshape(rows, patch[0], columns, patch[1])
    return np.asarray(cells.sum(3).sum(1) / (patch[0] * patch[1]), np.float32)


def _beside(patches: BoolArray) -> BoolArray:
    """Return the patches with one of `patches` among themselves and their eight neighbours."""
    rows, columns = patches.shape
    wide = np.pad(patches, 1)
    near = np.zeros_like(patches)
    for y in range(3):
        for x in range(3):
            near |= wide[y : y + rows, x : x + columns]
    return near
