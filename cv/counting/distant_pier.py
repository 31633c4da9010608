"""A pier of a site that lies elsewhere on Earth than a scene."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DistantPier:
    """A pier that is too far from a scene to be counted in it."""

    pier: str
    """Name of the pier."""
    distance_km: float
    """From its centre to the middle of the scene, kilometres."""

    def __str__(self) -> str:
        return f"{self.pier} ({self.distance_km:,.0f} km away)"
