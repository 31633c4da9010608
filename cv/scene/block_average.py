"""Means of blocks of pixels over a window of an image, with bounded memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from cv.scene.integrity.deflate_blocks import Window
from cv.scene.raster_reader import RasterReader, WindowRead
from cv.scene.resampling import BlockAverages, SourceWindow

Convert = Callable[[WindowRead], tuple[NDArray[np.uint8], NDArray[np.bool_]]]
"""Returns 8-bit values (channels, rows, columns) and valid pixels (rows, columns)."""

_STRIP_PIXELS = 2**22
"""Pixels that are read at once."""
_EXACT_PIXELS = 2**27
"""Largest window of which every pixel is read."""


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
    for x, y, width, height in _strips(window, reader.header.shape):
        whole = (_whole_steps(width, step[0]), _whole_steps(height, step[1]))
        means, shares = _block_means(*convert(reader.read(x, y, *whole, step)), block)
        row, column = (y - window.y) // window.block[1], (x - window.x) // window.block[0]
        rows, columns = shares.shape
        place = np.s_[row : row + rows, column : column + columns]
        share[place] = shares
        values[(slice(None), *place)] = means
    return BlockAverages(values, share)


def _whole_steps(length: int, step: int) -> int:
    """Return the part of `length` in whole steps: a remainder would stretch what is read."""
    return length - length % step or length


def _strips(window: SourceWindow, raster: tuple[int, int]) -> Iterator[Window]:
    """Yield strips of whole rows of blocks, clipped to the raster."""
    width, height = window.block
    x = window.x + max(0, -window.x // width) * width
    x_end = min(window.x + window.columns * width, raster[1])
    rows = max(1, _STRIP_PIXELS // max(1, x_end - x) // height)
    for row in range(max(0, -window.y // height), window.rows, rows):
        y = window.y + row * height
        y_end = min(window.y + min(row + rows, window.rows) * height, raster[0])
        if x < x_end and y < y_end:
            yield x, y, x_end - x, y_end - y


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
