"""Views as files and sites: what a user would deliver and draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from cv import Pier, PierRole, Site
from cv.geometry.oriented_boxes import transform_geometry
from robustness_bench.pier_view import Bools, PierView

PIER = "pier"
"""Name of the pier of every site."""
_CRS = "EPSG:32652"
_TO_MAP = Affine(1, 0, 500_000.0, 0, -1, 4_200_000.0)
"""Ground metres of a view to metres in `_CRS`; near its central meridian, where scale is true."""
_UDM2_CLEAR, _UDM2_CLOUD, _UDM2_BANDS = 0, 5, 8


def write_view(
    path: Path,
    view: PierView,
    values: NDArray[np.generic] | None = None,
    **options: Any,
) -> None:
    """Write `view` as an uncompressed, georeferenced GeoTIFF of its bands.

    `values` (rows, columns, bands) are stored instead of its image; `options` are those of GDAL.
    """
    stored = view.image if values is None else values
    colours = "RGB" if stored.shape[2] == 3 else "MINISBLACK"
    _write(path, view, np.moveaxis(stored, 2, 0), photometric=colours, **options)


def write_udm2(path: Path, view: PierView, hidden: Bools) -> None:
    """Write a usable data mask of Planet's for `view`: cloud where `hidden`, clear elsewhere."""
    bands = np.zeros((_UDM2_BANDS, *view.shape), np.uint8)
    bands[_UDM2_CLEAR], bands[_UDM2_CLOUD] = ~hidden, hidden
    _write(path, view, bands)


def state_time(path: Path, text: str) -> None:
    """Put the time `text` (ISO 8601, with a zone) into the tags of an image."""
    with rasterio.open(path, "r+") as file:
        file.update_tags(TIFFTAG_DATETIME=text)


def site_of(view: PierView) -> Site:
    """Return the site of the view's pier.

    Where ships are not known, its berth is a square metre of it: no hulls are asked for.
    """
    outline = transform_geometry(view.outline, _TO_MAP)
    if view.ships:
        berth = transform_geometry(view.ships.berth, _TO_MAP)
    else:
        square = outline.representative_point().buffer(0.5, cap_style="square")
        berth = square.intersection(outline)
    return Site("bench", (Pier(PIER, PierRole.YARD, outline, berth),), CRS.from_user_input(_CRS))


def to_ground_m(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry in longitude and latitude in ground metres of a view."""
    to_map = Transformer.from_crs("OGC:CRS84", _CRS, always_xy=True)
    mapped = shapely.transform(geometry, lambda p: np.column_stack(to_map.transform(*p.T)))
    return transform_geometry(mapped, ~_TO_MAP)


def _write(path: Path, view: PierView, bands: NDArray[np.generic], **options: Any) -> None:
    count, rows, columns = bands.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=count,
        dtype=bands.dtype,
        crs=_CRS,
        transform=_TO_MAP @ view.to_ground,
        **options,
    ) as file:
        file.write(bands)
