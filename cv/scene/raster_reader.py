"""The stored pixels of one image file, read in windows by any number of threads."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.windows import Window as RasterWindow

from cv.scene.integrity.deflate_blocks import DeflateBlocks, Window
from cv.scene.integrity.gdal_warnings import fail_on_warnings
from cv.scene.local_files import FileFormat
from cv.scene.raster_header import RasterHeader, gdal_errors, open_dataset


class _SharedDataset:
    """One dataset, opened when it is needed, that threads use in turn.

    They share GDAL's cache of decoded blocks; decoding takes little of the time that a network
    needs for the same pixels.
    """

    def __init__(self, header: RasterHeader) -> None:
        self._header = header
        self._lock = threading.Lock()
        self._opened: list[Any] = []
        self._blocks = DeflateBlocks(header.path) if header.format is FileFormat.GEOTIFF else None
        self._warnings: list[str] = []
        weakref.finalize(self, _close, self._opened, self._blocks)

    def __reduce__(self) -> tuple[type[_SharedDataset], tuple[RasterHeader]]:
        return type(self), (self._header,)

    @contextmanager
    def use(self, window: Window, step: tuple[int, int]) -> Iterator[Any]:
        """Lend the dataset to read every `step`-th pixel of `window`; raises SceneError."""
        with gdal_errors(self._header.path):
            if self._blocks:
                self._blocks.check(window, step)
            with self._lock, fail_on_warnings(self._header.path, self._warnings):
                if not self._opened:
                    self._opened.append(open_dataset(self._header.path, self._header.format))
                yield self._opened[0]

    def close(self) -> None:
        """Close what is open; a later read opens it again."""
        with self._lock:
            _close(self._opened, self._blocks)


def _close(datasets: list[Any], blocks: DeflateBlocks | None) -> None:
    while datasets:
        datasets.pop().close()
    if blocks:
        blocks.close()


@dataclass(frozen=True)
class WindowRead:
    """Stored values of a window of an image."""

    values: NDArray[np.generic]
    """(bands, rows, columns) as stored."""
    valid: NDArray[np.bool_]
    """(rows, columns) False for nodata, masked or not finite."""


@dataclass(frozen=True)
class RasterReader:
    """The pixels of one image file."""

    header: RasterHeader
    bands: tuple[int, ...]
    """Numbers of the bands that are read, from 1, in this order."""
    _dataset: _SharedDataset = field(repr=False, compare=False)

    @classmethod
    def of(cls, header: RasterHeader, bands: tuple[int, ...]) -> RasterReader:
        """Return a reader of the image with `header`."""
        return cls(header, bands, _SharedDataset(header))

    def close(self) -> None:
        """Close the file in all threads."""
        self._dataset.close()

    def read(self, x: int, y: int, width: int, height: int, step: tuple[int, int]) -> WindowRead:
        """Return every `step`-th pixel (x, y) of a window inside the raster; raises SceneError."""
        window = RasterWindow(x, y, width, height)
        shape = (math.ceil(height / step[1]), math.ceil(width / step[0]))
        unique = sorted(set(self.bands))
        with self._dataset.use((x, y, width, height), step) as dataset:
            values = dataset.read(
                unique,
                window=window,
                out_shape=(len(unique), *shape),
                resampling=Resampling.nearest,
            )
            valid = self._valid(dataset, window, shape, values)
        order = [unique.index(band) for band in self.bands]
        return WindowRead(values if order == list(range(len(values))) else values[order], valid)

    def sample(self, pixels: int) -> NDArray[np.generic]:
        """Return stored values (bands, n) of about `pixels` valid pixels of the whole raster.

        Every n-th pixel is read; where none of those is valid, the first rows with valid pixels.
        """
        rows, columns = self.header.shape
        step = max(1, math.ceil(math.sqrt(rows * columns / pixels)))
        whole = self.read(0, 0, columns, rows, (step, step))
        found = whole.values[:, whole.valid]
        height = max(1, pixels // columns)
        for y in range(0, rows, height):
            if found.shape[1]:
                break
            part = self.read(0, y, columns, min(height, rows - y), (1, 1))
            found = part.values[:, part.valid]
        return found

    def _valid(
        self, dataset: Any, window: RasterWindow, shape: tuple[int, int], values: NDArray[Any]
    ) -> NDArray[np.bool_]:
        valid = np.ones(shape, bool)
        options = {"window": window, "out_shape": shape, "resampling": Resampling.nearest}
        if self.header.masked:
            valid &= dataset.read_masks(1, **options) > 0
        if self.header.alpha:  # a nodata value would hide it from `read_masks`
            valid &= dataset.read(self.header.alpha, **options) > 0
        if values.dtype.kind == "f":
            valid &= np.isfinite(values).all(axis=0)
        nodata = self.header.nodata
        if nodata is not None and not math.isnan(nodata):
            missing = values == nodata
            # Among integers it is mostly 0, which a dark pixel may have in one band but not in all.
            valid &= ~(missing.any(axis=0) if values.dtype.kind == "f" else missing.all(axis=0))
        return valid
