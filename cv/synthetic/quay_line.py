"""Lines where land ends and ships lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.rendering.canvas import Points


@dataclass(frozen=True)
class QuayLine:
    """A berth line; the water is on its right (y down)."""

    start: Points
    # x, y metres
    end: Points
    # x, y metres

    @property
    def length(self) -> float:
        """Metres."""
        return float(np.hypot(*(self.end - self.start)))

    @property
    def angle(self) -> float:
        """Direction from start to end, radians."""
        return float(np.arctan2(*(self.end - self.start)[::-1]))

    def at(self, along: float, out: float) -> Points:
        """Metres along the line and out over the water to canvas metres."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        step = np.array([cos * along - sin * out, sin * along + cos * out])
        return np.asarray(self.start + step)
