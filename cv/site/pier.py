"""A pier with its role, outline and berth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

BERTH_BUFFER_M = 60.0
"""Width of the berth around the outline of a pier without a berth polygon, metres."""


class PierRole(StrEnum):
    """Use of a pier."""

    EXPORT = "export"
    IMPORT = "import"
    RAIL = "rail"
    YARD = "yard"
    ANCHORAGE = "anchorage"


@dataclass(frozen=True)
class Pier:
    """A place where containers stand and ships berth."""

    name: str
    """Unique within the site."""
    role: PierRole
    outline: BaseGeometry
    """Where containers stand: Polygon or MultiPolygon, x, y of the site's CRS."""
    berth: BaseGeometry | None = None
    """Where its hulls lie, same CRS; None: within `berth_buffer_m` of the outline."""
    aliases: tuple[str, ...] = ()
    """Other names."""
    berth_buffer_m: float = BERTH_BUFFER_M
    """Width of the berth around the outline, metres, if `berth` is None; 0: it has none."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name and aliases."""
        return (self.name, *self.aliases)

    def __repr__(self) -> str:
        aliases = f", aliases={self.aliases}" if self.aliases else ""
        return f"Pier({self.name!r}, {self.role.value}{aliases})"
