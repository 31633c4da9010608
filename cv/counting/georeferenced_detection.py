"""A sighting: one detection that was kept, placed on the scene and on the Earth."""

from __future__ import annotations

from dataclasses import dataclass

import shapely


@dataclass(frozen=True)
class GeoreferencedDetection:
    """One container or hull that was seen."""

    kind: str
    """Class: "container" or "hull"."""
    score: float
    """The detector's score, 0 to 1."""
    corners: tuple[tuple[float, float], ...]
    """Four (x, y) in ring order, pixels of the scene as delivered, (0, 0) at the outer corner."""
    outline: shapely.Polygon | None
    """The box in WGS 84 longitude, latitude, degrees; None without a CRS."""
    length_m: float
    """Long side, metres."""
    width_m: float
    """Short side, metres."""
    heading_deg: float
    """Direction of the long side, degrees clockwise from true north, [0, 180); nan without CRS."""
    aboard: bool
    """A container that lies on a hull."""
    pier: str | None
    """The pier whose count it is part of; None for none."""
