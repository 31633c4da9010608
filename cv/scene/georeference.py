"""The grid of an image: its own georeference, or a GSD that the caller gives."""

from __future__ import annotations

import math

import numpy as np

from cv.errors import CoverageError, GeoreferenceError, SceneError
from cv.geometry.grid import Grid
from cv.scene.local_files import FileFormat
from cv.scene.raster_header import RasterHeader

GSD_LIMITS_M = (0.01, 1000.0)
"""Plausible ground sampling distances, metres a pixel."""
_ASSIGN_CRS = "Assign one (gdal_edit.py -a_srs EPSG:...)"
_ASSIGN_BOTH = "Assign both (gdal_edit.py -a_srs EPSG:... -a_ullr WEST NORTH EAST SOUTH)"
_WORLD_FILE = "put a world file and a .prj beside it"
_WITHOUT_PIERS = "; to count it without piers, give its GSD (--gsd X[,Y])."


def image_grid(header: RasterHeader, gsd: float | tuple[float, float] | None) -> Grid:
    """Return the grid of an image: its own, or a local one of pixels of `gsd` metres (x, y).

    Raises SceneError.
    """
    given = (gsd,) if isinstance(gsd, int | float) else gsd or ()
    found = f"a GSD of {' x '.join(f'{metres:g}' for metres in given)} m"
    if header.georeferenced:
        if gsd is None:
            return _own_grid(header)
        limit = "a GSD is only given for an image without georeference"
        found = f"{found} was given for a georeferenced file"
        raise SceneError(header.path, found, limit, "Leave the GSD out.")
    if gsd is None:
        raise _not_georeferenced(header)
    pair = given * 2 if isinstance(gsd, int | float) else given
    if len(pair) != 2 or not all(map(_is_plausible, pair)):
        limit = "one or two numbers (x, y) from {:g} to {:g} m are needed".format(*GSD_LIMITS_M)
        remedy = "Give metres a pixel, for instance 0.3 or 0.34,0.25."
        raise SceneError(header.path, found, limit, remedy)
    return Grid.local(header.shape, (float(pair[0]), float(pair[1])))


def _own_grid(header: RasterHeader) -> Grid:
    crs = header.crs
    if crs is None or not (crs.is_geographic or crs.is_projected):
        found = f"the CRS {crs.name if crs else ''!r} is neither geographic nor projected"
        limit = "a geographic or projected CRS is needed"
        raise SceneError(header.path, found, limit, f"{_ASSIGN_CRS}.")
    values = header.transform[:6]
    if not all(map(math.isfinite, values)) or header.transform.determinant == 0:
        limit = "it must be finite and map pixels to an area"
        raise SceneError(header.path, f"the transform {values}", limit, "Georeference it again.")
    grid = Grid(header.shape, header.transform, crs)
    with np.errstate(invalid="ignore"):
        middle = grid.to_lonlat(np.array([grid.center]))
        gsd = grid.local_plane().gsd_m if np.isfinite(middle).all() else (math.nan, math.nan)
    if not all(map(_is_plausible, gsd)):
        found = f"pixels of {gsd[0]:.4g} x {gsd[1]:.4g} m on the ground"
        limit = "{:g} to {:g} m are believed".format(*GSD_LIMITS_M)
        remedy = "The transform and the CRS do not belong together: correct one of them."
        raise SceneError(header.path, found, limit, remedy)
    return grid


def _not_georeferenced(header: RasterHeader) -> GeoreferenceError:
    if header.control:
        found, remedy = f"located by {header.control} only", "Rectify it first (gdalwarp)"
    elif header.crs is not None:
        found, remedy = "a CRS but no transform", f"Georeference it again, or {_WORLD_FILE}"
    elif not header.transform.is_identity:
        found, remedy = "no CRS", f"{_ASSIGN_CRS}, or put a .prj beside it"
    else:
        found = "no georeference"
        is_tiff = header.format is FileFormat.GEOTIFF
        remedy = f"{_ASSIGN_BOTH}, or {_WORLD_FILE}" if is_tiff else _WORLD_FILE.capitalize()
    limit = "a CRS and a transform, or a GSD, are needed"
    return GeoreferenceError(header.path, found, limit, remedy + _WITHOUT_PIERS)


def no_piers_located(error: GeoreferenceError) -> CoverageError:
    """Return `error` for a caller who locates piers, for which a GSD is not enough."""
    found = f"{error.found}, so no pier can be located in it"
    remedy = error.remedy.removesuffix(_WITHOUT_PIERS)
    return CoverageError(error.subject, found, "a CRS and a transform are needed", f"{remedy}.")


def _is_plausible(gsd_m: float) -> bool:
    return GSD_LIMITS_M[0] <= gsd_m <= GSD_LIMITS_M[1]
