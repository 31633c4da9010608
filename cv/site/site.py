"""The named piers of one port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from pyproj import CRS

from cv.errors import SiteError
from cv.site.document import load_site_document, parse_aliases, parse_piers, parse_site_crs
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
    path: Path | None = field(default=None, compare=False)
    """The file that it was read from; None: it was made in code."""

    @classmethod
    def read(cls, path: str | Path) -> Site:
        """Return the site in the GeoJSON file `path`; raises SiteError.

        The file holds a FeatureCollection of Polygons or MultiPolygons in longitude, latitude (or
        in the CRS that a top-level member `crs` names). Properties of a feature: `name`; `role`
        (export, import, rail, yard, anchorage; default yard); `aliases`, a list, or a text with
        semicolons; `kind`: "pier" (default) or "berth", a berth naming its pier in `pier`. The
        collection may have a `name` and `aliases`. Names of properties may be in any case.
        """
        path = Path(path)
        document = load_site_document(path)
        piers, crs = parse_piers(path, document), parse_site_crs(path, document)
        _check_names(path, piers)
        _check_outlines(path, piers, crs)
        name = str(document.get("name") or path.stem)
        return cls(name, piers, crs, parse_aliases(path, "the collection", document), path)

    def __iter__(self) -> Iterator[Pier]:
        return iter(self.piers)

    def __repr__(self) -> str:
        return f"Site({self.name!r}, piers={[pier.name for pier in self]})"

    def __len__(self) -> int:
        return len(self.piers)

    @property
    def subject(self) -> str:
        """What messages call it: its file, as copies share a name; its name without a file."""
        return str(self.path) if self.path else self.name

    def pier(self, name: str) -> Pier:
        """Return the pier with the name or alias `name`; raises SiteError."""
        for pier in self.piers:
            if name in pier.names:
                return pier
        limit = f"its piers are {', '.join(pier.name for pier in self)}"
        raise SiteError(
            self.subject, f"no pier is called {name!r}", limit, "Use one of these names."
        )


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
    for pier in piers:
        west, south, east, north = pier.outline.bounds
        on_globe = max(-west, east) <= 360 and max(-south, north) <= 90
        if crs.is_geographic and not on_globe:
            found = f"pier {pier.name!r} lies at {west:.6g}, {south:.6g}"
            limit = "longitudes of -180 to 180 and latitudes of -90 to 90 are needed"
            remedy = 'Coordinates in metres need a declared CRS: "crs": "EPSG:...".'
            raise SiteError(path, found, limit, remedy)
    for first, second in combinations(piers, 2):
        pairs = (("piers", first.outline, second.outline), ("berths", first.berth, second.berth))
        for what, one, two in pairs:
            if one is None or two is None:
                continue
            if one.intersection(two).area > MAX_OVERLAP * min(one.area, two.area):
                found = f"{what} of {first.name!r} and {second.name!r} overlap"
                limit = f"they may share at most {MAX_OVERLAP:.0%} of the smaller one"
                remedy = "An object is counted for one pier: draw them apart."
                raise SiteError(path, found, limit, remedy)
