"""The stored pixels of one image file, read in windows or as means of blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow

from cv.scene.integrity.deflate_blocks import DeflateBlocks, Window
from cv.scene.integrity.gdal_warnings import fail_on_warnings
from cv.scene.local_files import FileFormat
from cv.scene.raster_header import RasterHeader, gdal_errors, open_dataset, read_header
from cv.scene.resampling import BlockAverages, SourceWindow

_STRIP_PIXELS = 2**22
"""Pixels that are averaged at once."""


@dataclass(frozen=True)
class WindowRead:
    """Stored values of a window of an image."""

    values: NDArray[np.generic]
    """(bands, rows, columns) as stored."""
    valid: NDArray[np.bool_]
    """(rows, columns) False for nodata, masked or not finite."""


Convert = Callable[[WindowRead], tuple[NDArray[np.uint8], NDArray[np.bool_]]]
"""Returns 8-bit values (channels, rows, columns) and valid pixels (rows, columns)."""


class RasterReader:
    """The pixels of one image file.

    Its dataset is opened when it is needed. Threads use it in turn and share GDAL's cache of
    decoded blocks; decoding takes little of the time that a network needs for the same pixels.
    """

    def __init__(self, header: RasterHeader, bands: tuple[int, ...]) -> None:
        """Make a reader of `bands`, numbers from 1, of the image with `header`."""
        self.header = header
        self.bands = bands
        self._blocks = DeflateBlocks(header.path) if header.format is FileFormat.GEOTIFF else None
        self._mask = _mask_reader(header)
        self._dataset: Any = None
        self._warnings: list[str] = []

    def __reduce__(self) -> tuple[type[RasterReader], tuple[RasterHeader, tuple[int, ...]]]:
        return type(self), (self.header, self.bands)

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        if self._dataset:
            self._dataset.close()
            self._dataset = None
        if self._blocks:
            self._blocks.close()
        if self._mask:
            self._mask.close()

    def read(self, x: int, y: int, width: int, height: int, step: int = 1) -> WindowRead:
        """Return every `step`-th pixel of a window inside the raster; raises SceneError."""
        window = (x, y, width, height)
        with gdal_errors(self.header.path):
            if self._blocks:
                self._blocks.check(window, step)
            with fail_on_warnings(self.header.path, self._warnings):
                self._dataset = self._dataset or open_dataset(self.header.path, self.header.format)
                shape = (math.ceil(height / step), math.ceil(width / step))
                found = self._decoded(window, shape)
        if self._mask:
            shown = (self._mask.read(*window, step).values != 0).all(axis=0)
            return WindowRead(found.values, found.valid & shown)
        return found

    def sample(self, pixels: int) -> NDArray[np.generic]:
        """Return stored values (bands, n) of about `pixels` valid pixels of the whole raster.

        Every n-th pixel is read; where none of those is valid, the first rows with valid pixels.
        """
        rows, columns = self.header.shape
        whole = self.read(0, 0, columns, rows, math.ceil(math.sqrt(rows * columns / pixels)))
        found = whole.values[:, whole.valid]
        height = max(1, pixels // columns)
        for y in range(0, rows, height):
            if found.shape[1]:
                break
            part = self.read(0, y, columns, min(height, rows - y))
            found = part.values[:, part.valid]
        return found

    def _decoded(self, window: Window, shape: tuple[int, int]) -> WindowRead:
        """Return `window` as `shape` (rows, columns), by nearest neighbours."""
        options: dict[str, Any] = {"window": RasterWindow(*window), "out_shape": shape}
        values = self._dataset.read(list(self.bands), **options)
        valid = np.ones(shape, bool)
        if self.header.masked:
            valid &= self._dataset.read_masks(1, **options) > 0
        if self.header.alpha:  # a nodata value would hide it from `read_masks`
            valid &= self._dataset.read(self.header.alpha, **options) > 0
        if values.dtype.kind == "f":
            valid &= np.isfinite(values).all(axis=0)
        if self.header.nodata:
            chosen = zip(values, (self.header.nodata[band - 1] for band in self.bands), strict=True)
            missing = np.array([is_nodata(band, nodata) for band, nodata in chosen])
            # Among integers it is mostly 0, which a dark pixel may have in one band but not in all.
            valid &= ~(missing.any(axis=0) if values.dtype.kind == "f" else missing.all(axis=0))
        return WindowRead(values, valid)


def is_nodata(values: NDArray[np.generic], nodata: float | None) -> NDArray[np.bool_]:
    """Return where `values` of one band are `nodata`, as GDAL compares them.

    Integers equal its integer part; a value beyond their range occurs nowhere. A float32 may differ
    by two units in the last place (ARE_REAL_EQUAL of gdal_priv_templates.hpp).
    """
    if nodata is None:
        return np.zeros(values.shape, bool)
    if values.dtype.kind != "f":
        limits = np.iinfo(str(values.dtype))
        if not math.isfinite(nodata) or not limits.min <= nodata <= limits.max:
            return np.zeros(values.shape, bool)
        same: NDArray[np.bool_] = values == int(nodata)
        return same
    numbers = values.astype(np.float32, copy=False)
    if math.isnan(nodata):
        return np.isnan(numbers)
    largest = float(np.finfo(np.float32).max)
    if abs(abs(nodata) - largest) < 1e-10 * largest:
        nodata = math.copysign(largest, nodata)
    if math.isfinite(nodata) and abs(nodata) > largest:
        return np.zeros(values.shape, bool)
    sought = np.float32(nodata)
    with np.errstate(invalid="ignore", over="ignore"):  # sums of the largest are infinite
        tolerance = 2 * np.finfo(np.float32).eps * np.abs(numbers + sought)
        close: NDArray[np.bool_] = np.abs(numbers - sought) < tolerance
    equal: NDArray[np.bool_] = numbers == sought
    return equal | close


def _mask_reader(header: RasterHeader) -> RasterReader | None:
    """Return the reader of the external mask of an image; its values alone decide."""
    if header.mask_file is None:
        return None
    mask = replace(read_header(header.mask_file), nodata=(), masked=False)
    return RasterReader(mask, tuple(range(1, mask.bands + 1)))


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
