"""Cloud masks on a grid of their own: Planet's UDM2 and UDM, rasters of classes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.errors import SceneError
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import map_points
from cv.io.terminal_text import quantity
from cv.scene.georeference import image_grid
from cv.scene.providers.mask_coding import (
    UDM2_BANDS,
    ClassCoding,
    ClearPixels,
    udm2_clear,
    udm_clear,
)
from cv.scene.raster_header import RasterHeader, read_header
from cv.scene.raster_reader import RasterReader, WindowRead, average_blocks
from cv.scene.resampling import source_window, valid_share
from cv.scene.visibility import VisibilityQuery, clear_area
from cv.sidecars.mask_names import is_usable_data_mask


@dataclass(frozen=True, eq=False)
class UsableDataMask:
    """Where the ground is clear, under snow or light haze, and nothing else hides it.

    A UDM2 or UDM of Planet's, or a raster of classes. What the mask does not cover or classify
    counts as hidden.
    """

    path: Path
    """Its file, absolute."""
    from_image: Affine
    """Pixels (x, y) of its image to pixels (x, y) of the mask."""
    _reader: RasterReader = field(repr=False)
    _clear: ClearPixels = field(repr=False)

    @classmethod
    def open(
        cls, path: Path, image: RasterHeader, grid: Grid, hidden: frozenset[int] = frozenset()
    ) -> UsableDataMask:
        """Open the mask `path` of the image with header `image` and grid `grid`.

        Both have one CRS, or the same shape where the image is not georeferenced. `hidden` are the
        values of a raster of classes that hide the ground; empty: a UDM2 or, by its name, a UDM.
        Raises SceneError.
        """
        header = read_header(path)
        bands, clear = _coding(header, hidden)
        # A nodata value would make clear pixels, all zero in these bands, invalid.
        reader = RasterReader(replace(header, nodata=()), bands)
        return cls(path, _image_to_mask(header, image, grid), reader, clear)

    @property
    def knows_clouds(self) -> bool:
        """Whether it has clouds, and not only where pixels were measured."""
        return self._clear != ClassCoding(frozenset({0}))

    def share(self, to_image: Affine, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Return (rows, columns) the clear share of each pixel of a patch; see Scene.read."""
        to_mask = self.from_image @ to_image
        window = source_window(to_mask, shape, self._reader.header.shape)
        if window is None:
            return np.zeros(shape, np.float32)
        averages = average_blocks(self._reader, window, 0, self._no_values)
        return valid_share(averages.share, ~window.to_pixel @ to_mask, shape)

    def clear_area(self, region: BaseGeometry) -> BaseGeometry:
        """Return the clear part of `region`, both in pixels (x, y) of the image."""
        moved = _transformed(region, self.from_image)
        measure = partial(clear_area, valid_in=self._valid_in)
        query = VisibilityQuery.of(moved, self._reader.header.shape, measure)
        return _transformed(query.clear, ~self.from_image)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _valid_in(self, x: int, y: int, width: int, height: int) -> NDArray[np.bool_]:
        return self._clear(self._reader.read(x, y, width, height))

    def _no_values(self, window: WindowRead) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        clear = self._clear(window)
        return np.zeros((0, *clear.shape), np.uint8), clear


def _coding(header: RasterHeader, hidden: frozenset[int]) -> tuple[tuple[int, ...], ClearPixels]:
    """Return the bands of a mask that are read, and what their values mean; raises SceneError."""
    path, single = header.path, header.bands == 1 and header.dtype in ("uint8", "uint16", "int16")
    if single and hidden:
        return (1,), ClassCoding(hidden)
    if single and is_usable_data_mask(path.name) and "udm2" not in path.name.lower():
        return (1,), udm_clear
    if (header.bands, header.dtype) == (8, "uint8") and not hidden:
        return UDM2_BANDS, udm2_clear
    found = f"{quantity(header.bands, 'band')} of {header.dtype}"
    limit = "a raster of classes has 1 band" if hidden else "a UDM2 has 8 bands of uint8"
    raise SceneError(path, found, limit, "Download the mask again.")


def _image_to_mask(mask: RasterHeader, image: RasterHeader, grid: Grid) -> Affine:
    """Return the map from pixels of the image to pixels of its mask; raises SceneError."""
    name, remedy = image.path.name, "Download image and mask together, or warp both to one CRS."
    if not image.georeferenced or not mask.georeferenced:
        if not image.georeferenced and mask.shape == image.shape:
            return Affine.identity()
        found = f"a mask of {mask.shape[1]} x {mask.shape[0]} pixels, not placed like its image"
        limit = f"{name} has {image.shape[1]} x {image.shape[0]} pixels"
        raise SceneError(mask.path, found, limit, remedy)
    mask_grid = image_grid(mask, None)
    if mask_grid.crs != grid.crs:
        found = f"a mask in {mask_grid.crs.name if mask_grid.crs else ''!r}"
        limit = f"its image lies in {grid.crs.name if grid.crs else ''!r}"
        raise SceneError(mask.path, found, limit, remedy)
    from_image: Affine = ~mask_grid.transform @ grid.transform
    if _transformed(grid.footprint, from_image).intersection(mask_grid.footprint).area > 0:
        return from_image
    found = f"a mask that does not meet its image {name}"
    raise SceneError(mask.path, found, "a UDM2 covers its image", remedy)


def _transformed(geometry: BaseGeometry, affine: Affine) -> BaseGeometry:
    return shapely.transform(geometry, lambda points: map_points(affine, points))
