"""Scene: one acquisition, its pixels, grid, time and visibility."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.errors import SceneError
from cv.geometry.grid import Grid
from cv.geometry.patch import Patch
from cv.scene import acquisition_time, local_files
from cv.scene.acquisition_time import NamePattern
from cv.scene.block_average import average_blocks
from cv.scene.georeference import image_grid
from cv.scene.nodata_collar import collar_mask
from cv.scene.providers import planet
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.providers.sensor_profiles import Declared, choose_radiometry, parse_radiometry
from cv.scene.providers.udm2 import UsableDataMask
from cv.scene.radiometry import PercentileStretch, Radiometry
from cv.scene.raster_header import RasterHeader, read_header
from cv.scene.raster_reader import RasterReader, WindowRead
from cv.scene.resampling import HALF, empty_patch, is_pixel_aligned, resample_patch, source_window
from cv.scene.visibility import Visibility, VisibilityQuery, Window, clear_area, polygon_parts

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
    udm2: UsableDataMask | None
    """The usable data mask delivered with it, if any."""
    _source: RasterReader = field(repr=False)

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
        """The scene in `path`: a GeoTIFF, a PNG or JPEG, a Planet asset, or a STAC Item (JSON).

        `gsd`, metres a pixel (both, or x, y), is for images without georeference only.
        `radiometry` is the name of a profile, "limits:LOW-HIGH[:R,G,B]",
        "percentile[:LOW-HIGH][:R,G,B]" or a Radiometry; None: as the metadata declare, or 8-bit
        colour. `acquired` is the time with its zone; else metadata tell it, else the name after
        `time_pattern` (see NamePattern.parse), else tags; else there is none. Raises SceneError,
        RadiometryError, TimeError.
        """
        wanted = parse_radiometry(radiometry) if isinstance(radiometry, str) else radiometry
        pattern = NamePattern.parse(time_pattern) if isinstance(time_pattern, str) else time_pattern
        delivery = _delivery(local_files.local_file(path)).checked()
        _check_id(delivery)
        header = read_header(delivery.image)
        grid = image_grid(header, gsd)
        delivery = planet.with_calibration(delivery, header)
        chosen = choose_radiometry(header, delivery, wanted)
        if isinstance(chosen, PercentileStretch):
            chosen = _measured(chosen, header)
        return cls(
            delivery.id,
            delivery.image,
            grid,
            _time(delivery, header, acquired, pattern),
            chosen,
            UsableDataMask.open(delivery.udm2, header, grid) if delivery.udm2 else None,
            RasterReader.of(header, chosen.bands),
        )

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        """The patch of `shape` (rows, columns) whose pixels (x, y) `to_pixel` maps to the scene's.

        Downsampling averages (no aliasing), upsampling interpolates. What lies outside the scene
        was not seen. Any number of threads may read. Raises SceneError on a damaged file.
        """
        if is_pixel_aligned(to_pixel):
            return self._cut(round(to_pixel.c), round(to_pixel.f), shape)
        window = source_window(to_pixel, shape, self.grid.shape)
        if window is None:
            return empty_patch(shape)
        samples = average_blocks(self._source, window, 3, self._convert)
        clear = self.udm2.share(to_pixel, shape) if self.udm2 else np.ones(shape, np.float32)
        return resample_patch(samples, ~window.to_pixel @ to_pixel, clear)

    def visibility(self, region: BaseGeometry) -> Visibility:
        """How much of `region` was seen: valid, not blank, and not under what a UDM2 tells of.

        `region` is in pixels (x, y) of the scene and may reach beyond it.
        """
        return self.judged(self.visibility_query(region))

    def visibility_query(self, region: BaseGeometry) -> VisibilityQuery:
        """What has to be looked at for the `visibility` of `region`, part by part.

        A part that is looked at when its pixels are read anyway is decoded once for both.
        """
        area = polygon_parts(shapely.make_valid(region))
        return VisibilityQuery.of(area, self.grid.shape, self._clear_in)

    def judged(self, survey: VisibilityQuery) -> Visibility:
        """The visibility that a `survey` of this scene comes to."""
        return Visibility.of(survey.region, survey.clear, self.basis)

    @property
    def basis(self) -> str:
        """What its visibility rests on, see Visibility."""
        return "udm2" if self.udm2 else "mask"

    @cached_property
    def digest(self) -> str:
        """sha256 of the image file, hexadecimal."""
        return local_files.scene_digest(self.path)

    @cached_property
    def mask_digest(self) -> str:
        """sha256 of the UDM2 file, hexadecimal; empty without one."""
        return local_files.scene_digest(self.udm2.path) if self.udm2 else ""

    def close(self) -> None:
        """Close its files; a later read opens them again."""
        self._source.close()
        if self.udm2:
            self.udm2.close()

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that it is read from."""
        return (self.path, self.udm2.path) if self.udm2 else (self.path,)

    def _cut(self, x: int, y: int, shape: tuple[int, int]) -> Patch:
        """The patch that begins at pixel x, y, pixel for pixel."""
        patch = empty_patch(shape)
        left, right = np.clip((x, x + shape[1]), 0, self.grid.shape[1])
        top, bottom = np.clip((y, y + shape[0]), 0, self.grid.shape[0])
        if left < right and top < bottom:
            strip = self._source.strip(left, top, right - left, bottom - top, (1, 1))
            values, valid = self._convert(strip)
            part = np.s_[top - y : bottom - y, left - x : right - x]
            patch.rgb[part] = np.moveaxis(values if valid.all() else values * valid, 0, 2)
            patch.valid_mask[part] = valid
        if self.udm2:
            clear = self.udm2.share(Affine.translation(x, y), shape)
            return replace(patch, valid_mask=patch.valid_mask & (clear >= HALF))
        return patch

    def _convert(self, strip: WindowRead) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        return self.radiometry.apply(strip.values), strip.valid

    @cached_property
    def _pixel_m2(self) -> float:
        return abs(float(self.grid.local_plane().from_pixel.determinant))

    def _clear_in(self, region: BaseGeometry, window: Window) -> BaseGeometry:
        clear = clear_area(region, window, self._seen_in)
        return self.udm2.clear_area(polygon_parts(clear)) if self.udm2 else clear

    def _seen_in(self, x: int, y: int, width: int, height: int) -> NDArray[np.bool_]:
        strip = self._source.strip(x, y, width, height, (1, 1))
        return strip.valid & ~collar_mask(strip.values, self._pixel_m2)


def _delivery(path: Path) -> ProductMetadata:
    if local_files.file_format(path) is local_files.FileFormat.JSON:
        from cv.scene.providers import stac_item  # only here, for pystac's sake

        return stac_item.read_stac_item(path)
    return planet.find_delivery(path) or ProductMetadata.plain(path)


def _check_id(delivery: ProductMetadata) -> None:
    """Raises SceneError for an id that is no text: JSON may hold what no file or table can."""
    try:
        delivery.id.encode()
    except UnicodeEncodeError:
        pass
    else:
        if "\0" not in delivery.id:
            return
    raise SceneError(
        delivery.image,
        f"it is called {delivery.id!r}",
        "an id that is valid Unicode, without NUL, is needed",
        "Correct the id of its Item.",
    )


def _time(
    delivery: ProductMetadata,
    header: RasterHeader,
    acquired: datetime | None,
    pattern: NamePattern | None,
) -> datetime | None:
    if acquired is not None:
        return acquisition_time.to_utc(delivery.image, acquired)
    if delivery.acquired is not None:
        return delivery.acquired
    return pattern.time_of(delivery.image) if pattern else acquisition_time.time_from_tags(header)


def _measured(percentiles: PercentileStretch, header: RasterHeader) -> Radiometry:
    source = RasterReader.of(header, percentiles.bands)
    values = source.sample(_STRETCH_PIXELS)
    source.close()
    return percentiles.measured(values)
