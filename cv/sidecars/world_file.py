"""World files (.tfw, .pgw, .jgw, .wld) and CRS files (.prj) beside an image.

A world file holds six numbers: x and y of a step along a row, of a step down a column
(A, D, B, E), and x and y of the centre of the first pixel (C, F).
"""

from __future__ import annotations

import math
from pathlib import Path

from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from cv.errors import SceneError
from cv.sidecars.metadata_loader import METADATA
from cv.sidecars.pam import PamStatements, read_pam


def world_file(image: Path) -> Path | None:
    """Return the world file of `image`, by its name; None without one."""
    ending = image.suffix[1:].lower()
    short = f".{ending[:1]}{ending[-1:]}w" if ending else ".wld"
    endings = (short, f".{ending}w", ".wld")
    return _beside(image, *dict.fromkeys(endings))


def has_georeference_beside(image: Path) -> bool:
    """Return whether a world file and a CRS file, or a PAM file with both, lie beside `image`."""
    if world_file(image) and _beside(image, ".prj"):
        return True
    try:
        pam = read_pam(image)
    except SceneError:
        pam = PamStatements()
    return bool((pam.transform or world_file(image)) and (pam.crs or _beside(image, ".prj")))


def read_world_file(image: Path) -> Affine | None:
    """Return pixels (x, y) to world (x, y) by the world file of `image`; raises SceneError."""
    path = world_file(image)
    if path is None:
        return None
    text = METADATA.read_text(path)
    try:
        a, d, b, e, c, f = map(float, text.replace(",", ".").split())
        if not all(map(math.isfinite, (a, b, c, d, e, f))) or a * e == b * d:
            raise ValueError("its pixels have no area")
    except ValueError as error:
        limit, remedy = "six numbers are needed", "Correct or remove the file."
        raise SceneError(path, f"not a world file ({error})", limit, remedy) from error
    return Affine(a, b, c, d, e, f) @ Affine.translation(-0.5, -0.5)


def read_crs_file(image: Path) -> CRS | None:
    """Return the CRS in the .prj file beside `image`; None without one. Raises SceneError."""
    path = _beside(image, ".prj")
    if path is None:
        return None
    try:
        return CRS.from_user_input(METADATA.read_text(path).strip())
    except CRSError as error:
        limit, remedy = "a CRS as WKT is needed", "Correct or remove the file."
        raise SceneError(path, "not a CRS", limit, remedy) from error


def _beside(image: Path, *endings: str) -> Path | None:
    names = (image.stem + form(ending) for ending in endings for form in (str.lower, str.upper))
    return next((path for path in map(image.with_name, names) if path.is_file()), None)
