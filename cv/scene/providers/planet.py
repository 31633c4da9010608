"""Planet deliveries: an asset with its metadata and its usable data mask beside it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from cv.errors import SceneError, TimeError
from cv.scene import acquisition_time, local_files
from cv.scene.providers.planet_filenames import (
    PlanetAsset,
    find_mask,
    find_metadata,
    parse_filename,
)
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Radiometry
from cv.scene.raster_header import RasterHeader

_BRIGHT = 0.5  # top-of-atmosphere reflectance that becomes white
_GAMMA = 1.5


def find_delivery(path: Path) -> ProductMetadata | None:
    """The delivery that image `path` belongs to; None if it is not named like one.

    Raises SceneError for a mask, and for metadata that are damaged or of another item.
    """
    asset = parse_filename(path.name)
    if asset is None:
        return None
    if asset.values == "mask":
        raise SceneError(
            path,
            "a usable data mask",
            "an image is needed",
            "Give the image beside it; its mask is found by its name.",
        )
    names = local_files.sibling_names(path)
    mask = find_mask(asset, names)
    return ProductMetadata(
        asset.item,
        path,
        _acquired(path, asset, names),
        asset.profile,
        asset.bands,
        path.parent / mask if mask else None,
    )


def with_calibration(delivery: ProductMetadata, header: RasterHeader) -> ProductMetadata:
    """`delivery` with limits for a radiance product, from the coefficients in its metadata.

    They turn stored values into top-of-atmosphere reflectance: PlanetScope's are in its XML,
    SkySat's in the image description of the file. Without any, SkySat's analytic product has the
    fixed limits of its profile, and all others stay undeclared.
    """
    asset = parse_filename(delivery.image.name)
    if asset is None or asset.values not in ("radiance", "counts") or delivery.radiometry:
        return delivery
    scales = _scales(delivery.image, asset, header)
    chosen = [scales[band - 1] if band <= len(scales) else math.nan for band in asset.bands]
    if all(0 < scale < 1 for scale in chosen):
        red, green, blue = (_BRIGHT / scale for scale in chosen)
        name = "planetscope-toa" if asset.planetscope else "skysat-toa"
        limits = Radiometry(name, asset.bands, (0.0, 0.0, 0.0), (red, green, blue), _GAMMA)
        return replace(delivery, radiometry=limits)
    if not asset.planetscope and (asset.kind, asset.values) == ("analytic", "radiance"):
        return replace(delivery, radiometry="skysat-analytic")
    return delivery


def _acquired(path: Path, asset: PlanetAsset, names: list[str]) -> datetime:
    """The time in the JSON, else in the XML, else in the name, which Planet gives in UTC."""
    beside = f"{asset.item}_metadata.json"
    if beside in names:
        text = _json_time(path.parent / beside, asset.item)
        if text:
            return acquisition_time.parse_time(path.parent / beside, text)
    xml = find_metadata(asset, names)
    if xml:
        element = _first(local_files.METADATA.read_xml(path.parent / xml), "acquisitionDateTime")
        if element is not None and element.text:
            return acquisition_time.parse_time(path.parent / xml, element.text)
    try:
        return datetime.strptime(asset.item[:15], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise TimeError(
            path, f"no time ({error})", "Planet's names begin with one", "Correct the name."
        ) from error


def _json_time(path: Path, item: str) -> str:
    document = local_files.METADATA.read_json_object(path)
    if document.get("id", item) != item:
        raise SceneError(
            path,
            f"metadata of {str(document['id'])[:60]!r}",
            f"the item beside it is {item!r}",
            "Put each item's own metadata beside it.",
        )
    properties = document.get("properties")
    declared = properties if isinstance(properties, dict) else {}
    time = declared.get("acquired") or declared.get("datetime")
    return time if isinstance(time, str) else ""


def _scales(path: Path, asset: PlanetAsset, header: RasterHeader) -> list[float]:
    """Reflectance of one stored unit in each band, in the order of bands; empty if not declared."""
    if not asset.planetscope:
        return _description_scales(header.description_tag)
    xml = find_metadata(asset, local_files.sibling_names(path))
    if xml is None:
        return []
    numbered = {}
    for band in _all(local_files.METADATA.read_xml(path.parent / xml), "bandSpecificMetadata"):
        number, scale = _first(band, "bandNumber"), _first(band, "reflectanceCoefficient")
        if number is not None and scale is not None:
            numbered[(number.text or "").strip()] = _number(scale.text)
    if len(numbered) != header.colour_bands:
        return []  # metadata of another product of the item
    return [numbered.get(str(band), math.nan) for band in range(1, header.colour_bands + 1)]


def _description_scales(description: str) -> list[float]:
    try:
        document = json.loads(description or "{}")
    except (ValueError, RecursionError):
        return []  # a description in words
    properties = document.get("properties") if isinstance(document, dict) else None
    scales = properties.get("reflectance_coefficients") if isinstance(properties, dict) else None
    return [_number(scale) for scale in scales] if isinstance(scales, list) else []


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _all(root: Element, name: str) -> list[Element]:
    """Elements called `name` in any namespace."""
    return [element for element in root.iter() if str(element.tag).rpartition("}")[2] == name]


def _first(root: Element, name: str) -> Element | None:
    return next(iter(_all(root, name)), None)
