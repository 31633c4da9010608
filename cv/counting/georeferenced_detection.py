"""A detection with its position in the scene and on the Earth."""

from __future__ import annotations

from dataclasses import dataclass

import shapely


@dataclass(frozen=True, kw_only=True)
class GeoreferencedDetection:
    """One detected container or hull."""

    kind: str
    """Class: "container" or "hull"."""
    score: float
    """The detector's score, 0 to 1."""
    corners: tuple[tuple[float, float], ...]
    """Four corners (x, y) in ring order, pixels of the scene as delivered."""
    outline: shapely.Polygon | None
    """The box in WGS 84 longitude, latitude, degrees; None without a CRS. Across the antimeridian
    it runs on beyond 180 degrees. In an aligned scene it is corrected by `PierCount.shift_m`, so
    that the outlines of all aligned scenes are comparable."""
    length_m: float
    """Long side, metres."""
    width_m: float
    """Short side, metres."""
    heading_deg: float
    """Direction of the long side, degrees clockwise from true north in [0, 180); nan without a
    CRS."""
    aboard: bool
    """Whether it is a container on the deck of a hull."""
    pier: str | None
    """Name of the pier that it is counted for, or None."""
