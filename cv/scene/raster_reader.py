"""The stored pixels of one image file, read in windows by any number of threads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.windows import Window as RasterWindow

from cv.scene.integrity.deflate_blocks import DeflateBlocks, Window
from cv.scene.integrity.gdal_warnings import fail_on_warnings
from cv.scene.local_files import FileFormat
from cv.scene.raster_header import RasterHeader, gdal_errors, open_dataset


@dataclass(frozen=True)
class WindowRead:
    """Stored values of a window of an image."""

    values: NDArray[np.generic]
    """(bands, rows, columns) as stored."""
    valid: NDArray[np.bool_]
    """(rows, columns) False for nodata, masked or not finite."""


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

    def read(self, x: int, y: int, width: int, height: int, step: int = 1) -> WindowRead:
        """Return every `step`-th pixel of a window inside the raster; raises SceneError."""
        window = (x, y, width, height)
        with gdal_errors(self.header.path):
            if self._blocks:
                self._blocks.check(window, step)
            with fail_on_warnings(self.header.path, self._warnings):
                self._dataset = self._dataset or open_dataset(self.header.path, self.header.format)
                return self._decoded(window, (math.ceil(height / step), math.ceil(width / step)))

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
        options: dict[str, Any] = {
            "window": RasterWindow(*window),
            "out_shape": shape,
            "resampling": Resampling.nearest,
        }
        values = self._dataset.read(list(self.bands), **options)
        valid = np.ones(shape, bool)
        if self.header.masked:
            valid &= self._dataset.read_masks(1, **options) > 0
        if self.header.alpha:  # a nodata value would hide it from `read_masks`
            valid &= self._dataset.read(self.header.alpha, **options) > 0
        if values.dtype.kind == "f":
            valid &= np.isfinite(values).all(axis=0)
        nodata = self.header.nodata
        if nodata is not None and not math.isnan(nodata):
            missing = values == nodata
            # Among integers it is mostly 0, which a dark pixel may have in one band but not in all.
            valid &= ~(missing.any(axis=0) if values.dtype.kind == "f" else missing.all(axis=0))
        return WindowRead(values, valid)
