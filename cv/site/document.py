"""The GeoJSON document that describes a site (RFC 7946), parsed and refused piece by piece."""

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


@dataclass(frozen=True)
class SiteFeature:
    """A pier or a berth as the file describes it."""

    name: str
    kind: str
    pier: str
    role: PierRole
    aliases: tuple[str, ...]
    geometry: BaseGeometry


def load_site_document(path: Path) -> dict[str, Any]:
    """The FeatureCollection in a site file; raises SiteError."""
    document = _SITE_FILE.read_json_object(path)
    if document.get("type") != "FeatureCollection":
        raise SiteError(
            path,
            "not a FeatureCollection",
            "a GeoJSON FeatureCollection is needed",
            "Put the piers into one FeatureCollection.",
        )
    return document


def read_crs(path: Path, document: dict[str, Any]) -> CRS:
    """The CRS of a site file's coordinates; raises SiteError."""
    member = document.get("crs")
    if member is None:
        return parse_crs(_WGS84)
    try:
        crs = parse_crs(member if isinstance(member, str) else member["properties"]["name"])
        if not (crs.is_geographic or crs.is_projected):
            raise ValueError("it does not lie on the Earth")
        return crs
    except (KeyError, TypeError, ValueError) as error:
        raise SiteError(
            path,
            f"crs is {str(member)[:80]}",
            "it must name a CRS such as EPSG:32652",
            'Write "crs": "EPSG:32652", or leave it out for longitude, latitude.',
        ) from error


def read_features(path: Path, document: dict[str, Any]) -> list[SiteFeature]:
    """Its features; raises SiteError."""
    raw = document.get("features")
    if not isinstance(raw, list) or not raw:
        raise SiteError(
            path,
            "no features",
            "at least one pier is needed",
            "Draw the outline of a pier as a Polygon.",
        )
    return [_feature(path, i, item) for i, item in enumerate(raw)]


def _feature(path: Path, i: int, raw: Any) -> SiteFeature:
    where = f"feature {i}"
    if not isinstance(raw, dict) or raw.get("type") != "Feature":
        raise SiteError(
            path,
            f"{where} is not a Feature",
            "every item must be a GeoJSON Feature",
            "Export the site again.",
        )
    properties = raw.get("properties") or {}
    if not isinstance(properties, dict):
        raise SiteError(
            path,
            f"{where}: properties is {str(properties)[:60]}",
            "it must be an object",
            "Export the site again.",
        )
    kind = _text(path, where, properties, "kind", "pier")
    if kind not in ("pier", "berth"):
        raise SiteError(
            path,
            f"{where}: kind is {kind!r}",
            'it must be "pier" or "berth"',
            "Correct the property.",
        )
    name = _text(path, where, properties, "name", "")
    pier = _text(path, where, properties, "pier", "")
    if not (name if kind == "pier" else pier).strip():
        raise SiteError(
            path,
            f"{where} has no name",
            "a pier needs `name`, a berth needs `pier`",
            "Add the property.",
        )
    where = f"{kind} {(name if kind == 'pier' else pier)!r}"
    return SiteFeature(
        name,
        kind,
        pier,
        _role(path, where, properties),
        read_aliases(path, where, properties),
        _polygon(path, where, raw.get("geometry")),
    )


def _text(path: Path, where: str, properties: dict[str, Any], key: str, default: str) -> str:
    value = properties.get(key, default)
    if not isinstance(value, str):
        raise SiteError(
            path,
            f"{where}: {key} is {str(value)[:60]}",
            "it must be a text",
            "Correct the property.",
        )
    return value


def _role(path: Path, where: str, properties: dict[str, Any]) -> PierRole:
    text = _text(path, where, properties, "role", PierRole.YARD.value)
    try:
        return PierRole(text)
    except ValueError as error:
        raise SiteError(
            path,
            f"{where}: role is {text!r}",
            f"one of {', '.join(PierRole)} is needed",
            "Correct the property.",
        ) from error


def read_aliases(path: Path, where: str, properties: dict[str, Any]) -> tuple[str, ...]:
    """Other names of what has `properties`; raises SiteError."""
    aliases = properties.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise SiteError(
            path,
            f"{where}: aliases is {str(aliases)[:60]}",
            "a list of texts is needed",
            'Write "aliases": ["Pier Two"].',
        )
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
    except (
        TypeError,
        ValueError,
        IndexError,
        OverflowError,
        shapely.errors.ShapelyError,
    ) as error:
        raise SiteError(
            path,
            f"{where}: {error}",
            "closed rings of at least 4 finite positions are needed",
            "Correct its coordinates.",
        ) from error
    if not geometry.is_valid:
        raise SiteError(
            path,
            f"{where}: {shapely.is_valid_reason(geometry)}",
            "an outline must not cross itself",
            "Draw the outline again.",
        )
    if geometry.is_empty or geometry.area <= 0:
        raise SiteError(
            path,
            f"{where} is empty",
            "an outline with an area is needed",
            "Draw the outline again.",
        )
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
