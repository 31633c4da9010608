"""UDM2: Planet's usable data mask, on a grid of its own."""

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
from cv.scene.block_average import average_blocks
from cv.scene.georeference import image_grid
from cv.scene.local_files import FileFormat
from cv.scene.raster_header import RasterHeader, read_header
from cv.scene.raster_reader import RasterReader, WindowRead
from cv.scene.resampling import source_window, valid_share
from cv.scene.visibility import VisibilityQuery, clear_area

# clear, snow, light haze; cloud shadow, heavy haze, cloud; unusable (bit 0: blackfill)
_BANDS = (1, 2, 4, 3, 5, 6, 8)


@dataclass(frozen=True, eq=False)
class UsableDataMask:
    """Where the ground is clear, under snow or light haze, and nothing else hides it.

    What the mask does not cover, or does not class, is not known to be clear.
    """

    path: Path
    """Its file, absolute."""
    shape: tuple[int, int]
    """Rows, columns of the mask."""
    from_image: Affine
    """Pixels (x, y) of the image it belongs to, to pixels of the mask."""
    _source: RasterReader = field(repr=False)

    @classmethod
    def open(cls, path: Path, image: RasterHeader, grid: Grid) -> UsableDataMask:
        """The mask in `path` of the image with header `image` and grid `grid`; raises SceneError.

        Both lie in one CRS, or have the same shape where the image lies nowhere.
        """
        header = read_header(path)
        if header.format is not FileFormat.GEOTIFF or (header.bands, header.dtype) != (8, "uint8"):
            raise SceneError(
                path,
                f"{header.bands} bands of {header.dtype}",
                "a UDM2 has 8 bands of uint8",
                "Download the udm2 asset again.",
            )
        from_image = _aligned(header, image, grid)
        # A nodata value would make clear pixels, all zero in these bands, invalid.
        source = RasterReader.of(replace(header, nodata=None), _BANDS)
        return cls(path, header.shape, from_image, source)

    def share(self, to_image: Affine, shape: tuple[int, int]) -> NDArray[np.float32]:
        """How much of each pixel of a patch is clear; see Scene.read."""
        to_mask = self.from_image @ to_image
        window = source_window(to_mask, shape, self.shape)
        if window is None:
            return np.zeros(shape, np.float32)
        samples = average_blocks(self._source, window, 0, _convert)
        return valid_share(samples.share, ~window.to_pixel @ to_mask, shape)

    def clear_area(self, region: BaseGeometry) -> BaseGeometry:
        """The part of `region`, both in pixels of the image, that is clear."""
        moved = _moved(region, self.from_image)
        survey = VisibilityQuery.of(moved, self.shape, partial(clear_area, seen_in=self._seen_in))
        return _moved(survey.clear, ~self.from_image)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def _seen_in(self, x: int, y: int, width: int, height: int) -> NDArray[np.bool_]:
        return _seen(self._source.strip(x, y, width, height, (1, 1)))


def _aligned(mask: RasterHeader, image: RasterHeader, grid: Grid) -> Affine:
    if image.georeferenced and mask.georeferenced:
        placed = image_grid(mask, None)
        if placed.crs == grid.crs:
            from_image: Affine = ~placed.transform @ grid.transform
            if _moved(grid.footprint, from_image).intersection(placed.footprint).area > 0:
                return from_image
            raise SceneError(
                mask.path,
                f"a mask that does not meet its image {image.path.name}",
                "a UDM2 covers its image",
                "Download image and mask together.",
            )
        found = f"a mask in {placed.crs.name if placed.crs else ''!r}"
        limit = f"its image lies in {grid.crs.name if grid.crs else ''!r}"
    elif not image.georeferenced and mask.shape == image.shape:
        return Affine.identity()
    else:
        found = f"a mask of {mask.shape[1]} x {mask.shape[0]} pixels, not placed like its image"
        limit = f"{image.path.name} has {image.shape[1]} x {image.shape[0]} pixels"
    raise SceneError(
        mask.path, found, limit, "Download image and mask together, or warp both to one CRS."
    )


def _convert(strip: WindowRead) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    seen = _seen(strip)
    return np.zeros((0, *seen.shape), np.uint8), seen


def _seen(strip: WindowRead) -> NDArray[np.bool_]:
    classes = strip.values.astype(np.uint8)
    clear, hidden = classes[:3].any(axis=0), classes[3:6].any(axis=0) | (classes[6] & 1 > 0)
    seen: NDArray[np.bool_] = strip.valid & clear & ~hidden
    return seen


def _moved(geometry: BaseGeometry, affine: Affine) -> BaseGeometry:
    return shapely.transform(geometry, lambda points: map_points(affine, points))
