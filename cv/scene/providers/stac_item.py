"""STAC Items on disk: the asset that is counted, its time and its bands. No network."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pystac

from cv.errors import SceneError
from cv.scene import acquisition_time, local_files
from cv.scene.integrity.checksums import Checksum
from cv.scene.providers import planet
from cv.scene.providers.asset_href import local_target
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Bands, Radiometry

_IMAGES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
_NEVER = {"thumbnail", "overview", "metadata", "data-mask", "cloud", "cloud-shadow", "snow-ice"}
_PREFERRED = ("visual", "pansharpened", "analytic", "panchromatic", "data", "image")
_LONGEST = timedelta(hours=1)
_BRIGHT = 0.5  # reflectance that becomes white
_GAMMA = 1.5


def read_stac_item(path: Path) -> ProductMetadata:
    """The delivery that STAC Item `path` describes; raises SceneError."""
    item = _item(path)
    asset = _image(path, item)
    image = local_files.local_file(_located(path, asset.href))
    delivery = planet.find_delivery(image) or ProductMetadata.plain(image)
    bands = _bands(asset)
    mask = next((a for key, a in item.assets.items() if _is_udm2(key, a)), None)
    udm2 = local_files.local_file(_located(path, mask.href)) if mask else None
    return replace(
        delivery,
        id=item.id,
        acquired=_acquired(path, item) or delivery.acquired,
        radiometry=delivery.radiometry or _reflectance(asset, bands),
        bands=bands or delivery.bands,
        udm2=udm2 or delivery.udm2,
        checksums=(*_checksums(path, image, asset), *_checksums(path, udm2, mask)),
    )


def _checksums(
    path: Path, file: Path | None, asset: pystac.Asset | None
) -> list[tuple[Path, Checksum]]:
    """What `file`, that of `asset` of the Item `path`, must hash to."""
    fields = asset.extra_fields if asset else {}
    texts = [fields[key] for key in ("file:checksum", "checksum:multihash") if fields.get(key)]
    return [(file, Checksum.of_multihash(path, text)) for text in texts if file]


def _item(path: Path) -> pystac.Item:
    document = local_files.METADATA.read_json_object(path)
    kind = document.get("type")
    if kind != "Feature" or "stac_version" not in document:
        raise SceneError(
            path,
            f"JSON of type {str(kind)[:40]!r}, STAC version {document.get('stac_version')!r}",
            "a STAC Item (a Feature with stac_version) or an image is needed",
            "Give the image file, or the Item that lists it.",
        )
    try:
        item = pystac.Item.from_dict(document, migrate=False)
    except (pystac.STACError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SceneError(
            path,
            f"not a valid STAC Item ({type(error).__name__}: {str(error)[:80]})",
            "an Item as STAC 1.0 or 1.1 has it is needed",
            "Download the Item again.",
        ) from error
    if not isinstance(item.id, str) or not item.id:
        raise SceneError(path, "an Item without id", "an id is needed", "Add it.")
    return item


def _image(path: Path, item: pystac.Item) -> pystac.Asset:
    """The asset whose key or role comes first in `_PREFERRED`; it must be the only such one."""
    ranked: dict[int, list[str]] = {}
    for key, asset in item.assets.items():
        rank = _rank(key, asset)
        if rank is not None:
            ranked.setdefault(rank, []).append(key)
    best = ranked[min(ranked)] if ranked else []
    if len(best) != 1:
        raise SceneError(
            path,
            f"images {', '.join(best)}" if best else f"no image among {', '.join(item.assets)}",
            "one image with all bands, with the role or key visual, analytic or data, is needed",
            "Keep one image asset in the Item, or give the image file.",
        )
    image: pystac.Asset = item.assets[best[0]]
    return image


def _rank(key: str, asset: pystac.Asset) -> int | None:
    declared = asset.roles if isinstance(asset.roles, list) else []
    roles = {str(role).lower() for role in declared}
    name = str(asset.href).lower().partition("?")[0]
    if roles & _NEVER or "udm" in key.lower() or "udm" in Path(name).name:
        return None
    if not name.endswith(_IMAGES):
        return None
    for rank, word in enumerate(_PREFERRED):
        if word in roles or word in key.lower():
            return rank
    return len(_PREFERRED)


def _is_udm2(key: str, asset: pystac.Asset) -> bool:
    name = Path(str(asset.href).lower().partition("?")[0]).name
    return name.endswith((".tif", ".tiff")) and ("udm2" in key.lower() or "udm2" in name)


def _located(path: Path, href: str) -> Path:
    """The file that `href` names, in the Item's folder or below it."""
    target = local_target(path, str(href))
    if target is None:
        raise SceneError(
            path,
            f"the asset {str(href)[:120]!r}",
            "only files beside the Item are read",
            "Download the asset and make its href relative.",
        )
    if not target.is_relative_to(path.parent.resolve()):
        raise SceneError(
            path,
            f"the asset {str(href)[:120]!r}",
            "only files in the Item's folder are read",
            "Put the asset beside the Item and make its href relative.",
        )
    return target


def _acquired(path: Path, item: pystac.Item) -> datetime | None:
    """`datetime`, or the start of a span of an hour at most."""
    texts = [item.properties.get(key) for key in ("datetime", "start_datetime", "end_datetime")]
    moments = [
        acquisition_time.parse_time(path, text) if isinstance(text, str) else None for text in texts
    ]
    moment, start, end = moments
    if moment is None and start and end and timedelta(0) <= end - start <= _LONGEST:
        return start
    return moment


def _band_list(asset: pystac.Asset) -> list[dict[str, Any]]:
    """What is said of each band, in STAC 1.1's `bands` or the older eo and raster extensions."""
    fields = asset.extra_fields
    lists = [fields.get(key) for key in ("bands", "eo:bands", "raster:bands")]
    known = [bands for bands in lists if isinstance(bands, list)]
    count = max((len(bands) for bands in known), default=0)
    merged: list[dict[str, Any]] = [{} for _ in range(min(count, 64))]
    for bands in known:
        for band, said in zip(merged, bands, strict=False):
            band.update(said if isinstance(said, dict) else {})
    return merged


def _bands(asset: pystac.Asset) -> Bands | tuple[()]:
    names = [
        str(band.get("eo:common_name") or band.get("common_name") or band.get("name")).lower()
        for band in _band_list(asset)
    ]
    if all(colour in names for colour in ("red", "green", "blue")):
        return names.index("red") + 1, names.index("green") + 1, names.index("blue") + 1
    return (1, 1, 1) if len(names) == 1 else ()


def _reflectance(asset: pystac.Asset, bands: Bands | tuple[()]) -> Radiometry | None:
    """Limits from scale and offset of the bands, where they make reflectances."""
    described = _band_list(asset)
    if not bands or max(bands) > len(described):
        return None
    lows, highs = [], []
    for band in (described[number - 1] for number in bands):
        scale = band.get("raster:scale", band.get("scale"))
        offset = band.get("raster:offset", band.get("offset", 0))
        if not isinstance(scale, int | float) or not isinstance(offset, int | float):
            return None
        if not 0 < scale <= 0.01 or not abs(offset) <= 1:
            return None
        lows.append(-offset / scale)
        highs.append((_BRIGHT - offset) / scale)
    low, high = (lows[0], lows[1], lows[2]), (highs[0], highs[1], highs[2])
    return Radiometry("stac-reflectance", bands, low, high, _GAMMA)
