"""Planet deliveries: an image with the metadata and the usable data mask beside it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from cv.errors import SceneError, TimeError
from cv.scene.acquisition_time import parse_time
from cv.scene.local_files import file_names
from cv.scene.providers.acquisition_conditions import conditions_of_properties
from cv.scene.providers.metadata_files import planet_xml_conditions
from cv.scene.providers.planet_filenames import (
    PlanetAsset,
    find_mask,
    find_metadata,
    parse_filename,
)
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Radiometry, reflectance_limits
from cv.scene.raster_header import RasterHeader
from cv.sidecars.metadata_loader import METADATA


def planet_metadata(header: RasterHeader) -> ProductMetadata | None:
    """Return what the name of an image and the files beside it declare.

    None if it is not named like one of Planet's. Raises SceneError for a mask, and for damaged
    metadata.
    """
    image = header.path
    asset = parse_filename(image.name)
    if asset is None:
        return None
    if asset.values == "mask":
        remedy = "Give the image beside it; its mask is found by its name."
        raise SceneError(image, "a usable data mask", "an image is needed", remedy)
    names = file_names(image.parent)
    json_path = image.parent / f"{asset.item}_metadata.json"
    properties = _json_properties(json_path, asset.item) if json_path.name in names else {}
    xml_path = image.parent / (find_metadata(asset, names) or "")
    xml = METADATA.read_xml(xml_path) if xml_path != image.parent else Element("none")
    times = (
        (json_path, properties.get("acquired") or properties.get("datetime")),
        (xml_path, xml.findtext(".//{*}acquisitionDateTime")),
    )
    declared = (parse_time(path, text) for path, text in times if text and isinstance(text, str))
    mask = find_mask(asset, names)
    return ProductMetadata(
        id=asset.item,
        header=header,
        acquired=next(declared, None) or _time_in_name(image, asset.item),
        radiometry=asset.profile or _calibration(asset, header, xml),
        bands=asset.bands,
        udm2=image.parent / mask if mask else None,
        conditions=conditions_of_properties(properties).completed(planet_xml_conditions(xml)),
    )


def _json_properties(path: Path, item: str) -> dict[str, Any]:
    document = METADATA.read_json_object(path)
    if document.get("id", item) != item:
        found, limit = (
            f"metadata of {str(document['id'])[:60]!r}",
            f"the item beside it is {item!r}",
        )
        raise SceneError(path, found, limit, "Put each item's own metadata beside it.")
    properties = document.get("properties")
    return properties if isinstance(properties, dict) else {}


def _time_in_name(image: Path, item: str) -> datetime:
    try:
        return datetime.strptime(item[:15], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        limit = "Planet's names begin with one"
        raise TimeError(image, f"no time ({error})", limit, "Correct the name.") from error


def _calibration(asset: PlanetAsset, header: RasterHeader, xml: Element) -> Radiometry | str | None:
    """Return limits in top-of-atmosphere reflectance for a radiance product.

    The coefficients of PlanetScope are in the XML, those of SkySat in the image description.
    Without them SkySat's analytic product has the fixed limits of its profile, and all others stay
    undeclared (None).
    """
    if asset.planetscope:
        scales = _xml_coefficients(xml, header.colour_bands)
    else:
        scales = _description_coefficients(header.description_tag)
    chosen = [scales[band - 1] if band <= len(scales) else math.nan for band in asset.bands]
    if all(0 < scale < 1 for scale in chosen):
        name = "planetscope-toa" if asset.planetscope else "skysat-toa"
        return reflectance_limits(name, asset.bands, chosen)
    fixed = not asset.planetscope and (asset.kind, asset.values) == ("analytic", "radiance")
    return "skysat-analytic" if fixed else None


def _xml_coefficients(xml: Element, bands: int) -> list[float]:
    """Return the reflectance of one stored unit for each of `bands`; empty if undeclared."""
    numbered = {
        band.findtext(".//{*}bandNumber", "").strip(): band.findtext(".//{*}reflectanceCoefficient")
        for band in xml.iterfind(".//{*}bandSpecificMetadata")
    }
    if len(numbered) != bands:
        return []  # metadata of another product of the item
    return _numbers([numbered.get(str(band)) for band in range(1, bands + 1)])


def _description_coefficients(description: str) -> list[float]:
    """Return the reflectance of one stored unit for each band, from SkySat's description tag."""
    try:
        return _numbers(json.loads(description)["properties"]["reflectance_coefficients"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return []  # a description in words


def _numbers(values: list[Any]) -> list[float]:
    """Return `values` as numbers; empty if one of them is none."""
    try:
        return [float(value) for value in values]
    except (ValueError, TypeError, OverflowError):
        return []
