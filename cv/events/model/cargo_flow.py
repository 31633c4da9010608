"""How the number of containers on a pier changes, by the pier's role: by land and by a ship."""

from __future__ import annotations

from dataclasses import dataclass

from cv.site import PierRole

_MIN_CHANGE_SD = 2.0
"""Part of the standard deviation of any change that does not grow with the load, containers."""


@dataclass(frozen=True)
class CargoChange:
    """A Gaussian change of the number of containers by one ship."""

    kept_share: float
    """Mean share of the containers before that stay."""
    added_loads: float
    """Mean number of containers that come, in loads."""
    kept_sd: float
    """Standard deviation of what stays, as a share of the number before."""
    added_sd: float
    """Standard deviation of what comes, in loads."""

    def coefficients(self, load: float) -> tuple[float, float, float, float, float]:
        """Return the change as `transitions.LinearGaussian`, for a `load` in containers."""
        mean_offset, noise_offset = self.added_loads * load, self.added_sd * load + _MIN_CHANGE_SD
        variance_factor = self.kept_share * self.kept_share
        return self.kept_share, mean_offset, variance_factor, self.kept_sd, noise_offset


@dataclass(frozen=True)
class CargoFlow:
    """How containers come to a pier and leave it."""

    land_clearance_d: float
    """Mean time until a container leaves by land, days."""
    gathering_share: float
    """Share of calls before which cargo gathers, 0 to 1."""
    usual_change: CargoChange
    """What a ship does most often here."""
    other_change: CargoChange
    """The alternative, given the same weight."""
    served_by_ships: bool = True
    """Whether ships serve the pier; otherwise trains or lorries do."""


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
"""Prior assumptions about a pier of each role."""
