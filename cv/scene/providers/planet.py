"""Planet deliveries: an image with the metadata and the usable data mask beside it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self
from xml.etree.ElementTree import Element

from cv.errors import SceneError, TimeError
from cv.scene.acquisition_time import parse_time
from cv.scene.local_files import METADATA, file_names
from cv.scene.providers.planet_filenames import (
    PlanetAsset,
    find_mask,
    find_metadata,
    parse_filename,
)
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Radiometry, reflectance_limits
from cv.scene.raster_header import RasterHeader


@dataclass(frozen=True, eq=False)
class PlanetDelivery:
    """The files of one Planet item around an image."""

    image: Path
    """The image file, absolute."""
    asset: PlanetAsset
    """What the name of the image declares."""
    names: list[str]
    """Names of all files in its folder, sorted."""

    @classmethod
    def find(cls, image: Path) -> Self | None:
        """Return the delivery of `image`; None if it is not named like one of Planet's.

        Raises SceneError for a mask.
        """
        asset = parse_filename(image.name)
        if asset is None:
            return None
        if asset.values == "mask":
            raise SceneError(
                image,
                "a usable data mask",
                "an image is needed",
                "Give the image beside it; its mask is found by its name.",
            )
        return cls(image, asset, file_names(image.parent))

    def metadata(self) -> ProductMetadata:
        """Return what the files declare; raises SceneError for damaged metadata."""
        mask = find_mask(self.asset, self.names)
        return ProductMetadata(
            id=self.asset.item,
            image=self.image,
            acquired=self._acquired(),
            radiometry=self.asset.profile,
            bands=self.asset.bands,
            udm2=self.image.parent / mask if mask else None,
            calibration=self.calibration,
        )

    def calibration(self, header: RasterHeader) -> Radiometry | str | None:
        """Return limits in top-of-atmosphere reflectance for a radiance product.

        The coefficients of PlanetScope are in the XML, those of SkySat in the image description of
        the file with `header`. Without them SkySat's analytic product has the fixed limits of its
        profile, and all others stay undeclared (None).
        """
        asset = self.asset
        if asset.values not in ("radiance", "counts"):
            return None
        if asset.planetscope:
            scales = self._xml_coefficients(header.colour_bands)
        else:
            scales = _description_coefficients(header.description_tag)
        chosen = [scales[band - 1] if band <= len(scales) else math.nan for band in asset.bands]
        if all(0 < scale < 1 for scale in chosen):
            name = "planetscope-toa" if asset.planetscope else "skysat-toa"
            return reflectance_limits(name, asset.bands, chosen)
        fixed = not asset.planetscope and (asset.kind, asset.values) == ("analytic", "radiance")
        return "skysat-analytic" if fixed else None

    def _acquired(self) -> datetime:
        """Return the time in the JSON, else in the XML, else in the name (UTC)."""
        beside = f"{self.asset.item}_metadata.json"
        if beside in self.names:
            path = self.image.parent / beside
            text = _json_time(path, self.asset.item)
            if text:
                return parse_time(path, text)
        if self._xml:
            text = self._xml[1].findtext(".//{*}acquisitionDateTime") or ""
            if text:
                return parse_time(self._xml[0], text)
        try:
            return datetime.strptime(self.asset.item[:15], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise TimeError(
                self.image,
                f"no time ({error})",
                "Planet's names begin with one",
                "Correct the name.",
            ) from error

    @cached_property
    def _xml(self) -> tuple[Path, Element] | None:
        """The XML metadata of the image: its path and root element."""
        name = find_metadata(self.asset, self.names)
        path = self.image.parent / name if name else None
        return (path, METADATA.read_xml(path)) if path else None

    def _xml_coefficients(self, bands: int) -> list[float]:
        """Return the reflectance of one stored unit for each of `bands`; empty if undeclared."""
        numbered = {}
        for band in self._xml[1].iterfind(".//{*}bandSpecificMetadata") if self._xml else ():
            number = band.findtext(".//{*}bandNumber")
            scale = band.findtext(".//{*}reflectanceCoefficient")
            if number is not None and scale is not None:
                numbered[number.strip()] = _number(scale)
        if len(numbered) != bands:
            return []  # metadata of another product of the item
        return [numbered.get(str(band), math.nan) for band in range(1, bands + 1)]


def _json_time(path: Path, item: str) -> str:
    document = METADATA.read_json_object(path)
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


def _description_coefficients(description: str) -> list[float]:
    """Return the reflectance of one stored unit for each band, from SkySat's description tag."""
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
