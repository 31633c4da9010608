"""The GeoJSON document (RFC 7946) that describes a site, parsed with an error for every defect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from cv.errors import SiteError
from cv.geometry.grid import parse_crs
from cv.io.safe_loading import SafeLoader
from cv.site.pier import PierRole

MAX_BYTES = 16 * 2**20
"""Largest site file that is read."""
_SITE_FILE = SafeLoader(error=SiteError, max_bytes=MAX_BYTES, remedy="Export the site again.")
_WGS84 = "OGC:CRS84"
_CORRECT = "Correct the property."
_DRAW_AGAIN = "Draw the outline again."


@dataclass(frozen=True, kw_only=True)
class SiteFeature:
    """A pier or a berth as the file describes it."""

    kind: str
    """Either "pier" or "berth"."""
    name: str
    """Name of a pier."""
    pier: str
    """Name of the pier that a berth belongs to."""
    role: PierRole
    aliases: tuple[str, ...]
    geometry: BaseGeometry
    """Polygon or MultiPolygon, x, y of the site's CRS."""


def load_site_document(path: Path) -> dict[str, Any]:
    """Return the FeatureCollection in a site file; raises SiteError."""
    document = _SITE_FILE.read_json_object(path)
    if document.get("type") != "FeatureCollection":
        raise SiteError(
            path,
            "not a FeatureCollection",
            "a GeoJSON FeatureCollection is needed",
            "Put the piers into one FeatureCollection.",
        )
    return document


def parse_site_crs(path: Path, document: dict[str, Any]) -> CRS:
    """Return the CRS of a site file's coordinates; raises SiteError."""
    member = document.get("crs")
    if member is None:
        return parse_crs(_WGS84)
    try:
        crs = parse_crs(member if isinstance(member, str) else member["properties"]["name"])
        if not (crs.is_geographic or crs.is_projected):
            raise ValueError("neither geographic nor projected")
        return crs
    except (KeyError, TypeError, ValueError) as error:
        raise SiteError(
            path,
            f"crs is {str(member)[:80]}",
            "it must name a CRS such as EPSG:32652",
            'Write "crs": "EPSG:32652", or leave it out for longitude, latitude.',
        ) from error


def parse_site_features(path: Path, document: dict[str, Any]) -> list[SiteFeature]:
    """Return the features of a site file; raises SiteError."""
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise SiteError(
            path,
            "no features",
            "at least one pier is needed",
            "Draw the outline of a pier as a Polygon.",
        )
    return [_feature(path, i, feature) for i, feature in enumerate(features)]


def _feature(path: Path, i: int, feature: Any) -> SiteFeature:
    """Return one feature; a property that is null is absent, as QGIS writes empty fields."""
    where = f"feature {i}"
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        limit = "every item must be a GeoJSON Feature"
        raise SiteError(path, f"{where} is not a Feature", limit, _SITE_FILE.remedy)
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        found = f"{where}: properties is {str(properties)[:60]}"
        raise SiteError(path, found, "it must be an object", _SITE_FILE.remedy)
    properties = {key: value for key, value in properties.items() if value is not None}
    kind = _text(path, where, properties, "kind", "pier")
    if kind not in ("pier", "berth"):
        found = f"{where}: kind is {kind!r}"
        raise SiteError(path, found, 'it must be "pier" or "berth"', _CORRECT)
    name = _text(path, where, properties, "name", "")
    pier = _text(path, where, properties, "pier", "")
    own = name if kind == "pier" else pier
    if not own.strip():
        limit = "a pier needs `name`, a berth needs `pier`"
        raise SiteError(path, f"{where} has no name", limit, "Add the property.")
    where = f"{kind} {own!r}"
    return SiteFeature(
        kind=kind,
        name=name,
        pier=pier,
        role=_role(path, where, properties),
        aliases=parse_aliases(path, where, properties),
        geometry=_polygon(path, where, feature.get("geometry")),
    )


def _text(path: Path, where: str, properties: dict[str, Any], key: str, default: str) -> str:
    value = properties.get(key, default)
    if not isinstance(value, str):
        found = f"{where}: {key} is {str(value)[:60]}"
        raise SiteError(path, found, "it must be a text", _CORRECT)
    return value


def _role(path: Path, where: str, properties: dict[str, Any]) -> PierRole:
    text = _text(path, where, properties, "role", PierRole.YARD.value)
    try:
        return PierRole(text)
    except ValueError as error:
        found, limit = f"{where}: role is {text!r}", f"one of {', '.join(PierRole)} is needed"
        raise SiteError(path, found, limit, _CORRECT) from error


def parse_aliases(path: Path, where: str, properties: dict[str, Any]) -> tuple[str, ...]:
    """Return the member `aliases` of `properties`; raises SiteError, which names `where`."""
    aliases = properties.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        found = f"{where}: aliases is {str(aliases)[:60]}"
        raise SiteError(path, found, "a list of texts is needed", 'Write "aliases": ["Pier Two"].')
    return tuple(aliases)


def _polygon(path: Path, where: str, raw: Any) -> BaseGeometry:
    kind = raw.get("type") if isinstance(raw, dict) else raw
    if kind not in ("Polygon", "MultiPolygon"):
        raise SiteError(
            path,
            f"{where} has the geometry {str(kind)[:40]}",
            "a Polygon or MultiPolygon is needed",
            "Draw the outline as a polygon.",
        )
    rings = raw.get("coordinates")
    parts = [rings] if kind == "Polygon" else rings
    try:
        polygons = [_rings(part) for part in parts]
        geometry = shapely.MultiPolygon(polygons) if len(polygons) != 1 else polygons[0]
    except (TypeError, ValueError, IndexError, OverflowError, shapely.errors.ShapelyError) as error:
        limit = "closed rings of at least 4 finite positions are needed"
        raise SiteError(path, f"{where}: {error}", limit, "Correct its coordinates.") from error
    if not geometry.is_valid:
        found = f"{where}: {shapely.is_valid_reason(geometry)}"
        raise SiteError(path, found, "an outline must not cross itself", _DRAW_AGAIN)
    if geometry.is_empty or geometry.area <= 0:
        found = f"{where} is empty"
        raise SiteError(path, found, "an outline with an area is needed", _DRAW_AGAIN)
    return geometry


def _rings(part: Any) -> shapely.Polygon:
    rings = [np.asarray([[float(v) for v in position[:2]] for position in ring]) for ring in part]
    if not rings:
        raise ValueError("a polygon without rings")
    for ring in rings:
        if len(ring) < 4:
            raise ValueError(f"a ring of {len(ring)} positions")
        if not np.isfinite(ring).all():
            raise ValueError("a position that is not finite")
        if (ring[0] != ring[-1]).any():
            raise ValueError("a ring that is not closed")
    return shapely.Polygon(rings[0], rings[1:])
