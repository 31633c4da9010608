"""The line where land ends and ships lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.rendering.canvas import Points


@dataclass(frozen=True)
class QuayLine:
    """A quay; the water is on the right of the line from start to end (y down)."""

    start: Points
    """X, y metres."""
    end: Points
    """X, y metres."""

    @property
    def length(self) -> float:
        """Metres."""
        return float(np.hypot(*(self.end - self.start)))

    @property
    def angle(self) -> float:
        """Direction from start to end, radians."""
        return float(np.arctan2(*(self.end - self.start)[::-1]))

    def at(self, along: float, out: float) -> Points:
        """Return the canvas position (metres) `along` the line and `out` over the water."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        step = np.array([cos * along - sin * out, sin * along + cos * out])
        return np.asarray(self.start + step)
