"""Means of blocks of pixels over a window of an image, with bounded memory."""

from __future__ import annotations

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


def average_blocks(
    reader: RasterReader, window: SourceWindow, channels: int, convert: Convert
) -> BlockAverages:
    """Return the means of `channels` 8-bit values, as `convert` makes them, in blocks of `window`.

    Every pixel counts.
    """
    values = np.zeros((channels, window.rows, window.columns), np.float32)
    share = np.zeros((window.rows, window.columns), np.float32)
    for strip in _strips(window, reader.header.shape):
        means, shares = _block_means(*convert(reader.read(*strip)), window.block)
        column = (strip[0] - window.x) // window.block[0]
        row = (strip[1] - window.y) // window.block[1]
        place = np.s_[row : row + shares.shape[0], column : column + shares.shape[1]]
        share[place] = shares
        values[(slice(None), *place)] = means
    return BlockAverages(values, share)


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
