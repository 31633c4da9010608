"""One acquisition: its pixels, grid, time and visibility."""

from __future__ import annotations

import math
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.errors import SceneError
from cv.geometry.grid import Grid
from cv.geometry.image_patch import Patch
from cv.scene.acquisition_time import NamePattern, time_from_tags, to_utc
from cv.scene.georeference import image_grid
from cv.scene.integrity.deflate_blocks import Window
from cv.scene.local_files import local_file, scene_digest
from cv.scene.nodata_collar import collar_mask
from cv.scene.picture_check import not_a_picture, picture_objection
from cv.scene.providers.acquisition_conditions import AcquisitionConditions
from cv.scene.providers.delivery import read_delivery
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.providers.sensor_profiles import Declared, choose_radiometry, parse_radiometry
from cv.scene.providers.udm2 import UsableDataMask
from cv.scene.radiometry import PercentileStretch, Radiometry
from cv.scene.raster_header import read_header
from cv.scene.raster_reader import RasterReader, WindowRead, average_blocks
from cv.scene.resampling import (
    MIN_VALID_SHARE,
    empty_patch,
    is_pixel_aligned,
    resample_patch,
    source_window,
)
from cv.scene.visibility import Visibility, VisibilityQuery, clear_area, polygon_parts

_CHECKED_PIXELS = 2**20
"""Pixels of a region by which its radiometry is checked."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """One acquisition. A context manager; without one its file closes with the last reference.

    >>> with Scene.open("scenes/20250908_032850_ssc4_u0001_visual.tif") as scene:
    ...     print(scene)
    Scene('20250908_032850_ssc4_u0001', 1280 x 800 px, acquired=2025-09-08 03:28:50+00:00)
    """

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
    udm2: UsableDataMask | None
    """The cloud mask delivered with it, if any."""
    unused_masks: tuple[str, ...] = ()
    """What was delivered with it, or is called like a mask of it, and cannot be used."""
    conditions: AcquisitionConditions = field(default_factory=AcquisitionConditions)
    """What the delivery says about the acquisition."""
    _reader: RasterReader = field(repr=False)

    @classmethod
    def open(
        cls,
        path: str | Path,
        gsd: float | tuple[float, float] | None = None,
        *,
        radiometry: str | Declared | None = None,
        acquired: datetime | None = None,
        time_pattern: str | NamePattern | None = None,
    ) -> Scene:
        """Open the scene in `path`: a GeoTIFF, PNG, JPEG, Planet asset or STAC Item (JSON).

        `gsd`, metres a pixel (both, or x, y), is for images without georeference only.
        `radiometry` is the name of a profile, "limits:LOW-HIGH[:R,G,B]",
        "percentile[:LOW-HIGH][:R,G,B]" or a Radiometry; None: as the metadata declare, or 8-bit
        colour. `acquired` is the time with its zone; None: from the metadata, else from the name by
        `time_pattern` (see NamePattern.parse), else from the tags. Raises SceneError,
        RadiometryError, TimeError.
        """
        if isinstance(radiometry, str):
            radiometry = parse_radiometry(radiometry)
        if isinstance(time_pattern, str):
            time_pattern = NamePattern.parse(time_pattern)
        metadata = read_delivery(local_file(path))
        metadata.check_files()
        header = metadata.header
        objection = picture_objection(header)
        if objection:
            raise not_a_picture(header, objection)
        grid = image_grid(header, gsd)
        chosen = choose_radiometry(metadata, radiometry)
        if isinstance(chosen, PercentileStretch):
            with closing(RasterReader(header, chosen.bands)) as reader:
                chosen = chosen.measured(reader.sample(2**20))
        if acquired is not None:
            acquired = to_utc(header.path, acquired)
        elif metadata.acquired:
            acquired = metadata.acquired
        else:
            acquired = time_pattern.time_of(header.path) if time_pattern else time_from_tags(header)
        udm2, unused = _open_mask(metadata, grid)
        return cls(
            id=metadata.id,
            path=header.path,
            grid=grid,
            acquired=acquired,
            radiometry=chosen,
            udm2=udm2,
            unused_masks=unused,
            conditions=metadata.conditions,
            _reader=RasterReader(header, chosen.bands),
        )

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        """Return the patch of `shape` (rows, columns) whose pixels (x, y) `to_pixel` maps to here.

        Downsampling averages (no aliasing), upsampling interpolates. Pixels outside the scene are
        not valid. Any number of threads may read. Raises SceneError on a damaged file.
        """
        if is_pixel_aligned(to_pixel):
            return self._cut(round(to_pixel.c), round(to_pixel.f), shape)
        window = source_window(to_pixel, shape, self.grid.shape)
        if window is None:
            return empty_patch(shape)
        averages = average_blocks(self._reader, window, 3, self._convert)
        clear = self.udm2.share(to_pixel, shape) if self.udm2 else np.ones(shape, np.float32)
        return resample_patch(averages, ~window.to_pixel @ to_pixel, clear)

    def visibility(self, region: BaseGeometry) -> Visibility:
        """Return how much of `region` is valid, not a collar, and clear in the UDM2 (if any).

        `region` is in pixels (x, y) of the scene and may reach beyond it.
        """
        return self.visibility_of(self.visibility_query(region))

    def visibility_query(self, region: BaseGeometry) -> VisibilityQuery:
        """Return the parts whose pixels decide about the `visibility` of `region`.

        A part that is measured while its pixels are read anyway is decoded once for both.
        """
        area = polygon_parts(shapely.make_valid(region))
        return VisibilityQuery.of(area, self.grid.shape, self._clear_in)

    def visibility_of(self, query: VisibilityQuery) -> Visibility:
        """Return the result of a `query` of this scene."""
        return Visibility.of(query.region, query.clear, self.basis)

    def check_radiometry(self, region: BaseGeometry) -> None:
        """Raise RadiometryError if the valid pixels of `region` are nearly all black or white.

        `region` is in pixels (x, y); about a million pixels of its envelope are sampled.
        """
        inside = region.intersection(self.grid.footprint)
        if inside.is_empty or self._is_shown_as_stored:
            return
        left, top, right, bottom = inside.bounds
        x, y = math.floor(left), math.floor(top)
        width, height = math.ceil(right) - x, math.ceil(bottom) - y
        if width == 0 or height == 0:
            return
        step = max(1, math.floor(math.sqrt(width * height / _CHECKED_PIXELS)))
        window = self._reader.read(x, y, width, height, step)
        pixel_m2 = self._pixel_m2 * step**2
        shown = window.valid & ~collar_mask(window.values, pixel_m2)
        self.radiometry.check_against(self.path, window.values[:, shown])

    @property
    def _is_shown_as_stored(self) -> bool:
        limits = (self.radiometry.low, self.radiometry.high)
        return self._reader.header.dtype == "uint8" and limits == ((0,) * 3, (255,) * 3)

    @property
    def basis(self) -> str:
        """Basis of its visibility, see Visibility."""
        return "udm2" if self.udm2 and self.udm2.knows_clouds else "mask"

    @property
    def unfit_reasons(self) -> tuple[str, ...]:
        """Why the delivery itself says that no number can be given; empty if it does not."""
        return self.conditions.unfit_reasons(has_cloud_mask=self.basis == "udm2")

    @property
    def notes(self) -> tuple[str, ...]:
        """What a count must say although it has a number."""
        masks = (f"mask {name} beside the image was not used" for name in self.unused_masks)
        return (*masks, *self.conditions.notes())

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that it is read from."""
        return (self.path, *self._mask_files)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the image file, hexadecimal."""
        return scene_digest(self.path)

    @cached_property
    def mask_digest(self) -> str:
        """SHA-256 of the cloud mask and the external mask, hexadecimal; empty without any."""
        return " ".join(map(scene_digest, self._mask_files))

    @property
    def _mask_files(self) -> tuple[Path, ...]:
        files = (self.udm2.path if self.udm2 else None, self._reader.header.mask_file)
        return tuple(file for file in files if file)

    def close(self) -> None:
        """Close its files; a later read opens them again."""
        self._reader.close()
        if self.udm2:
            self.udm2.close()

    def __enter__(self) -> Scene:
        return self

    def __repr__(self) -> str:
        rows, columns = self.grid.shape
        return f"Scene({self.id!r}, {columns} x {rows} px, acquired={self.acquired})"

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut(self, x: int, y: int, shape: tuple[int, int]) -> Patch:
        """Return the patch that begins at pixel x, y, pixel for pixel."""
        patch = empty_patch(shape)
        left, right = np.clip((x, x + shape[1]), 0, self.grid.shape[1])
        top, bottom = np.clip((y, y + shape[0]), 0, self.grid.shape[0])
        if left < right and top < bottom:
            window = self._reader.read(left, top, right - left, bottom - top)
            values, valid = self._convert(window)
            part = np.s_[top - y : bottom - y, left - x : right - x]
            patch.rgb[part] = np.moveaxis(values * valid, 0, 2)
            patch.valid_mask[part] = valid
        if self.udm2:
            clear = self.udm2.share(Affine.translation(x, y), shape)
            return replace(patch, valid_mask=patch.valid_mask & (clear >= MIN_VALID_SHARE))
        return patch

    def _convert(self, window: WindowRead) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        return self.radiometry.apply(window.values), window.valid

    @cached_property
    def _pixel_m2(self) -> float:
        return abs(float(self.grid.local_plane().from_pixel.determinant))

    def _clear_in(self, region: BaseGeometry, window: Window) -> BaseGeometry:
        clear = clear_area(region, window, self._valid_in)
        return self.udm2.clear_area(polygon_parts(clear)) if self.udm2 else clear

    def _valid_in(self, x: int, y: int, width: int, height: int) -> NDArray[np.bool_]:
        window = self._reader.read(x, y, width, height)
        return window.valid & ~collar_mask(window.values, self._pixel_m2)


def _open_mask(
    metadata: ProductMetadata, grid: Grid
) -> tuple[UsableDataMask | None, tuple[str, ...]]:
    """Return the cloud mask, and the names of masks that cannot be used.

    A mask that the provider names must be usable, else SceneError is raised; one that is only
    called like a mask of the image need not.
    """
    header, opened = metadata.header, None
    if metadata.udm2:
        opened = UsableDataMask.open(metadata.udm2, header, grid, metadata.hidden_classes)
    named = [mask for mask in metadata.likely_masks if mask.is_usable_data_mask]
    for mask in (one for one in named if one.same_name and not opened):
        with suppress(SceneError):
            opened = UsableDataMask.open(mask.path, header, grid)
    used = opened.path.resolve() if opened else None
    others = (
        mask.path.name
        for mask in metadata.likely_masks
        if not (opened and mask in named) and mask.path.resolve() != used
        if not _has_colours(mask.path)
    )
    fitting = (mask.name for mask in header.unused_masks)
    return opened, tuple(dict.fromkeys((*metadata.unused_masks, *fitting, *others)))


def _has_colours(path: Path) -> bool:
    """Return whether `path` is an image of three colours, and so no mask."""
    with suppress(SceneError):
        return read_header(path).colour_bands in (3, 4)
    return False
