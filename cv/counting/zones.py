"""Places: the piers of a site as they lie in one scene."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from affine import Affine
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from cv.errors import CoverageError, SiteError
from cv.geometry.grid import Grid, LocalPlane
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.io.hashing import sha256
from cv.site import BERTH_BUFFER_M, Pier, PierRole, Site

MIN_CONTAINER_SIDE_M = (6.06, 2.44)
"""Length and width of a 20 ft container: narrower places cannot hold what is counted."""
MIN_ZONE_AREA_M2 = MIN_CONTAINER_SIDE_M[0] * MIN_CONTAINER_SIDE_M[1]
"""Area of a 20 ft container."""

MAX_DISTANCE_M = 10_000.0
"""A pier that is farther from what a scene shows belongs to another port: it was not looked for."""


@dataclass(frozen=True)
class Zone:
    """One pier of one scene, in ground metres."""

    name: str
    role: PierRole
    outline: BaseGeometry
    """Where containers stand; may reach outside of the scene."""
    berth: BaseGeometry
    """Where its hulls lie; empty where there is no room for any."""
    declared: bool
    """Whether the site draws the berth; otherwise it is a buffer, and neighbours' overlap."""
    digest: str
    """sha256 of pier and berth as the site draws them, hexadecimal: changes when they do."""


@dataclass(frozen=True)
class Zones:
    """The piers that one scene concerns, and the ground plane they lie in."""

    ground: LocalPlane
    zones: tuple[Zone, ...]

    @property
    def region(self) -> BaseGeometry:
        """Everything that has to be looked at, ground metres."""
        return shapely.union_all([shape for p in self.zones for shape in (p.outline, p.berth)])

    def in_pixels(self, shape: BaseGeometry) -> BaseGeometry:
        """`shape` of the ground plane in pixels of the scene."""
        return transform_geometry(shape, self.ground.to_pixel)

    @classmethod
    def of_site(cls, site: Site, grid: Grid, scene: str) -> Zones:
        """The piers of `site` on `grid`, but for those of other ports, see `NEIGHBOURHOOD_M`.

        Raises CoverageError where none meets the scene, SiteError for one without room.
        A pier without a berth polygon has one within `BERTH_BUFFER_M` of its outline, less all
        outlines and the berths that are declared: the water side, whichever side that is.
        """
        if grid.crs is None:
            raise CoverageError(
                scene,
                "it has no georeference, so that no pier can be found in it",
                "a site needs a scene with a CRS",
                "Count it without a site, or deliver it as a GeoTIFF.",
            )
        piers, outlines = _neighbours(site, grid)
        berths = [pier.berth and grid.geometry_from_world(pier.berth, site.crs) for pier in piers]
        everything = shapely.union_all([*outlines, *(b for b in berths if b is not None)])
        seen = everything.intersection(grid.footprint)
        if seen.is_empty:
            raise CoverageError(
                scene,
                f"none of the {len(site)} piers of {site.name} lies in it",
                "at least one pier must overlap the scene",
                "Check the site's coordinates (longitude first) and the scene's CRS.",
            )
        middle = seen.envelope.centroid
        ground = grid.local_plane((middle.x, middle.y))
        land = [transform_geometry(outline, ground.from_pixel) for outline in outlines]
        for pier, outline in zip(piers, land, strict=True):
            if not outline.is_empty and not _has_room(outline):
                raise SiteError(
                    site.name,
                    f"pier {pier.name!r} has {_size(outline)}",
                    f"a pier has room for a 20 ft container, {MIN_CONTAINER_SIDE_M[0]:g} x {MIN_CONTAINER_SIDE_M[1]:g} m",
                    "Check its coordinates and their CRS.",
                )
        water = [
            transform_geometry(berth, ground.from_pixel) for berth in berths if berth is not None
        ]
        taken = shapely.union_all([*land, *water])
        places = tuple(
            Zone(
                pier.name,
                pier.role,
                outline,
                outline.buffer(BERTH_BUFFER_M).difference(taken)
                if berth is None
                else transform_geometry(berth, ground.from_pixel),
                pier.berth is not None,
                _digest(site, pier),
            )
            for pier, outline, berth in zip(piers, land, berths, strict=True)
        )
        return cls(ground, places)

    @classmethod
    def whole(cls, grid: Grid, name: str) -> Zones:
        """The whole image as one place called `name`, for a scene without a site.

        Raises CoverageError where a container has no room in it.
        """
        ground = grid.local_plane()
        outline = transform_geometry(grid.footprint, ground.from_pixel)
        if not _has_room(outline):
            raise CoverageError(
                name,
                f"the image shows {_size(outline)}",
                f"a 20 ft container is {MIN_CONTAINER_SIDE_M[0]:g} x {MIN_CONTAINER_SIDE_M[1]:g} m",
                "Check its GSD.",
            )
        digest = sha256("the whole image")
        return cls(ground, (Zone(name, PierRole.YARD, outline, outline, True, digest),))


def _neighbours(site: Site, grid: Grid) -> tuple[list[Pier], list[BaseGeometry]]:
    """The piers of `site` that a scene on `grid` concerns, and their outlines in its pixels."""
    outlines = [grid.geometry_from_world(pier.outline, site.crs) for pier in site]
    pixels = shapely.distance(grid.footprint, outlines)  # nan: at another end of the Earth
    (near,) = (pixels * max(grid.local_plane().gsd_m) <= MAX_DISTANCE_M).nonzero()
    piers = list(site)
    return [piers[i] for i in near], [outlines[i] for i in near]


def _has_room(outline: BaseGeometry) -> bool:
    """Whether a container may fit in."""
    inner = outline.buffer(-0.98 * MIN_CONTAINER_SIDE_M[1] / 2)
    return not inner.is_empty and outline.area >= MIN_ZONE_AREA_M2


def _size(outline: BaseGeometry) -> str:
    box = OrientedBoxes.from_corners(
        shapely.get_coordinates(shapely.minimum_rotated_rectangle(outline))[:4]
    )
    return f"{box.lengths[0]:.3g} x {box.widths[0]:.3g} m"


def _digest(site: Site, pier: Pier) -> str:
    berth = f"buffer {BERTH_BUFFER_M}" if pier.berth is None else pier.berth.wkb_hex
    text = "\n".join([site.crs.to_wkt(), pier.outline.wkb_hex, berth])
    return sha256(text)


def transform_geometry(shape: BaseGeometry, affine: Affine) -> BaseGeometry:
    """`shape` as `affine` maps it."""
    a = affine
    return affinity.affine_transform(shape, [a.a, a.b, a.d, a.e, a.c, a.f])
