"""Scene: one acquisition, its pixels, grid, time and visibility."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.geometry.grid import Grid
from cv.geometry.patch import Patch
from cv.scene import files
from cv.scene.geotiff import Header, grid_of, inspect
from cv.scene.profiles import choose
from cv.scene.radiometry import Percentiles, Radiometry
from cv.scene.resample import resample, unseen, window_for
from cv.scene.samples import gather
from cv.scene.source import Source, Strip
from cv.scene.visibility import Visibility, clear_part, polygons

_STRETCH_PIXELS = 2**20


@dataclass(frozen=True, eq=False)
class Scene:
    """One acquisition. A context manager; without one its file closes with the last reference."""

    id: str
    """Identifier of the provider's item, or the name of the file without its ending."""
    path: Path
    """The image file that is read, absolute."""
    grid: Grid
    """Where its pixels lie."""
    acquired: datetime | None
    """When it was taken, UTC; None if nothing declares it."""
    radiometry: Radiometry
    """How its values become 8-bit colours."""
    _source: Source = field(repr=False)

    @classmethod
    def open(
        cls,
        path: str | Path,
        gsd: float | tuple[float, float] | None = None,
        *,
        radiometry: str | Radiometry | None = None,
        acquired: datetime | None = None,
        time_pattern: str | None = None,
    ) -> Scene:
        """The scene in `path`."""
        asset = files.local(path)
        header = inspect(asset, files.form_of(asset))
        grid = grid_of(header, gsd)
        chosen = choose(header, radiometry, None)
        if isinstance(chosen, Percentiles):
            chosen = _measured(chosen, header)
        return cls(asset.stem, asset, grid, acquired, chosen, Source.of(header, chosen.bands))

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        """The patch of `shape` (rows, columns) whose pixels (x, y) `to_pixel` maps to the scene's.

        Downsampling averages (no aliasing), upsampling interpolates. What lies outside the scene
        was not seen. Any number of threads may read. Raises SceneError on a damaged file.
        """
        window = window_for(to_pixel, shape, self.grid.shape)
        if window is None:
            return unseen(shape)
        samples = gather(self._source, window, 3, self._convert)
        return resample(samples.values, samples.share, ~window.to_pixel * to_pixel, shape)

    def visibility(self, region: BaseGeometry) -> Visibility:
        """How much of `region` was seen.

        `region` is in pixels (x, y) of the scene and may reach beyond it.
        """
        area = polygons(shapely.make_valid(region))
        if self._source.always_valid:
            clear = polygons(shapely.intersection(area, self.grid.footprint))
        else:
            clear = clear_part(area, self.grid.shape, partial(_valid_in, self._source))
        return Visibility.of(area, clear, "mask")

    @cached_property
    def digest(self) -> str:
        """sha256 of the image file, hexadecimal."""
        return files.sha256(self.path)

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        self._source.close()

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _convert(self, strip: Strip) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        return self.radiometry.apply(strip.values), strip.valid


def _measured(percentiles: Percentiles, header: Header) -> Radiometry:
    source = Source.of(header, percentiles.bands)
    whole = source.overview(_STRETCH_PIXELS)
    source.close()
    return percentiles.measured(whole.values[:, whole.valid])


def _valid_in(source: Source, x: int, y: int, width: int, height: int) -> NDArray[np.bool_]:
    return source.strip(x, y, width, height, (1, 1)).valid
