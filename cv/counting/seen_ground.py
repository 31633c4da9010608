"""What a scene shows of one pier and its berth: neither hidden nor unfit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.pier_count import CountStatus, format_percentage
from cv.counting.pier_zones import Zone, Zones
from cv.geometry.arrays import Float64Array
from cv.geometry.container_sizes import FOOTPRINT_20FT_M2
from cv.geometry.grid import Grid
from cv.image_fitness.ground_fitness import GroundFitness, PartFitness
from cv.scene.visibility import NOTHING, Visibility, polygon_parts

MIN_HULL_AREA_M2 = 300.0
"""Area of a small ship, 40 x 7.5 m, square metres."""
MIN_VISIBLE = 0.05
"""Up to this visible fraction a pier or berth gets no number."""
MAX_UNFIT = 0.5
"""Unfit share of what is visible of a pier or berth above which it gets no number."""
MIN_UNFIT = 0.03
"""Unfit share below which all is taken for fit: as much of clear ground is misjudged at times."""
_MIN_NAMED = 0.001
"""A smaller hidden share is not named."""
_UNSEEN_GRID_PX = 0.01
"""Grid of the corners of unseen ground, pixels: without one, rounding leaves slivers."""
JUDGED = "pixels"
"""Basis of a visibility that rests on the judged pixels."""


@dataclass(frozen=True)
class SeenPart:
    """What a scene shows of a pier, or of a berth."""

    fraction: float
    """Share of its area that is visible and fit, 0 to 1."""
    unfit_share: float = 0.0
    """Share of its visible area that is unfit, 0 to 1."""
    cause: str = ""
    """What the unfit area suffers from, in plain words."""
    recall: float = 1.0
    """Share of the objects in it that would be found, 0 to 1."""
    unfit: BaseGeometry = NOTHING
    """Unfit ground, in which nothing is counted, ground metres."""
    outside: float = 0.0
    """Share of its area that lies outside the image, 0 to 1."""
    masked: float = 0.0
    """Share of its area that a cloud mask, nodata or fill hides, 0 to 1."""

    @property
    def is_unfit(self) -> bool:
        """Whether most of what is visible of it is unfit."""
        return self.unfit_share > MAX_UNFIT

    @property
    def known(self) -> bool:
        """Whether it is enough for a number."""
        return self.fraction > MIN_VISIBLE and not self.is_unfit


@dataclass(frozen=True)
class SeenZone:
    """What a scene shows of one zone."""

    outline: SeenPart
    berth: SeenPart | None
    """None for a pier without a berth."""
    decks: SeenPart | None
    """The berth for containers on deck."""
    basis: str
    """Where it is known from, see `PierCount.visibility`."""
    unseen: BaseGeometry | None = None
    """The rest of pier and berth, longitude and latitude; None without a CRS, or if not all is
    known."""
    all_known: bool = True
    """Whether nothing else can be hidden; False: a mask of the scene could not be used, so that its
    fractions are upper limits."""

    @property
    def fractions(self) -> tuple[float | None, float | None]:
        """Seen shares of pier and berth, 0 to 1; None if not known, or without a berth."""
        if not self.all_known:
            return None, None
        return self.outline.fraction, self.berth.fraction if self.berth else None

    @property
    def known(self) -> bool:
        """Whether enough of the pier or its berth is seen for a number."""
        return self.outline.known or (self.berth is not None and self.berth.known)

    def hidden_by(self, part: SeenPart) -> str:
        """Return in brackets what hides how much of the pier or berth; empty if nothing does."""
        mask = f"{'cloud mask, ' if self.basis.startswith('udm2') else ''}nodata or fill"
        shares = ((part.outside, "outside the image"), (part.masked, mask))
        causes = [
            f"{_rounded_up(share)}% {cause}" for share, cause in shares if share >= _MIN_NAMED
        ]
        return f" ({', '.join(causes)})" if causes else ""

    def status(self, zone: Zone) -> tuple[CountStatus, str]:
        """Return status and reason: COUNTED if the unseen area is too small for an object.

        Never if a mask could not be used.
        """
        berth = self.berth or SeenPart(1.0)
        parts = [(self.outline, "the pier"), (berth, "its berth")]
        if zone.is_undivided:
            parts = [(self.outline, "the image")]
        unfit = [
            f"{format_percentage(part.unfit_share)} of {name} cannot be judged: {part.cause}"
            for part, name in parts
            if part.unfit_share > 0
        ]
        most = "" if self.all_known else "at most "
        seen = f"seen: {most}{format_percentage(self.outline.fraction)} of {parts[0][1]}"
        seen += self.hidden_by(self.outline)
        if self.berth is not None and not zone.is_undivided:
            seen += f" and {format_percentage(berth.fraction)} of its berth{self.hidden_by(berth)}"
        if not self.known:
            if self.outline.is_unfit or berth.is_unfit:
                return CountStatus.UNFIT, "; ".join(unfit)
            return CountStatus.NOT_VISIBLE, "; ".join([seen, *unfit])
        unseen = (
            (1 - self.outline.fraction) * zone.outline.area,
            (1 - berth.fraction) * zone.berth.area,
        )
        if unseen[0] >= FOOTPRINT_20FT_M2 or unseen[1] >= MIN_HULL_AREA_M2:
            return CountStatus.PARTIAL, "; ".join([seen, *unfit])
        return CountStatus.COUNTED if self.all_known else CountStatus.PARTIAL, ""


def _rounded_up(share: float) -> int:
    """Return a hidden `share` (0 to 1) in percent, as what is seen is rounded down; 100: all."""
    return min(math.ceil(100 * share - 1e-6), 99 if share < 1 else 100)


def see_zone(
    zone: Zone,
    zones: Zones,
    grid: Grid,
    visibility: Visibility,
    fitness: GroundFitness,
    misplaced: BaseGeometry = NOTHING,
    all_known: bool = True,
) -> SeenZone:
    """Return what a scene shows of one of its `zones`.

    Args:
        zone: One of `zones`.
        zones: All of them, with their ground plane.
        grid: Grid of the scene.
        visibility: That of pier and berth together, pixels.
        fitness: Fitness of the ground; empty where nothing was judged.
        misplaced: Ground of the pier under what cannot lie on a pier, ground metres.
        all_known: Whether all masks of the scene could be used.
    """
    has_berth = zone.berth.area > 0
    on_pier = fitness.within(zone.outline, fitness.container_recall)
    at_berth = fitness.within(zone.berth, fitness.hull_recall)
    on_deck = fitness.within(zone.berth, fitness.container_recall)
    image = grid.footprint
    outline, unseen = _see_part(zone.outline, zones, image, visibility, on_pier, misplaced)
    berth, _ = _see_part(zone.berth, zones, image, visibility, at_berth, NOTHING)
    decks, _ = _see_part(zone.berth, zones, image, visibility, on_deck, NOTHING)
    basis = visibility.basis
    if len(fitness.patches):
        basis = JUDGED if basis == "mask" else f"{basis}+{JUDGED}"
    return SeenZone(
        outline,
        berth if has_berth else None,
        decks if has_berth else None,
        basis,
        _to_lonlat(unseen, zones, grid) if grid.crs is not None and all_known else None,
        all_known,
    )


def _see_part(
    part: BaseGeometry,
    zones: Zones,
    image: BaseGeometry,
    visibility: Visibility,
    fitness: PartFitness,
    misplaced: BaseGeometry,
) -> tuple[SeenPart, BaseGeometry]:
    """Return what is seen of a part of a zone, and the rest of it, pixels (x, y).

    `image` is the outline of the scene.
    """
    area = polygon_parts(shapely.make_valid(zones.in_pixels(part)))
    visible = visibility.within(area)
    inside = Visibility.of(area, shapely.intersection(area, image), "").fraction
    masked = max(0.0, inside - visible.fraction)
    is_judged = visible.fraction > MIN_VISIBLE and fitness.unfit_share >= MIN_UNFIT
    unfit_share = fitness.unfit_share if is_judged else 0.0
    unfit = shapely.union(fitness.unfit, misplaced) if unfit_share else misplaced
    if not unfit.is_empty:
        clear = shapely.difference(visible.clear, zones.in_pixels(unfit))
        visible = Visibility.of(area, polygon_parts(clear), visible.basis)
    unseen = NOTHING
    if visible.fraction < 1:
        unseen = shapely.difference(area, visible.clear, grid_size=_UNSEEN_GRID_PX)
    cause = fitness.cause if unfit_share else ""
    seen = SeenPart(visible.fraction, unfit_share, cause, fitness.recall, unfit, 1 - inside, masked)
    return seen, unseen


def _to_lonlat(area: BaseGeometry, zones: Zones, grid: Grid) -> BaseGeometry:
    """Return polygons in pixels as polygons in longitude, latitude; they may run beyond 180.

    They lie where they would without the shift of the scene, like detections in a ledger.
    """
    area = polygon_parts(shapely.make_valid(area))
    if area.is_empty:
        return area
    start = grid.to_lonlat(shapely.get_coordinates(area)[:1])[0, 0]

    def move(pixels: Float64Array) -> Float64Array:
        lonlat = grid.to_lonlat(zones.unshifted_pixels(pixels))
        lonlat[:, 0] -= 360.0 * np.round((lonlat[:, 0] - start) / 360.0)
        return lonlat

    return polygon_parts(shapely.make_valid(shapely.transform(area, move)))
