"""The named piers of one port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyproj import CRS

from cv.errors import SiteError
from cv.site.document import (
    SiteFeature,
    load_site_document,
    parse_aliases,
    parse_site_crs,
    parse_site_features,
)
from cv.site.pier import Pier

MAX_OVERLAP = 0.01
"""Largest share of the smaller of two piers that both may cover: outlines touch."""


@dataclass(frozen=True)
class Site:
    """The piers of one port, in the order of their file.

    >>> site = Site.read("port.geojson")
    >>> site
    Site('Sample port', piers=['Import pier', 'Export pier', 'Rail siding'])
    >>> site.pier("Pier 2")
    Pier('Export pier', export, aliases=('Pier 2',))
    """

    name: str
    piers: tuple[Pier, ...]
    crs: CRS
    """CRS of all outlines and berths."""
    aliases: tuple[str, ...] = ()
    """Other names of the port."""

    @classmethod
    def read(cls, path: str | Path) -> Site:
        """Return the site in the GeoJSON file `path`; raises SiteError.

        The file holds a FeatureCollection of Polygons or MultiPolygons in longitude, latitude (or
        in the CRS that a top-level member `crs` names). Properties of a feature: `name`; `role`
        (export, import, rail, yard, anchorage; default yard); `aliases`, a list; `kind`: "pier"
        (default) or "berth", a berth naming its pier in `pier`. The collection may have a `name`
        and `aliases`.
        """
        path = Path(path)
        document = load_site_document(path)
        piers = _piers(path, parse_site_features(path, document))
        crs = parse_site_crs(path, document)
        _check_names(path, piers)
        _check_outlines(path, piers, crs)
        name = str(document.get("name") or path.stem)
        return cls(name, piers, crs, parse_aliases(path, "the collection", document))

    def __iter__(self) -> Iterator[Pier]:
        return iter(self.piers)

    def __repr__(self) -> str:
        return f"Site({self.name!r}, piers={[pier.name for pier in self]})"

    def __len__(self) -> int:
        return len(self.piers)

    def pier(self, name: str) -> Pier:
        """Return the pier with the name or alias `name`; raises SiteError."""
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


def _piers(path: Path, features: list[SiteFeature]) -> tuple[Pier, ...]:
    """Return the piers with their berths; raises SiteError."""
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
            name=feature.name,
            role=feature.role,
            outline=feature.geometry,
            berth=berths.pop(feature.name, None),
            aliases=feature.aliases,
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
    if not piers:
        raise SiteError(path, "only berths", "at least one pier is needed", "Draw a pier.")
    return piers


def _check_names(path: Path, piers: tuple[Pier, ...]) -> None:
    seen: set[str] = set()
    for name in (name for pier in piers for name in pier.names):
        if not name.isprintable():
            found = f"the name {name!a} cannot be printed"
            raise SiteError(path, found, "names are printable text on one line", "Rename the pier.")
        if name in seen:
            limit = "names and aliases of piers are unique"
            raise SiteError(path, f"the name {name!r} occurs twice", limit, "Rename one of them.")
        seen.add(name)


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
            _check_overlap(path, other, pier)


def _check_overlap(path: Path, first: Pier, second: Pier) -> None:
    pairs = (("piers", first.outline, second.outline), ("berths", first.berth, second.berth))
    for what, one, two in pairs:
        if one is None or two is None:
            continue
        if one.intersection(two).area > MAX_OVERLAP * min(one.area, two.area):
            raise SiteError(
                path,
                f"{what} of {first.name!r} and {second.name!r} overlap",
                f"they may share at most {MAX_OVERLAP:.0%} of the smaller one",
                "An object is counted for one pier: draw them apart.",
            )
