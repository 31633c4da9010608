"""Means of blocks of pixels over a window of an image, with bounded memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.scene.raster_reader import RasterReader, WindowRead
from cv.scene.resampling import BlockAverages, SourceWindow

Convert = Callable[[WindowRead], tuple[NDArray[np.uint8], NDArray[np.bool_]]]
"""Returns 8-bit values (channels, rows, columns) and valid pixels (rows, columns)."""

_STRIP_PIXELS = 2**22
"""Pixels that are read at once."""
_EXACT_PIXELS = 2**27
"""Largest window of which every pixel is read."""


@dataclass(frozen=True)
class _Strip:
    """Whole rows of blocks inside the raster."""

    x: int
    y: int
    """Upper left corner, pixels of the raster."""
    width: int
    height: int
    """Pixels."""
    row: int
    column: int
    """First block, counted in the window."""


def average_blocks(
    reader: RasterReader,
    window: SourceWindow,
    channels: int,
    convert: Convert,
    *,
    exact_pixels: int = _EXACT_PIXELS,
) -> BlockAverages:
    """Return the means of `channels` 8-bit values, as `convert` makes them, in blocks of `window`.

    Every pixel counts, unless the window has more than `exact_pixels`: then only every n-th pixel
    of a block is read, from overviews where the file has them.
    """
    values = np.zeros((channels, window.rows, window.columns), np.float32)
    share = np.zeros((window.rows, window.columns), np.float32)
    step = _step(window, exact_pixels)
    block = (window.block[0] // step[0], window.block[1] // step[1])
    for strip in _strips(window, reader.header.shape):
        data, valid = convert(reader.read(strip.x, strip.y, *_whole_steps(strip, step), step))
        means, shares = _block_means(data, valid, block)
        rows, columns = shares.shape
        place = np.s_[strip.row : strip.row + rows, strip.column : strip.column + columns]
        share[place] = shares
        values[(slice(None), *place)] = means
    return BlockAverages(values, share)


def _whole_steps(strip: _Strip, step: tuple[int, int]) -> tuple[int, int]:
    """Return width and height in whole steps: a remainder would stretch the pixels that are read."""
    return (
        strip.width - strip.width % step[0] or strip.width,
        strip.height - strip.height % step[1] or strip.height,
    )


def _strips(window: SourceWindow, raster: tuple[int, int]) -> Iterator[_Strip]:
    """Yield strips of whole blocks, clipped to the raster."""
    width, height = window.block
    first = max(0, -window.x // width)
    x = window.x + first * width
    x_end = min(window.x + window.columns * width, raster[1])
    step = max(1, _STRIP_PIXELS // max(1, x_end - x) // height)
    for row in range(max(0, -window.y // height), window.rows, step):
        y = window.y + row * height
        y_end = min(window.y + min(row + step, window.rows) * height, raster[0])
        if x < x_end and y < y_end:
            yield _Strip(x, y, x_end - x, y_end - y, row, first)


def _step(window: SourceWindow, exact_pixels: int) -> tuple[int, int]:
    """Return divisors of the block's sides that leave about `exact_pixels` of the window."""
    pixels = window.columns * window.rows * window.block[0] * window.block[1]
    wanted = math.sqrt(max(1.0, pixels / exact_pixels))
    return _divisor(window.block[0], wanted), _divisor(window.block[1], wanted)


def _divisor(side: int, wanted: float) -> int:
    enough = [n for n in range(1, side + 1) if side % n == 0 and n >= wanted]
    return min(enough, default=side) if wanted > 1 else 1


def _block_means(
    data: NDArray[np.uint8], valid: NDArray[np.bool_], block: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean of the valid pixels of each block, and their share of it."""
    if block == (1, 1):
        return data.astype(np.float32) * valid, valid.astype(np.float32)
    columns, rows = -(-valid.shape[1] // block[0]), -(-valid.shape[0] // block[1])
    missing = (rows * block[1] - valid.shape[0], columns * block[0] - valid.shape[1])
    padding = ((0, missing[0]), (0, missing[1]))
    blocks = (rows, block[1], columns, block[0])
    counts = np.pad(valid, padding).reshape(blocks).sum(axis=(1, 3), dtype=np.int64)
    sums = np.pad(data * valid, ((0, 0), *padding)).reshape(len(data), *blocks)
    totals = sums.sum(axis=(2, 4), dtype=np.int64)
    means = (totals / np.maximum(counts, 1)).astype(np.float32)
    return means, (counts / (block[0] * block[1])).astype(np.float32)
