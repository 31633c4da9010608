"""Headers of image files, within limits: GeoTIFF, and PNG or JPEG without georeference.

The driver follows from the first bytes of the file and GDAL never chooses one, so that a VRT, an
HTML page or a web address under an image's name is refused instead of followed. GDAL reads no
other file beside the image; statements in IMAGE.aux.xml, world files and external masks (.msk) are
read by `cv.sidecars`, and come before the file's own as in GDAL (world files after them).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio._err import CPLE_BaseError  # some properties of a damaged file raise it bare
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from cv.errors import SceneError
from cv.io.terminal_text import quantity
from cv.scene.integrity.deflate_blocks import block_location
from cv.scene.integrity.gdal_warnings import damaged_image
from cv.scene.local_files import FileFormat, file_format
from cv.sidecars.pam import BandStatement, read_pam
from cv.sidecars.world_file import read_crs_file, read_world_file

# `image_grid` decides about images without georeference. Filters of the program come first; a
# filter for the time of a read would not be safe with several threads.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, append=True)

MAX_BLOCK_BYTES = 64 * 2**20
"""Largest tile or strip that is decoded at once."""
MAX_BANDS = 8
DTYPES = ("uint8", "uint16", "int16", "float32")
"""Data types that are read."""
_COLOURS = ("red", "green", "blue", "gray", "alpha")
"""Colours of bands that a PAM file may declare."""
_GDAL_OPTIONS = {
    "GDAL_CACHEMAX": 128 * 2**20,  # bytes: in most scenes the blocks under a row of tiles
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",  # that way of reading accepts truncated files
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
}


@dataclass(frozen=True, kw_only=True)
class RasterHeader:
    """What an image file declares about itself."""

    path: Path
    format: FileFormat
    shape: tuple[int, int]
    """Rows, columns."""
    bands: int
    """Number of bands, alpha included."""
    dtype: str
    """One of `DTYPES`."""
    nodata: tuple[float | None, ...]
    """Value of pixels that were never measured, of each band; empty if no band has one."""
    masked: bool
    """Whether the file holds a mask: an internal one, a transparent colour, an alpha band."""
    colours: tuple[str, ...]
    """Colour of each band: "red", "green", "blue", "gray", "alpha", "undefined" ..."""
    georeferenced: bool
    """Whether both a transform and a CRS are declared."""
    transform: Affine
    """Pixels (x, y) to world (x, y)."""
    crs: CRS | None
    """CRS as declared."""
    control: str
    """Other georeference: "ground control points", "rational polynomials", or empty."""
    acquired_tag: str
    """ACQUISITIONDATETIME of the IMAGERY domain (UTC by its definition), or empty."""
    datetime_tag: str
    """TIFFTAG_DATETIME, or empty."""
    description_tag: str
    """TIFFTAG_IMAGEDESCRIPTION, or empty."""
    band_names: tuple[str, ...]
    """Description of each band, or empty."""
    has_classes: bool
    """Whether a band names classes (categories, an attribute table)."""
    mask_file: Path | None = None
    """External mask (.msk) of the same shape: 0 where pixels are not valid."""
    unused_masks: tuple[Path, ...] = ()
    """External masks that do not fit the image."""

    @property
    def alpha(self) -> int:
        """Number of the alpha band, from 1; 0 without one."""
        return self.colours.index("alpha") + 1 if "alpha" in self.colours else 0

    @property
    def rgb_bands(self) -> tuple[int, int, int] | tuple[()]:
        """Numbers of the bands that are declared red, green and blue; empty if they are not."""
        if not {"red", "green", "blue"} <= set(self.colours):
            return ()
        red, green, blue = (self.colours.index(name) + 1 for name in ("red", "green", "blue"))
        return red, green, blue

    @property
    def colour_bands(self) -> int:
        """Number of bands without alpha."""
        return sum(colour != "alpha" for colour in self.colours)


@contextmanager
def gdal_errors(path: Path) -> Iterator[None]:
    """Set GDAL's options, and raise its errors as SceneError about `path`."""
    try:
        with rasterio.Env(**_GDAL_OPTIONS):
            yield
    except (RasterioError, CPLE_BaseError, CRSError, OSError, UnicodeError) as error:
        raise damaged_image(path, _cause(error)) from error


def open_dataset(path: Path, form: FileFormat) -> Any:
    """Return `path` opened by the driver of `form` and no other; call it inside `gdal_errors`."""
    return rasterio.open(str(path), driver=form.value)


def read_header(path: Path) -> RasterHeader:
    """Return the header of image `path`; raises SceneError if it is cut or beyond the limits."""
    form = file_format(path)
    with gdal_errors(path), open_dataset(path, form) as dataset:
        _check_bands(path, dataset)
        _check_blocks(path, dataset)
        header = _header(path, form, dataset)
    return _with_mask_file(_with_statements(header))


def _with_statements(header: RasterHeader) -> RasterHeader:
    """Return `header` with what the PAM file, the world file and the CRS file beside it say."""
    pam = read_pam(header.path)
    bands = [pam.bands.get(number, BandStatement()) for number in range(1, header.bands + 1)]
    own = header.nodata or (None,) * header.bands
    nodata = tuple(
        value if said.nodata is None else said.nodata
        for said, value in zip(bands, own, strict=True)
    )
    inside = None if header.transform.is_identity else header.transform
    transform = pam.transform or inside or read_world_file(header.path)
    crs = pam.crs or header.crs or read_crs_file(header.path)
    return replace(
        header,
        nodata=() if set(nodata) == {None} else nodata,
        colours=tuple(
            said.colour if said.colour in _COLOURS else colour
            for said, colour in zip(bands, header.colours, strict=True)
        ),
        band_names=tuple(
            said.description or name for said, name in zip(bands, header.band_names, strict=True)
        ),
        has_classes=header.has_classes or any(said.has_classes for said in bands),
        georeferenced=transform is not None and crs is not None,
        transform=transform or Affine.identity(),
        crs=_without_height(crs) if crs else None,
        acquired_tag=header.acquired_tag or pam.acquired_tag,
        datetime_tag=header.datetime_tag or pam.datetime_tag,
    )


def _with_mask_file(header: RasterHeader) -> RasterHeader:
    """Return `header` with the external mask beside it, as GDAL writes it (IMAGE.tif.msk)."""
    path = header.path
    names = dict.fromkeys((f"{path.name}.msk", f"{path.name}.MSK", f"{path.stem}.msk"))
    found = [path.with_name(name) for name in names if name != path.name]
    for file in filter(Path.is_file, found):
        if _is_geotiff(file) and read_header(file).shape == header.shape:
            return replace(header, mask_file=file)
        header = replace(header, unused_masks=(*header.unused_masks, file))
    return header


def _is_geotiff(path: Path) -> bool:
    try:
        return file_format(path) is FileFormat.GEOTIFF
    except SceneError:
        return False


def _header(path: Path, form: FileFormat, dataset: Any) -> RasterHeader:
    is_tiff, transform = form is FileFormat.GEOTIFF, dataset.transform
    crs = CRS.from_wkt(dataset.crs.to_wkt(version="WKT2_2019")) if dataset.crs else None
    crs = _without_height(crs) if is_tiff and crs else None
    has_transform = is_tiff and not transform.is_identity and any(transform[:6])
    control = "rational polynomials" if dataset.rpcs else ""
    return RasterHeader(
        path=path,
        format=form,
        shape=(dataset.height, dataset.width),
        bands=dataset.count,
        dtype=dataset.dtypes[0],
        nodata=() if set(dataset.nodatavals) == {None} else tuple(dataset.nodatavals),
        masked=any(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums),
        colours=tuple(colour.name for colour in dataset.colorinterp),
        georeferenced=has_transform and crs is not None,
        transform=transform if has_transform else Affine.identity(),
        crs=crs,
        control="ground control points" if dataset.gcps[0] else control,
        acquired_tag=_tag(dataset, "ACQUISITIONDATETIME", "IMAGERY"),
        datetime_tag=_tag(dataset, "TIFFTAG_DATETIME"),
        description_tag=_tag(dataset, "TIFFTAG_IMAGEDESCRIPTION"),
        band_names=tuple(name or "" for name in _band_names(dataset)),
        has_classes=False,
    )


def _tag(dataset: Any, name: str, domain: str | None = None, band: int = 0) -> str:
    """Return one tag; empty if it is absent or not in UTF-8."""
    try:
        return dataset.get_tag_item(name, domain, bidx=band) or ""
    except UnicodeDecodeError:
        return ""


def _check_bands(path: Path, dataset: Any) -> None:
    types, bits = set(dataset.dtypes), _tag(dataset, "NBITS", "IMAGE_STRUCTURE", 1)
    few_bits = bits in ("1", "2", "4")
    if not 1 <= dataset.count <= MAX_BANDS:
        found, limit = quantity(dataset.count, "band"), f"1 to {MAX_BANDS} bands are read"
        remedy = "Keep the bands of the visible light (gdal_translate -b)."
    elif len(types) != 1 or not types <= set(DTYPES) or few_bits:
        found = f"data type {f'{bits} bits a pixel' if few_bits else ', '.join(sorted(types))}"
        limit = f"one of {', '.join(DTYPES)} is read, the same in all bands"
        remedy = "Convert it (gdal_translate -ot)."
    elif _tag(dataset, "MINISWHITE", "IMAGE_STRUCTURE") == "YES":
        found = "white is stored as 0 (photometric MINISWHITE)"
        limit = "brightness must rise with the stored values"
        remedy = "Convert it (gdal_translate -scale 0 255 255 0 -co PHOTOMETRIC=MINISBLACK)."
    elif ColorInterp.palette in dataset.colorinterp:
        found, limit = "colours from a palette", "bands must hold brightness"
        remedy = "Expand the palette (gdal_translate -expand rgb)."
    else:
        return
    raise SceneError(path, found, limit, remedy)


def _check_blocks(path: Path, dataset: Any) -> None:
    rows, columns = dataset.block_shapes[0]
    size = rows * columns * np.dtype(dataset.dtypes[0]).itemsize
    if dataset.interleaving is not None and dataset.interleaving.value == "PIXEL":
        size *= dataset.count
    if size > MAX_BLOCK_BYTES:
        found = f"blocks of {columns} x {rows} pixels, {size} bytes"
        limit = f"a block has at most {MAX_BLOCK_BYTES} bytes"
        raise SceneError(path, found, limit, "Write it in tiles (gdal_translate -of COG).")
    if dataset.driver == FileFormat.GEOTIFF.value:
        _check_length(path, dataset)


def _check_length(path: Path, dataset: Any) -> None:
    """Refuse a GeoTIFF with blocks beyond the end of the file, or that were never written.

    Missing blocks are accepted where the file declares that their pixels are not valid.
    """
    rows, columns = dataset.block_shapes[0]
    across, down = -(-dataset.width // columns), -(-dataset.height // rows)
    size = path.stat().st_size
    _check_size(path, size, across * down * 4)  # bytes of the smallest index of blocks
    all_valid = all(MaskFlags.all_valid in flags for flags in dataset.mask_flag_enums)
    planes = dataset.indexes if dataset.interleaving.name == "band" else (1,)
    for i, j, band in product(range(across), range(down), planes):
        location = block_location(dataset, i, j, band)
        if location is not None:
            _check_size(path, size, sum(location))
        elif all_valid:
            found = f"the block in column {i}, row {j} of band {band} was never written"
            limit = "pixels are measured, or declared not to be (nodata, mask, alpha)"
            raise SceneError(path, found, limit, "Copy or download the file again.")


def _check_size(path: Path, size: int, needed: int) -> None:
    if size < needed:
        found, limit = f"truncated: {size} bytes", f"its pixels need {needed} bytes at least"
        raise SceneError(path, found, limit, "Copy or download the file again.")


def _band_names(dataset: Any) -> tuple[str | None, ...]:
    try:
        return tuple(dataset.descriptions)
    except UnicodeDecodeError:
        return (None,) * int(dataset.count)


def _without_height(crs: CRS) -> CRS:
    return crs.sub_crs_list[0] if crs.is_compound else crs


def _cause(error: BaseException) -> str:
    text = str(error.__cause__ or error).strip() or type(error).__name__
    return " ".join(text.split())[:200]
