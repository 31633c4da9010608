"""One watched place: a pier with its role, outline and berth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

BERTH_BUFFER_M = 60.0
"""Width of the berth of a pier without a berth polygon: so far from its outline, metres."""


class PierRole(StrEnum):
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
    role: PierRole
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
