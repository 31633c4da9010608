"""What a delivery says about its acquisition, and what follows from that for a count."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Self

MAX_GSD_RATIO = 1.5
"""A true GSD coarser than the grid by more than this is the GSD that a scene is judged by."""
MIN_SUN_ELEVATION_DEG = 5.0
"""With a lower sun there is no number."""
MAX_CLOUD_COVER = 0.95
"""From this share of clouds on there is no number without a cloud mask."""
MAX_OFF_NADIR_DEG = 40.0
"""From a steeper view than this there is no number."""
UNFIT_QUALITIES = ("test",)
"""Quality categories of which the provider vouches for nothing."""


@dataclass(frozen=True, kw_only=True)
class AcquisitionConditions:
    """What a delivery says about its acquisition; None or empty where it says nothing."""

    gsd_m: float | None = None
    """True ground sampling distance of the sensor, metres; pixels may be finer."""
    cloud_cover: float | None = None
    """Share of clouds, 0 to 1."""
    off_nadir_deg: float | None = None
    """Angle between the view and the vertical at the satellite, degrees."""
    sun_elevation_deg: float | None = None
    """Elevation of the sun above the horizon, degrees."""
    ground_control: bool | None = None
    """Whether the position rests on ground control."""
    quality: str = ""
    """Quality category of the provider, in lower case."""

    def completed(self, other: AcquisitionConditions) -> Self:
        """Return these conditions, with those of `other` where they say nothing."""
        missing = [field.name for field in fields(self) if getattr(self, field.name) in (None, "")]
        return replace(self, **{name: getattr(other, name) for name in missing})

    def unfit_reasons(self, *, has_cloud_mask: bool) -> tuple[str, ...]:
        """Return why the delivery itself says that no number can be given; empty if it does not."""
        reasons = []
        if self.sun_elevation_deg is not None and self.sun_elevation_deg < MIN_SUN_ELEVATION_DEG:
            reasons.append(
                f"the sun is at {self.sun_elevation_deg:.3g} degrees, "
                f"{MIN_SUN_ELEVATION_DEG:g} are needed"
            )
        if not has_cloud_mask and (self.cloud_cover or 0.0) >= MAX_CLOUD_COVER:
            reasons.append(
                f"cloud cover {100 * (self.cloud_cover or 0):.3g} % without a cloud mask"
            )
        if (self.off_nadir_deg or 0.0) > MAX_OFF_NADIR_DEG:
            reasons.append(
                f"seen from {self.off_nadir_deg:.3g} degrees off nadir, "
                f"at most {MAX_OFF_NADIR_DEG:g} are counted"
            )
        if self.quality in UNFIT_QUALITIES:
            reasons.append(f'quality category "{self.quality}"')
        return tuple(f"the delivery says: {reason}" for reason in reasons)

    def notes(self) -> tuple[str, ...]:
        """Return what a count must say although it has a number."""
        if self.ground_control is False:
            return ("the delivery says: no ground control, the position is not sure",)
        return ()

    def effective_gsd_m(self, grid_gsd_m: tuple[float, float]) -> tuple[float, float]:
        """Return the GSD (x, y) by which pixels of `grid_gsd_m` are judged, metres."""
        true = self.gsd_m or 0.0
        return (true, true) if true > MAX_GSD_RATIO * max(grid_gsd_m) else grid_gsd_m


def conditions_of_properties(properties: dict[str, Any]) -> AcquisitionConditions:
    """Return what the properties of a STAC Item, or of Planet's metadata, say."""
    names = {key.partition(":")[2] if _is_planets(key) else key: key for key in properties}
    said = {name: properties[key] for name, key in names.items()}
    percent = [said.get("eo:cloud_cover"), said.get("cloud_percent")]
    covers = [found for one in percent if (found := number(one, 0, 100)) is not None]
    control, quality = said.get("ground_control"), said.get("quality_category")
    sun = said.get("view:sun_elevation", said.get("sun_elevation"))
    off_nadir = number(said.get("view:off_nadir", said.get("view_angle")), -90, 90)
    return AcquisitionConditions(
        gsd_m=number(said.get("gsd"), 0.01, 1000),
        cloud_cover=covers[0] / 100 if covers else number(said.get("cloud_cover"), 0, 1),
        off_nadir_deg=None if off_nadir is None else abs(off_nadir),
        sun_elevation_deg=number(sun, -90, 90),
        ground_control=control if isinstance(control, bool) else None,
        quality=quality.strip().lower() if isinstance(quality, str) else "",
    )


def number(value: object, low: float, high: float) -> float | None:
    """Return `value`, a number or its text, from `low` to `high`; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and low <= found <= high else None


def _is_planets(key: str) -> bool:
    return key.partition(":")[0] in ("pl", "planet")
