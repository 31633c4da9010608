"""Sites: the named piers that are watched, read from GeoJSON (RFC 7946)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from cv.errors import SiteError
from cv.geometry.grid import parse_crs

BERTH_BUFFER_M = 60.0
"""Width of the berth of a pier without a berth polygon: so far from its outline, metres."""
MAX_BYTES = 16 * 2**20
"""Largest site file that is read."""
MOST_OVERLAP = 0.01
"""Most of a pier that another one may cover, as a part of the smaller: outlines touch."""
_WGS84 = "OGC:CRS84"


class Role(StrEnum):
    """What a pier is for."""

    EXPORT = "export"
    IMPORT = "import"
    RAIL = "rail"
    YARD = "yard"
    ANCHORAGE = "anchorage"


@dataclass(frozen=True)
class Pier:
    """One watched place."""

    name: str
    """Unique within the site."""
    role: Role
    outline: BaseGeometry
    """Polygon or MultiPolygon in x, y of the site's CRS, where containers stand."""
    berth: BaseGeometry | None = None
    """Where this pier's hulls lie, same CRS; None: within `BERTH_BUFFER_M` of the outline."""
    aliases: tuple[str, ...] = ()
    """Other names in use."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, then its aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class Site:
    """The piers of one port, in the order of their file."""

    name: str
    piers: tuple[Pier, ...]
    crs: CRS
    """CRS of all outlines and berths."""

    @classmethod
    def read(cls, path: str | Path) -> Site:
        """The site in GeoJSON file `path`.

        A FeatureCollection of Polygons or MultiPolygons in longitude, latitude (or of the CRS that
        a top-level `crs` member names). Properties of a feature: `name`; `role` (export, import,
        rail, yard, anchorage; default yard); `aliases`, a list; `kind`: "pier" (default) or
        "berth", a berth naming its pier in `pier`. Raises SiteError.
        """
        path = Path(path)
        document = load(path)
        features = _features(path, document)
        crs = _crs(path, document)
        berths = {}
        for feature in features:
            if feature.kind == "berth":
                if feature.pier in berths:
                    raise SiteError(
                        path,
                        f"pier {feature.pier!r} has two berths",
                        "a pier has one berth",
                        "Join them in a MultiPolygon.",
                    )
                berths[feature.pier] = feature.geometry
        piers = tuple(
            Pier(
                feature.name,
                feature.role,
                feature.geometry,
                berths.pop(feature.name, None),
                feature.aliases,
            )
            for feature in features
            if feature.kind == "pier"
        )
        if berths:
            raise SiteError(
                path,
                f"a berth names the pier {next(iter(berths))!r}",
                "no such pier is in the file",
                "Correct its property `pier`.",
            )
        _check_names(path, piers)
        _check_outlines(path, piers, crs)
        return cls(str(document.get("name") or path.stem), piers, crs)

    def __iter__(self) -> Iterator[Pier]:
        return iter(self.piers)

    def __len__(self) -> int:
        return len(self.piers)

    def pier(self, name: str) -> Pier:
        """The pier called `name`, or known by it as an alias; raises SiteError."""
        for pier in self.piers:
            if name in pier.names:
                return pier
        names = ", ".join(pier.name for pier in self.piers)
        raise SiteError(
            self.name,
            f"no pier is called {name!r}",
            f"its piers are {names}",
            "Use one of these names.",
        )


@dataclass(frozen=True)
class _Feature:
    name: str
    kind: str
    pier: str
    role: Role
    aliases: tuple[str, ...]
    geometry: BaseGeometry


def load(path: Path) -> dict[str, Any]:
    """The FeatureCollection in a site file; raises SiteError."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SiteError(
                path,
                f"{size} bytes",
                f"at most {MAX_BYTES} bytes are read",
                "Simplify the outlines.",
            )
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SiteError(
            path, error.strerror or str(error), "a readable file is needed", "Check the path."
        ) from error
    except RecursionError as error:
        raise SiteError(
            path,
            "nested too deeply",
            "GeoJSON is at most about 10 levels deep",
            "Export the site again.",
        ) from error
    except ValueError as error:
        raise SiteError(
            path,
            f"not JSON ({error})",
            "a GeoJSON FeatureCollection is needed",
            "Export the site again.",
        ) from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise SiteError(
            path,
            "not a FeatureCollection",
            "a GeoJSON FeatureCollection is needed",
            "Put the piers into one FeatureCollection.",
        )
    return document


def _crs(path: Path, document: dict[str, Any]) -> CRS:
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


def _features(path: Path, document: dict[str, Any]) -> list[_Feature]:
    raw = document.get("features")
    if not isinstance(raw, list) or not raw:
        raise SiteError(
            path,
            "no features",
            "at least one pier is needed",
            "Draw the outline of a pier as a Polygon.",
        )
    return [_feature(path, i, item) for i, item in enumerate(raw)]


def _feature(path: Path, i: int, raw: Any) -> _Feature:
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
    return _Feature(
        name,
        kind,
        pier,
        _role(path, where, properties),
        _aliases(path, where, properties),
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


def _role(path: Path, where: str, properties: dict[str, Any]) -> Role:
    text = _text(path, where, properties, "role", Role.YARD.value)
    try:
        return Role(text)
    except ValueError as error:
        raise SiteError(
            path,
            f"{where}: role is {text!r}",
            f"one of {', '.join(Role)} is needed",
            "Correct the property.",
        ) from error


def _aliases(path: Path, where: str, properties: dict[str, Any]) -> tuple[str, ...]:
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


def _check_outlines(path: Path, piers: tuple[Pier, ...], crs: CRS) -> None:
    for i, pier in enumerate(piers):
        west, south, east, north = pier.outline.bounds
        on_globe = abs(west) <= 360 and abs(east) <= 360 and abs(south) <= 90 and abs(north) <= 90
        if crs.is_geographic and not on_globe:
            raise SiteError(
                path,
                f"pier {pier.name!r} lies at {west:.6g}, {south:.6g}",
                "longitudes of -180 to 180 and latitudes of -90 to 90 are needed",
                'Coordinates in metres need a declared CRS: "crs": "EPSG:...".',
            )
        for other in piers[:i]:
            pairs = (("piers", pier.outline, other.outline), ("berths", pier.berth, other.berth))
            for what, one, two in pairs:
                if one is None or two is None:
                    continue
                if one.intersection(two).area > MOST_OVERLAP * min(one.area, two.area):
                    raise SiteError(
                        path,
                        f"{what} of {other.name!r} and {pier.name!r} overlap",
                        f"they may share at most {MOST_OVERLAP:.0%} of the smaller one",
                        "What is counted counts for one pier: draw them apart.",
                    )


def _check_names(path: Path, piers: tuple[Pier, ...]) -> None:
    if not piers:
        raise SiteError(path, "only berths", "at least one pier is needed", "Draw a pier.")
    seen: set[str] = set()
    for pier in piers:
        for name in pier.names:
            if not name.isprintable():
                raise SiteError(
                    path,
                    f"the name {name!a} cannot be printed",
                    "names are printable text on one line",
                    "Rename the pier.",
                )
            if name in seen:
                raise SiteError(
                    path,
                    f"the name {name!r} occurs twice",
                    "names and aliases of piers are unique",
                    "Rename one of them.",
                )
            seen.add(name)
