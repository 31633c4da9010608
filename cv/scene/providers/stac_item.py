"""STAC Items on disk (versions 1.0 and 1.1): their image, its time, bands and checksums.

Nothing is downloaded: an asset that is not a file in the Item's folder is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from cv.errors import SceneError
from cv.scene.acquisition_time import parse_time
from cv.scene.integrity.checksums import Checksum
from cv.scene.local_files import METADATA, local_file
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Bands, Radiometry, reflectance_limits

_IMAGES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
_NOT_IMAGES = {
    *("thumbnail", "overview", "metadata"),
    *("data-mask", "cloud", "cloud-shadow", "snow-ice"),
}
"""Roles of assets that are not the image."""
_PREFERENCE = ("visual", "pansharpened", "analytic", "panchromatic", "data", "image")
"""Words in the key or role of an image, the preferred ones first."""
_MAX_DURATION = timedelta(hours=1)
"""Longest time range whose start is taken for the acquisition time."""


def stac_type(document: dict[str, Any]) -> object:
    """Return the type of a STAC document ("Feature", "Catalog" ...); None for other JSON."""
    return document.get("type") if "stac_version" in document else None


@dataclass(frozen=True, eq=False)
class StacAsset:
    """One asset of an Item."""

    key: str
    """Its key in the Item."""
    href: str
    fields: dict[str, Any]
    """All that the Item declares about it."""

    @property
    def _name(self) -> str:
        return Path(self.href.lower().partition("?")[0]).name

    @property
    def preference(self) -> int | None:
        """Rank in `_PREFERENCE` by key or role; None for what is not an image."""
        declared = self.fields.get("roles")
        roles = {str(role).lower() for role in declared} if isinstance(declared, list) else set()
        key = self.key.lower()
        is_mask = roles & _NOT_IMAGES or "udm" in key or "udm" in self._name
        if is_mask or not self._name.endswith(_IMAGES):
            return None
        ranks = [rank for rank, word in enumerate(_PREFERENCE) if word in roles or word in key]
        return min(ranks, default=len(_PREFERENCE))

    @property
    def is_udm2(self) -> bool:
        """Whether it is a usable data mask."""
        return self._name.endswith(_IMAGES[:2]) and "udm2" in self.key.lower() + self._name

    @cached_property
    def _band_list(self) -> list[dict[str, Any]]:
        """Fields of each band, of STAC 1.1's `bands` or the older eo and raster extensions."""
        lists = [self.fields.get(key) for key in ("bands", "eo:bands", "raster:bands")]
        merged: list[dict[str, Any]] = []
        for parts in zip_longest(*(bands for bands in lists if isinstance(bands, list))):
            merged.append({})
            for part in parts:
                merged[-1].update(part if isinstance(part, dict) else {})
        return merged

    @property
    def bands(self) -> Bands | tuple[()]:
        """Numbers of the red, green and blue band, from 1; empty if undeclared."""
        keys = ("eo:common_name", "common_name", "name")
        names = [
            str(next(filter(None, map(band.get, keys)), "")).lower() for band in self._band_list
        ]
        if {"red", "green", "blue"} <= set(names):
            return names.index("red") + 1, names.index("green") + 1, names.index("blue") + 1
        return (1, 1, 1) if len(names) == 1 else ()

    @property
    def radiometry(self) -> Radiometry | None:
        """Limits by scale and offset of the bands, where they convert to reflectances."""
        scales, offsets = [], []
        for band in (self._band_list[number - 1] for number in self.bands):
            scale = band.get("raster:scale", band.get("scale"))
            offset = band.get("raster:offset", band.get("offset", 0))
            if not isinstance(scale, int | float) or not isinstance(offset, int | float):
                return None
            if not 0 < scale <= 0.01 or not abs(offset) <= 1:
                return None
            scales.append(scale)
            offsets.append(offset)
        if not self.bands:
            return None
        return reflectance_limits("stac-reflectance", self.bands, scales, offsets)


@dataclass(frozen=True, eq=False)
class StacItem:
    """An Item, read once."""

    path: Path
    """Its file, absolute."""
    document: dict[str, Any]
    """Its content."""
    assets: tuple[StacAsset, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the Item in the file `path`; raises SceneError for other JSON."""
        document = METADATA.read_json_object(path)
        if stac_type(document) != "Feature":
            kind, version = str(document.get("type"))[:40], document.get("stac_version")
            found = f"JSON of type {kind!r}, STAC version {version!r}"
            limit = "a STAC Item (a Feature with stac_version) or an image is needed"
            remedy = "Give the image file, or the Item that lists it."
            raise SceneError(path, found, limit, remedy)
        try:
            assets = tuple(
                StacAsset(key, str(fields["href"]), fields)
                for key, fields in document.get("assets", {}).items()
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise _invalid(path, f"assets: {type(error).__name__}: {str(error)[:80]}") from error
        return cls(path, document, assets)

    def local_target(self, asset: StacAsset) -> Path | None:
        """Return the file on this computer that an asset names; None if it is elsewhere."""
        try:
            parts = urlsplit(asset.href)
            if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
                return None
            named = unquote(parts.path) if parts.scheme else asset.href
            return (self.path.parent / named).resolve()
        except (ValueError, RuntimeError):  # not an address, not a path, links in a circle
            return None

    @cached_property
    def _image(self) -> StacAsset:
        """The most preferred image; it must be the only such one."""
        ranks = {asset.key: asset.preference for asset in self.assets}
        best = min((rank for rank in ranks.values() if rank is not None), default=-1)
        chosen = [asset for asset in self.assets if ranks[asset.key] == best]
        if len(chosen) != 1:
            keys = ", ".join(asset.key for asset in chosen or self.assets)
            found = f"images {keys}" if chosen else f"no image among {keys}"
            limit = "one image of all bands, by role or key visual, analytic or data, is needed"
            remedy = "Keep one image asset in the Item, or give the image file."
            raise SceneError(self.path, found, limit, remedy)
        return chosen[0]

    @property
    def image_path(self) -> Path:
        """The file of its image; raises SceneError where that is not a file in its folder."""
        return self._located(self._image)

    def complete(self, beside: ProductMetadata) -> ProductMetadata:
        """Return `beside`, what the files beside the image declare, with what the Item declares."""
        identifier, properties = self.document.get("id"), self.document.get("properties")
        named = isinstance(identifier, str) and identifier.isprintable() and identifier
        if not named or not isinstance(properties, dict):
            kind = type(properties).__name__
            raise _invalid(self.path, f"its id is {identifier!r}, its properties are a {kind}")
        mask = next((asset for asset in self.assets if asset.is_udm2), None)
        files = {asset.key: self._located(asset) for asset in (self._image, mask) if asset}
        return replace(
            beside,
            id=named,
            acquired=self._acquired(properties) or beside.acquired,
            radiometry=beside.radiometry or self._image.radiometry,
            bands=self._image.bands or beside.bands,
            udm2=files[mask.key] if mask else beside.udm2,
            checksums=tuple(
                (files[asset.key], Checksum.of_multihash(self.path, text))
                for asset in self.assets
                if asset.key in files
                for text in map(asset.fields.get, ("file:checksum", "checksum:multihash"))
                if text
            ),
        )

    def _located(self, asset: StacAsset) -> Path:
        """Return the file of `asset`, in the Item's folder or below it."""
        target = self.local_target(asset)
        if target is None or not target.is_relative_to(self.path.parent.resolve()):
            found, limit = f"the asset {asset.href[:120]!r}", "only files in its folder are read"
            remedy = "Download the asset into the Item's folder and make its href relative."
            raise SceneError(self.path, found, limit, remedy)
        return local_file(target)

    def _acquired(self, properties: dict[str, Any]) -> datetime | None:
        """Return `datetime`, or the start of a short time range, UTC."""
        moment, start, end = (
            parse_time(self.path, properties[key]) if isinstance(properties.get(key), str) else None
            for key in ("datetime", "start_datetime", "end_datetime")
        )
        if moment is None and start and end and timedelta(0) <= end - start <= _MAX_DURATION:
            return start
        return moment


def _invalid(path: Path, found: str) -> SceneError:
    limit = "an Item of STAC 1.0 or 1.1 is needed"
    return SceneError(path, f"not a valid STAC Item ({found})", limit, "Download the Item again.")
