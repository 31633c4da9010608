"""How the number of containers on a pier changes, by the pier's role: while idle, and by a ship."""

from __future__ import annotations

from dataclasses import dataclass

from cv.site import PierRole


@dataclass(frozen=True)
class CargoChange:
    """A new number of containers, from that before and from the load of a ship; Gaussian."""

    kept_share: float
    """Share of the number before that stays on average."""
    added_loads: float
    """Part of a load that comes on average."""
    kept_sd: float
    """Standard deviation of what stays, as a share of the number before."""
    added_sd: float
    """Standard deviation of what comes, as a part of a load."""

    def linear(self, load: float) -> tuple[float, float, float, float, float]:
        """Factor and summand of the mean, factor of the variance, and factor and summand of the
        spread that the change adds, which goes with the mean; see moves.py."""
        added, spread = self.added_loads * load, self.added_sd * load + 2.0
        return self.kept_share, added, self.kept_share * self.kept_share, self.kept_sd, spread


@dataclass(frozen=True)
class CargoFlow:
    """The changes on one pier."""

    land_clearance_d: float
    """Mean time until a container leaves by land where no ship comes, days."""
    gathering_share: float
    """Share of calls before which cargo gathers, 0 to 1."""
    usual_change: CargoChange
    """What a ship does most often."""
    other_change: CargoChange
    """What else it may do, as probable."""
    served_by_ships: bool = True
    """Whether ships serve it; trains or lorries else."""


_LOADS = CargoChange(0.1, 0.0, 0.15, 0.0)
_UNLOADS = CargoChange(1.0, 0.6, 0.1, 0.35)
_ANY = CargoChange(0.7, 0.2, 0.5, 0.4)

CARGO_FLOWS = {
    PierRole.EXPORT: CargoFlow(25.0, 0.9, _LOADS, _ANY),
    PierRole.IMPORT: CargoFlow(3.5, 0.005, _UNLOADS, _ANY),
    PierRole.RAIL: CargoFlow(3.0, 0.5, _LOADS, _ANY, served_by_ships=False),
    PierRole.YARD: CargoFlow(8.0, 0.4, _UNLOADS, _ANY),
    PierRole.ANCHORAGE: CargoFlow(25.0, 0.0, _ANY, _ANY),
}
"""What a pier of each role is taken for before its looks say more."""
