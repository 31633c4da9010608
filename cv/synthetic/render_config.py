"""Settings of the renderer, which ablations switch off one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RenderConfig:
    """Which effects chips show; the defaults are those of the released models."""

    coarse: float = 0.33
    """Share of chips for the hull pass, 0..1."""
    bare: float = 0.0
    """Share of the other chips that are forced to be without containers, 0..1."""
    shadows: bool = True
    """Whether objects cast shadows."""
    lean: bool = True
    """Whether the view is oblique, so that roofs move and walls show."""
    look_alikes: float = 1.0
    """Amount of objects that resemble containers or hulls, 0..1."""
    weather: float = 1.0
    """Chance of snow, wet ground and clouds, relative to the default, 0..1."""
    optics: bool = True
    """Whether to add blur, noise, ringing, colour bleed and JPEG artefacts."""
    exposures: bool = True
    """Whether to add haze, colour casts, tone curves and contrast stretches."""

    def without(self, names: Iterable[str]) -> RenderConfig:
        """Return this configuration with some of SWITCHES turned off."""
        off: dict[str, Any] = dict.fromkeys(names, 0)
        return replace(self, **off)


DEFAULT = RenderConfig()
SWITCHES = ("shadows", "lean", "look_alikes", "weather", "optics", "exposures")
"""Fields that a falsy value turns off."""
