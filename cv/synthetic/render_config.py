"""What goes into a chip: the switches of the renderer, for ablations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class RenderConfig:
    """Which effects chips show; the default is what the released model trains on."""

    coarse: float = 0.33
    # share of chips for the hull pass, 0..1
    bare: float = 0.0
    # share of the other chips that show places without any box, beside those that do by chance
    shadows: bool = True
    # whether things cast shadows
    lean: bool = True
    # whether the camera looks from the side, so that roofs move and walls show
    look_alikes: float = 1.0
    # amount of things that resemble boxes or hulls, relative to the usual, 0..1
    weather: float = 1.0
    # chance of snow, wet ground and clouds, relative to the usual, 0..1
    optics: bool = True
    # blur, noise, ringing, colour bleed and JPEG of real cameras and files
    exposures: bool = True
    # haze, colour casts, tone curves and stretches of real products

    def without(self, names: Iterable[str]) -> RenderConfig:
        """This recipe with some of SWITCHES turned off."""
        off: dict[str, Any] = dict.fromkeys(names, 0)
        return replace(self, **off)


DEFAULT = RenderConfig()
SWITCHES = ("shadows", "lean", "look_alikes", "weather", "optics", "exposures")
"""Fields that a falsy value turns off."""
