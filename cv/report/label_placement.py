"""Where labels of a picture stand, so that none covers another."""

from __future__ import annotations

from dataclasses import dataclass, field

import shapely

_MAX_STEPS = 12
"""Heights of a label that one is moved up or down at most."""


@dataclass(frozen=True)
class LabelPlacement:
    """The labels of a picture of `width` x `height`; y runs downwards."""

    width: float
    height: float
    margin: float
    """Distance of a label from the left and the lower edge."""
    taken: list[shapely.Polygon] = field(default_factory=list)
    """The rectangles of the labels that were placed."""

    def place(self, x: float, y: float, width: float, height: float) -> tuple[float, float]:
        """Return the lower left corner of a label of this size that belongs at (x, y).

        It is moved into the picture, and then by its height up and down until it covers no label
        that was placed before; one that finds no room stays.
        """
        left = min(max(x, self.margin), max(self.width - width, self.margin))
        lowest = self.height - self.margin
        bottom = min(max(y, height), lowest)
        steps = [0.0, *(sign * step for step in range(1, _MAX_STEPS) for sign in (1, -1))]
        candidates = [bottom + step * height for step in steps]
        for candidate in (one for one in candidates if height <= one <= lowest):
            box = shapely.box(left, candidate - height, left + width, candidate)
            if not any(box.intersection(other).area > 0 for other in self.taken):
                bottom = candidate
                break
        self.taken.append(shapely.box(left, bottom - height, left + width, bottom))
        return left, bottom
