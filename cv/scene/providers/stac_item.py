"""STAC Items on disk (versions 1.0 and 1.1): their image, its time, bands and checksums.

Nothing is downloaded: an asset that is not a file in the Item's folder is refused.
"""

from __future__ import annotations

import re
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
from cv.scene.local_files import local_file
from cv.scene.providers.acquisition_conditions import conditions_of_properties
from cv.scene.providers.mask_coding import SCL_HIDDEN
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Bands, Radiometry, reflectance_limits
from cv.sidecars.metadata_loader import METADATA

_IMAGES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
_NOT_IMAGES = {
    *("thumbnail", "overview", "metadata"),
    *("data-mask", "cloud", "cloud-shadow", "snow-ice"),
}
"""Roles of assets that are not the image."""
_HIDING = re.compile(
    r"cloud|shadow|cirrus|no.?data|saturated|defective|fill|missing|contaminated", re.IGNORECASE
)
_CLEAR = re.compile(
    r"\b(?:clear|free|not?|without)\b(?!.?data)|cloud.?(?:free|less)", re.IGNORECASE
)
"""Names of classes that hide the ground, and of those that only sound like it."""
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
    def _roles(self) -> set[str]:
        declared = self.fields.get("roles")
        return {str(role).lower() for role in declared} if isinstance(declared, list) else set()

    @property
    def preference(self) -> int | None:
        """Rank in `_PREFERENCE` by key or role; None for what is not an image."""
        roles, key = self._roles, self.key.lower()
        is_mask = roles & _NOT_IMAGES or "udm" in key or "udm" in self._name
        if is_mask or self.hidden_classes or not self._name.endswith(_IMAGES):
            return None
        ranks = [rank for rank, word in enumerate(_PREFERENCE) if word in roles or word in key]
        return min(ranks, default=len(_PREFERENCE))

    @property
    def is_udm2(self) -> bool:
        """Whether it is a usable data mask."""
        return self._name.endswith(_IMAGES[:2]) and "udm2" in self.key.lower() + self._name

    @property
    def own_gsd(self) -> dict[str, Any]:
        """Its member `gsd`, which comes before that of the Item; empty without one."""
        return {"gsd": self.fields["gsd"]} if "gsd" in self.fields else {}

    @cached_property
    def hidden_classes(self) -> frozenset[int]:
        """Values of a raster of classes that hide the ground; empty if it declares none."""
        classes = [self.fields, *self._band_list]
        named = [fields.get("classification:classes") for fields in classes]
        hidden = {
            one["value"]
            for some in named
            for one in (some if isinstance(some, list) else ())
            if isinstance(one, dict) and isinstance(one.get("value"), int) and _hides(one)
        }
        if hidden:
            return frozenset(hidden)
        if re.search(r"(?:^|[^a-z])scl(?:$|[^a-z])", f"{self.key.lower()} {self._name}"):
            return SCL_HIDDEN
        roles = self._roles
        if roles & {"cloud", "cloud-shadow"} and "prob" not in self.key.lower() + self._name:
            return frozenset(range(1, 256))
        is_valid_mask = "data-mask" in roles and "udm" not in self.key.lower() + self._name
        return frozenset({0} if is_valid_mask else ())

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
        return cls.of(path, METADATA.read_json_object(path))

    @classmethod
    def of(cls, path: Path, document: dict[str, Any]) -> Self:
        """Return the Item that is the JSON object `document` of the file `path`."""
        if stac_type(document) != "Feature":
            if document.get("type") == "FeatureCollection":
                found, limit = "a collection, perhaps an ItemCollection", "one scene is needed"
                remedy = "Give an image that it lists: its Item in the collection is read."
                raise SceneError(path, found, limit, remedy)
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
            target = (self.path.parent / named).resolve()
            decoded = (self.path.parent / unquote(named)).resolve()  # addresses are percent-encoded
            return target if target == decoded or target.exists() else decoded
        except (OSError, ValueError, RuntimeError):  # not an address, not a path, links in a circle
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

    @property
    def image_target(self) -> Path | None:
        """The file that its image names, which may be missing; None where that is elsewhere."""
        try:
            return self.local_target(self._image)
        except SceneError:
            return None

    @property
    def other_targets(self) -> tuple[Path, ...]:
        """The files that its other assets name."""
        targets = map(self.local_target, self.assets)
        return tuple(target for target in targets if target and target != self.image_target)

    def complete(self, beside: ProductMetadata) -> ProductMetadata:
        """Return `beside`, what the files beside the image declare, with what the Item declares."""
        identifier, properties = self.document.get("id"), self.document.get("properties")
        named = isinstance(identifier, str) and identifier.isprintable() and identifier
        if not named or not isinstance(properties, dict):
            kind = type(properties).__name__
            raise _invalid(self.path, f"its id is {identifier!r}, its properties are a {kind}")
        mask, unused = self._mask()
        files = {asset.key: self._located(asset) for asset in (self._image, mask) if asset}
        return replace(
            beside,
            id=named,
            acquired=self._acquired(properties) or beside.acquired,
            radiometry=beside.radiometry or self._image.radiometry,
            bands=self._image.bands or beside.bands,
            udm2=files[mask.key] if mask else beside.udm2,
            hidden_classes=mask.hidden_classes if mask and not mask.is_udm2 else frozenset(),
            unused_masks=() if mask or beside.udm2 else unused,
            conditions=conditions_of_properties(properties | self._image.own_gsd).completed(
                beside.conditions
            ),
            checksums=self._checksums(files),
        )

    def lend_mask(self, image: ProductMetadata) -> ProductMetadata:
        """Return what an `image` and the files beside it declare, with the mask of the Item.

        With it come the conditions that `image` does not state. A mask that is not a file in the
        folder of the Item is named among those that cannot be used.
        """
        properties = self.document.get("properties")
        stated = conditions_of_properties(properties if isinstance(properties, dict) else {})
        image = replace(image, conditions=image.conditions.completed(stated))
        mask, unused = self._mask()
        if image.udm2 or mask is None:
            return replace(image, unused_masks=() if image.udm2 else unused)
        try:
            file = self._located(mask)
        except SceneError:
            return replace(image, unused_masks=(mask.href[:200], *unused))
        return replace(
            image,
            udm2=file,
            hidden_classes=frozenset() if mask.is_udm2 else mask.hidden_classes,
            checksums=(*image.checksums, *self._checksums({mask.key: file})),
        )

    def _mask(self) -> tuple[StacAsset | None, tuple[str, ...]]:
        """Return the mask that is used, a UDM2 if there is one, and the addresses of all others."""
        udm2 = [asset for asset in self.assets if asset.is_udm2]
        classes = [asset for asset in self.assets if asset.hidden_classes]
        readable = [
            asset
            for asset in classes
            if asset._name.endswith(_IMAGES[:2])  # other formats, and other places, are not read
            and (target := self.local_target(asset))
            and target.is_file()
        ]
        readable.sort(key=lambda asset: asset.hidden_classes == {0})  # knows nothing of clouds
        chosen = next(iter((*udm2, *readable)), None)
        return chosen, tuple(asset.href[:200] for asset in classes if asset is not chosen)

    def _checksums(self, files: dict[str, Path]) -> tuple[tuple[Path, Checksum], ...]:
        """Return the `files`, by the keys of their assets, with the checksums that are declared."""
        return tuple(
            (files[asset.key], Checksum.of_multihash(self.path, text))
            for asset in self.assets
            if asset.key in files
            for text in map(asset.fields.get, ("file:checksum", "checksum:multihash"))
            if text
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


def _hides(described: dict[str, Any]) -> bool:
    """Return whether a class of the classification extension hides the ground, by its name."""
    name = str(described.get("name") or described.get("description") or described.get("title"))
    name = re.sub(r"[_-]+", " ", name)
    return bool(_HIDING.search(name)) and not _CLEAR.search(name)


def _invalid(path: Path, found: str) -> SceneError:
    limit = "an Item of STAC 1.0 or 1.1 is needed"
    return SceneError(path, f"not a valid STAC Item ({found})", limit, "Download the Item again.")
