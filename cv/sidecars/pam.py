"""GDAL's Persistent Auxiliary Metadata (PAM): IMAGE.aux.xml beside an image.

They are read here and not by GDAL, which would follow any file that they name. Format:
https://gdal.org/en/stable/drivers/raster/gtiff.html and gcore/data/gdalvrt.xsd of GDAL.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from cv.errors import SceneError
from cv.sidecars.metadata_loader import METADATA


@dataclass(frozen=True)
class BandStatement:
    """What a PAM file says about one band."""

    nodata: float | None = None
    colour: str = ""
    """Colour interpretation in lower case, such as "red"; empty if undeclared."""
    description: str = ""
    has_classes: bool = False
    """Whether it names categories or has an attribute table."""


@dataclass(frozen=True)
class PamStatements:
    """What a PAM file says about an image."""

    transform: Affine | None = None
    """Pixels (x, y) to world (x, y)."""
    crs: CRS | None = None
    bands: dict[int, BandStatement] = field(default_factory=dict)
    """By number, from 1."""
    acquired_tag: str = ""
    """ACQUISITIONDATETIME of the IMAGERY domain."""
    datetime_tag: str = ""
    """TIFFTAG_DATETIME."""


def read_pam(image: Path) -> PamStatements:
    """Return what IMAGE.aux.xml says; nothing without such a file. Raises SceneError if damaged."""
    path = image.with_name(image.name + ".aux.xml")
    if not path.is_file():
        return PamStatements()
    root = METADATA.read_xml(path)
    if root.tag != "PAMDataset":
        return PamStatements()
    srs = (root.findtext("SRS") or "").strip()
    try:
        return PamStatements(
            transform=_transform(root),
            crs=CRS.from_user_input(srs) if srs else None,
            bands=dict(_band(node) for node in root.iterfind("PAMRasterBand")),
            acquired_tag=_item(root, "ACQUISITIONDATETIME", "IMAGERY"),
            datetime_tag=_item(root, "TIFFTAG_DATETIME", ""),
        )
    except (ValueError, CRSError, struct.error) as error:
        limit, remedy = "statements as GDAL writes them are needed", "Correct or remove the file."
        raise SceneError(path, f"not a PAM file ({str(error)[:120]})", limit, remedy) from error


def _transform(root: Element) -> Affine | None:
    text = root.findtext("GeoTransform")
    if text is None:
        return None
    numbers = [float(number) for number in text.split(",")]
    if len(numbers) != 6 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"the GeoTransform {text.strip()[:60]!r}")
    return Affine.from_gdal(*numbers)


def _band(node: Element) -> tuple[int, BandStatement]:
    names = node.find("CategoryNames"), node.find("GDALRasterAttributeTable")
    return int(node.get("band", "1")), BandStatement(
        nodata=_nodata(node.find("NoDataValue")),
        colour=(node.findtext("ColorInterp") or "").strip().lower(),
        description=(node.findtext("Description") or "").strip(),
        has_classes=any(found is not None and len(found) > 0 for found in names),
    )


def _nodata(node: Element | None) -> float | None:
    if node is None:
        return None
    exact = node.get("le_hex_equiv", "")
    if len(exact) == 16:  # the eight bytes of the number, the least significant first
        return float(struct.unpack("<d", bytes.fromhex(exact))[0])
    return float((node.text or "").strip())


def _item(root: Element, key: str, domain: str) -> str:
    for group in root.iterfind("Metadata"):
        if (group.get("domain") or "") == domain:
            for item in group.iterfind("MDI"):
                if item.get("key") == key:
                    return (item.text or "").strip()
    return ""
