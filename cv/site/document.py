"""The GeoJSON document (RFC 7946) that describes a site, parsed with an error for every defect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from cv.errors import SiteError
from cv.geometry.grid import parse_crs
from cv.io.safe_loading import SafeLoader
from cv.site.member_names import COLLECTION, PROPERTIES, nearest, with_known_names
from cv.site.pier import BERTH_BUFFER_M, Pier, PierRole

MAX_BYTES = 16 * 2**20
"""Largest site file that is read."""
_SLIP = 0.6
"""How alike a wrong value and the one that was meant are, see `member_names.nearest`."""
_SITE_FILE = SafeLoader(
    error=SiteError, max_bytes=MAX_BYTES, allow_nan=False, remedy="Export the site again."
)


def load_site_document(path: Path) -> dict[str, Any]:
    """Return the FeatureCollection in a site file; raises SiteError."""
    read = _SITE_FILE.read_json_object(path)
    document = with_known_names(path, "the collection", read, COLLECTION)
    if document.get("type") != "FeatureCollection":
        limit = "a GeoJSON FeatureCollection is needed"
        remedy = "Put the piers into one FeatureCollection."
        raise SiteError(path, "not a FeatureCollection", limit, remedy)
    return document


def parse_site_crs(path: Path, document: dict[str, Any]) -> CRS:
    """Return the CRS of a site file's coordinates; raises SiteError."""
    member = document.get("crs")
    if member is None:
        return parse_crs("OGC:CRS84")
    try:
        crs = parse_crs(member if isinstance(member, str) else member["properties"]["name"])
        if not (crs.is_geographic or crs.is_projected):
            raise ValueError("neither geographic nor projected")
        return crs
    except (KeyError, TypeError, ValueError) as error:
        limit = "it must name a CRS such as EPSG:32652"
        remedy = 'Write "crs": "EPSG:32652", or leave it out for longitude, latitude.'
        raise SiteError(path, f"crs is {str(member)[:80]}", limit, remedy) from error


def parse_piers(path: Path, document: dict[str, Any]) -> tuple[Pier, ...]:
    """Return the piers of a site file with their berths; raises SiteError."""
    features = document.get("features")
    if not isinstance(features, list) or not features:
        remedy = "Draw the outline of a pier as a Polygon."
        raise SiteError(path, "no features", "at least one pier is needed", remedy)
    piers: list[Pier] = []
    berths: dict[str, BaseGeometry] = {}
    for number, feature in enumerate(features, start=1):
        where = f"the {ordinal(number)} feature"
        properties = _properties(path, where, feature)
        kind = _choice(path, where, properties, "kind", ("pier", "berth"), "pier")
        key = "name" if kind == "pier" else "pier"
        name = _text(path, where, properties, key, "")
        if not name.strip():
            limit = "a pier needs `name`, a berth needs `pier`"
            remedy = f'Add "{key}": "Pier 2" to its properties, with the name of the pier.'
            raise SiteError(path, f"{where} has no {key}", limit, remedy)
        where = f"{kind} {name!r}"
        geometry = _polygon(path, where, feature.get("geometry"))
        if kind == "pier":
            role = PierRole(_choice(path, where, properties, "role", tuple(PierRole), "yard"))
            aliases = parse_aliases(path, where, properties)
            on_land = "role" in properties and role in (PierRole.RAIL, PierRole.YARD)
            buffer_m = 0.0 if on_land else BERTH_BUFFER_M
            piers.append(Pier(name, role, geometry, aliases=aliases, berth_buffer_m=buffer_m))
        elif name in berths:
            remedy = "Join them in a MultiPolygon."
            raise SiteError(path, f"pier {name!r} has two berths", "a pier has one berth", remedy)
        else:
            berths[name] = geometry
    for name in berths.keys() - {pier.name for pier in piers}:
        found, limit = f"a berth names the pier {name!r}", "no such pier is in the file"
        raise SiteError(path, found, limit, "Correct its property `pier`.")
    return tuple(replace(pier, berth=berths.get(pier.name)) for pier in piers)


def parse_aliases(path: Path, where: str, properties: dict[str, Any]) -> tuple[str, ...]:
    """Return the member `aliases` of `properties`, a list or a text of names between semicolons.

    Raises SiteError, which names `where`.
    """
    aliases = properties.get("aliases") or []
    if isinstance(aliases, str):  # QGIS has no field for a list
        aliases = [alias.strip() for alias in aliases.split(";") if alias.strip()]
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        found = f"{where}: aliases is {str(aliases)[:60]}"
        limit = "a list of texts, or one text with semicolons, is needed"
        raise SiteError(path, found, limit, 'Write "aliases": ["Pier Two"].')
    return tuple(aliases)


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd ..."""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _properties(path: Path, where: str, feature: Any) -> dict[str, Any]:
    """Return the properties of a feature by their names in lower case."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        limit = "every item must be a GeoJSON Feature"
        raise SiteError(path, f"{where} is not a Feature", limit, _SITE_FILE.remedy)
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        found = f"{where}: properties is {str(properties)[:60]}"
        raise SiteError(path, found, "it must be an object", _SITE_FILE.remedy)
    return with_known_names(path, where, properties, PROPERTIES)


def _text(path: Path, where: str, properties: dict[str, Any], key: str, default: str) -> str:
    value = properties.get(key, default)
    if not isinstance(value, str):
        found, remedy = f"{where}: {key} is {str(value)[:60]}", f'Write "{key}": "{value}".'
        raise SiteError(path, found, "it must be a text", remedy)
    return value


def _choice(
    path: Path, where: str, properties: dict[str, Any], key: str, choices: Sequence[str], usual: str
) -> str:
    text = _text(path, where, properties, key, usual)
    if text not in choices:
        found, limit = f"{where}: {key} is {text!r}", f"one of {', '.join(choices)} is needed"
        meant = nearest(text, choices, _SLIP)
        remedy = f'Write "{key}": "{meant}".' if meant else "Write one of these."
        raise SiteError(path, found, limit, remedy)
    return text


def _polygon(path: Path, where: str, raw: Any) -> BaseGeometry:
    """Return a Polygon, or a MultiPolygon of several parts, without heights."""
    kind = raw.get("type") if isinstance(raw, dict) else raw
    if kind not in ("Polygon", "MultiPolygon"):
        found = "no geometry" if raw is None else f"the geometry {str(kind)[:40]}"
        limit, remedy = "a Polygon or MultiPolygon is needed", "Draw the outline as a polygon."
        raise SiteError(path, f"{where} has {found}", limit, remedy)
    try:
        geometry = shapely.force_2d(shapely.geometry.shape(raw))
        reason = shapely.is_valid_reason(geometry)
    except (
        LookupError,
        TypeError,
        ValueError,
        OverflowError,
        shapely.errors.ShapelyError,
    ) as error:
        limit = "rings of at least 4 positions are needed"
        found = f"{where}: {str(error).rstrip('.')}"
        raise SiteError(path, found, limit, "Correct its coordinates.") from error
    if not geometry.is_valid or geometry.area <= 0:
        found = "is empty" if geometry.is_empty else reason
        limit = "an outline with an area that does not cross itself is needed"
        raise SiteError(path, f"{where}: {found}", limit, "Draw the outline again.")
    parts = shapely.get_parts(geometry)
    return parts[0] if len(parts) == 1 else geometry
