"""Zones: the piers of a site, projected into one scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import shapely
from affine import Affine
from pyproj import Geod, Transformer
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from cv.counting.distant_pier import DistantPier
from cv.errors import CoverageError, SiteError
from cv.geometry.arrays import BoolArray, Float64Array
from cv.geometry.container_sizes import FOOTPRINT_20FT_M2, LENGTH_20FT_M, WIDTH_M
from cv.geometry.grid import Grid, LocalPlane
from cv.geometry.oriented_boxes import OrientedBoxes, transform_geometry
from cv.io.hashing import sha256
from cv.scene.visibility import NOTHING
from cv.site import Pier, PierRole, Site

MAX_DISTANCE_M = 10_000.0
"""A pier further than this from the scene, metres, belongs to another port and gets no count."""
_CONTAINER = f"{LENGTH_20FT_M:g} x {WIDTH_M:g} m"


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One pier in one scene, in ground metres."""

    name: str
    role: PierRole
    outline: BaseGeometry
    """Where containers stand; may extend beyond the scene."""
    berth: BaseGeometry
    """Where its hulls lie; empty if it has none, or there is no room for any."""
    declared: bool
    """Whether the site file has the berth; otherwise it is a buffer, and buffers may overlap."""
    digest: str
    """sha256 of pier and berth as the site file has them, hexadecimal."""
    aliases: tuple[str, ...] = ()
    """Other names of the pier."""

    @property
    def region(self) -> BaseGeometry:
        """Pier and berth together, ground metres."""
        return shapely.union(*map(shapely.make_valid, (self.outline, self.berth)))

    @property
    def is_undivided(self) -> bool:
        """Whether pier and berth are one area: the whole image."""
        return bool(self.outline.equals(self.berth))

    @classmethod
    def undivided(cls, name: str, outline: BaseGeometry, digest: str = "") -> Zone:
        """Return a zone of which every part may hold containers and hulls."""
        role = PierRole.YARD
        return cls(
            name=name, role=role, outline=outline, berth=outline, declared=True, digest=digest
        )


@dataclass(frozen=True)
class Zones:
    """The zones of one scene, and the ground plane they lie in."""

    ground: LocalPlane
    zones: tuple[Zone, ...]
    shift_m: tuple[float, float] | None = None
    """How far (east, north) the zones were moved to lie on what the scene shows, metres; None if
    there was nothing to align it with, or no sure alignment."""
    distant: tuple[DistantPier, ...] = ()
    """The piers of the site that are further than `MAX_DISTANCE_M` from the scene."""

    def shifted(self, east_m: float, north_m: float) -> Zones:
        """Return the zones, moved by metres to the east and to the north."""
        moved = replace(self, shift_m=(east_m, north_m))
        x, y = moved._ground_shift
        return replace(
            moved,
            zones=tuple(
                replace(
                    zone, outline=translate(zone.outline, x, y), berth=translate(zone.berth, x, y)
                )
                for zone in self.zones
            ),
        )

    def unshifted_pixels(self, points: Float64Array) -> Float64Array:
        """Return where `points` (..., 2), pixels of the scene, would lie without its shift."""
        return points - np.array(self._ground_shift) @ _linear_part(self.ground.to_pixel)

    @property
    def _ground_shift(self) -> tuple[float, float]:
        """The shift in ground metres (x, y)."""
        if self.shift_m is None or self.shift_m == (0.0, 0.0):
            return 0.0, 0.0
        (east, north), turn = self.shift_m, math.radians(self.ground.azimuth_deg)
        sine, cosine = math.sin(turn), math.cos(turn)
        return east * sine + north * cosine, east * cosine - north * sine

    @property
    def region(self) -> BaseGeometry:
        """Union of all piers and berths, ground metres."""
        return shapely.union_all([part for z in self.zones for part in (z.outline, z.berth)])

    @property
    def aliases(self) -> dict[str, str]:
        """The name of the pier behind each alias."""
        return {alias: zone.name for zone in self.zones for alias in zone.aliases}

    def in_pixels(self, geometry: BaseGeometry) -> BaseGeometry:
        """Return `geometry`, given in ground metres, in pixels of the scene."""
        return transform_geometry(geometry, self.ground.to_pixel)

    @classmethod
    def of_site(cls, site: Site, grid: Grid, scene: str) -> Zones:
        """Return the zones of the piers of `site` within `MAX_DISTANCE_M` of `grid`.

        A pier without a berth gets a buffer of `Pier.berth_buffer_m` around its outline, minus all
        outlines and declared berths, which leaves its water side. `scene` names it in errors.

        Raises:
            CoverageError: The scene has no CRS, or no pier overlaps it.
            SiteError: A pier is too small for a container.
        """
        if grid.crs is None:
            raise CoverageError(
                scene,
                "it has no georeference, so no pier can be located in it",
                "a site needs a scene with a CRS",
                "Count it without a site, or put a world file and a .prj beside it.",
            )
        pixels = [grid.geometry_from_world(pier.outline, site.crs) for pier in site]
        distances = shapely.distance(grid.footprint, pixels)  # nan: outside the domain of the CRS
        near = distances * max(grid.local_plane().gsd_m) <= MAX_DISTANCE_M
        piers, outlines = list(compress(site, near)), list(compress(pixels, near))
        berths = [pier.berth and grid.geometry_from_world(pier.berth, site.crs) for pier in piers]
        declared = [berth for berth in berths if berth is not None]
        visible = shapely.union_all([*outlines, *declared]).intersection(grid.footprint)
        if visible.is_empty:
            raise _not_covered(site, grid, scene)
        center = visible.envelope.centroid
        ground = grid.local_plane((center.x, center.y))
        land = [transform_geometry(outline, ground.from_pixel) for outline in outlines]
        _check_sizes(site, piers, land)
        water = [transform_geometry(berth, ground.from_pixel) for berth in declared]
        taken = shapely.union_all([*land, *water])
        zones = tuple(
            Zone(
                name=pier.name,
                role=pier.role,
                outline=outline,
                berth=_buffer(outline, pier.berth_buffer_m).difference(taken)
                if berth is None
                else transform_geometry(berth, ground.from_pixel),
                declared=pier.berth is not None,
                digest=place_digest(site, pier),
                aliases=pier.aliases,
            )
            for pier, outline, berth in zip(piers, land, berths, strict=True)
        )
        return cls(ground, zones, distant=_distant_piers(site, grid, near))

    @classmethod
    def whole(cls, grid: Grid, name: str) -> Zones:
        """Return the whole image as one zone called `name`, for a scene without a site.

        Raises CoverageError if it is too small for a container.
        """
        ground = grid.local_plane()
        outline = transform_geometry(grid.footprint, ground.from_pixel)
        if not _fits_container(outline):
            shown, limit = f"the image shows {_size(outline)}", f"a 20 ft container is {_CONTAINER}"
            raise CoverageError(name, shown, limit, "Check its GSD.")
        return cls(ground, (Zone.undivided(name, outline, sha256("the whole image")),))


def _buffer(outline: BaseGeometry, width_m: float) -> BaseGeometry:
    """Return `outline` and all within `width_m` of it; nothing if that is 0."""
    return outline.buffer(width_m) if width_m else NOTHING


def _distances_km(site: Site, grid: Grid) -> Float64Array:
    """Return the distance (piers,) of each pier of `site` from the middle of `grid`, km."""
    centroids = shapely.get_coordinates(shapely.centroid([pier.outline for pier in site]))
    piers = Transformer.from_crs(site.crs, 4326, always_xy=True).transform(*centroids.T)
    middle = np.tile(grid.to_lonlat(np.array([grid.center])), (len(site), 1))
    _, _, metres = Geod(ellps="WGS84").inv(*middle.T, *piers)
    return np.asarray(metres) / 1000


def _distant_piers(site: Site, grid: Grid, near: BoolArray) -> tuple[DistantPier, ...]:
    """Return the piers of `site` that are not `near` (piers,) the scene, with their distance."""
    if near.all():
        return ()
    distances_km = zip(site, _distances_km(site, grid).tolist(), strict=True)
    return tuple(DistantPier(pier.name, km) for pier, km in compress(distances_km, ~near))


def _not_covered(site: Site, grid: Grid, scene: str) -> CoverageError:
    """Return the error for a scene in which no pier of `site` lies."""
    longitude, latitude = grid.to_lonlat(np.array([grid.center]))[0].tolist()
    return CoverageError(
        scene,
        f"no pier of {site.subject} lies in it; the nearest is "
        f"{_distances_km(site, grid).min():,.0f} km from its middle, which is at longitude "
        f"{longitude:.4f}, latitude {latitude:.4f}",
        "at least one pier must overlap the scene",
        "Check the site's coordinates (longitude first) and the scene's CRS.",
    )


def _check_sizes(site: Site, piers: Sequence[Pier], outlines: Sequence[BaseGeometry]) -> None:
    """Raise SiteError if one of the `outlines` (ground metres) has no room for a container."""
    for pier, outline in zip(piers, outlines, strict=True):
        if not outline.is_empty and not _fits_container(outline):
            raise SiteError(
                site.subject,
                f"pier {pier.name!r} has {_size(outline)}",
                f"a pier has room for a 20 ft container, {_CONTAINER}",
                "Check its coordinates and their CRS.",
            )


def _fits_container(outline: BaseGeometry) -> bool:
    """Return whether a 20 ft container may fit into `outline` (ground metres)."""
    inner = outline.buffer(-0.98 * WIDTH_M / 2)
    return not inner.is_empty and outline.area >= FOOTPRINT_20FT_M2


def _size(outline: BaseGeometry) -> str:
    """Return length x width of the minimum rotated rectangle around `outline`, as text."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(outline))[:4]
    box = OrientedBoxes.from_corners(corners)
    return f"{box.lengths[0]:.3g} x {box.widths[0]:.3g} m"


def _linear_part(affine: Affine) -> Float64Array:
    """Return what row vectors (x, y) are multiplied with, (2, 2)."""
    return np.array([[affine.a, affine.d], [affine.b, affine.e]])


def place_digest(site: Site, pier: Pier) -> str:
    """Return the sha256 of outline and berth of `pier`, see `PierCount.place`."""
    berth = f"buffer {pier.berth_buffer_m}" if pier.berth is None else pier.berth.wkb_hex
    return sha256("\n".join([site.crs.to_wkt(), pier.outline.wkb_hex, berth]))
