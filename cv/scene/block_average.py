"""Samples: windows of a source, averaged block by block, with bounded memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.scene.raster_reader import RasterReader, WindowRead
from cv.scene.resampling import BlockAverages, SourceWindow

Convert = Callable[[WindowRead], tuple[NDArray[np.uint8], NDArray[np.bool_]]]

_STRIP_PIXELS = 2**22
_EXACT_PIXELS = 2**27


@dataclass(frozen=True)
class _Part:
    x: int
    y: int
    width: int
    height: int
    row: int
    column: int


def average_blocks(
    source: RasterReader,
    window: SourceWindow,
    channels: int,
    convert: Convert,
    *,
    exact: int = _EXACT_PIXELS,
) -> BlockAverages:
    """The samples of `window`; `convert` makes `channels` 8-bit values and what is seen of a strip.

    Every pixel counts, unless the window has more than `exact` pixels: then only every n-th pixel
    of a block is read, from overviews where the file has them.
    """
    values = np.zeros((channels, window.rows, window.columns), np.float32)
    share = np.zeros((window.rows, window.columns), np.float32)
    step = _step(window, exact)
    block = (window.block[0] // step[0], window.block[1] // step[1])
    for part in _parts(window, source.header.shape):
        data, seen = convert(source.strip(part.x, part.y, *_whole(part, step), step))
        means, shares = _reduced(data, seen, block)
        rows, columns = shares.shape
        place = np.s_[part.row : part.row + rows, part.column : part.column + columns]
        share[place] = shares
        values[(slice(None), *place)] = means
    return BlockAverages(values, share)


def _whole(part: _Part, step: tuple[int, int]) -> tuple[int, int]:
    """The width and height of `part` in whole steps: a rest would stretch all that is read."""
    return (
        part.width - part.width % step[0] or part.width,
        part.height - part.height % step[1] or part.height,
    )


def _parts(window: SourceWindow, raster: tuple[int, int]) -> Iterator[_Part]:
    """Strips of whole blocks, clipped to the raster."""
    width, height = window.block
    first = max(0, -window.x // width)
    x = window.x + first * width
    x_end = min(window.x + window.columns * width, raster[1])
    step = max(1, _STRIP_PIXELS // max(1, x_end - x) // height)
    for row in range(max(0, -window.y // height), window.rows, step):
        y = window.y + row * height
        y_end = min(window.y + min(row + step, window.rows) * height, raster[0])
        if x < x_end and y < y_end:
            yield _Part(x, y, x_end - x, y_end - y, row, first)


def _step(window: SourceWindow, exact: int) -> tuple[int, int]:
    """Divisors of the block's sides that leave about `exact` pixels."""
    pixels = window.columns * window.rows * window.block[0] * window.block[1]
    wanted = math.sqrt(max(1.0, pixels / exact))
    return _divisor(window.block[0], wanted), _divisor(window.block[1], wanted)


def _divisor(side: int, wanted: float) -> int:
    enough = [n for n in range(1, side + 1) if side % n == 0 and n >= wanted]
    return min(enough, default=side) if wanted > 1 else 1


def _reduced(
    data: NDArray[np.uint8], seen: NDArray[np.bool_], block: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Means of the seen pixels of each block, and how much of it was seen."""
    if block == (1, 1):
        return data.astype(np.float32) * seen, seen.astype(np.float32)
    columns, rows = -(-seen.shape[1] // block[0]), -(-seen.shape[0] // block[1])
    missing = (rows * block[1] - seen.shape[0], columns * block[0] - seen.shape[1])
    padding = ((0, missing[0]), (0, missing[1]))
    blocks = (rows, block[1], columns, block[0])
    counts = np.pad(seen, padding).reshape(blocks).sum(axis=(1, 3), dtype=np.int64)
    sums = np.pad(data * seen, ((0, 0), *padding)).reshape(len(data), *blocks)
    totals = sums.sum(axis=(2, 4), dtype=np.int64)
    means = (totals / np.maximum(counts, 1)).astype(np.float32)
    return means, (counts / (block[0] * block[1])).astype(np.float32)
