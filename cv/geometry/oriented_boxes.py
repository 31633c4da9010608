"""Oriented boxes: the one convention of the project, and what is computed from it.

A box is (cx, cy, w, h, angle): centre, long side, short side, and the direction of the long side in
radians, measured from the x axis towards the y axis. Always w >= h and 0 <= angle < pi. The unit of
length is that of the plane the boxes lie in and is stated where they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


@dataclass(frozen=True, eq=False)
class OrientedBoxes:
    """Zero or more oriented boxes in one plane."""

    values: Floats
    """(n, 5): cx, cy, w, h in units of the plane, angle in radians; canonical (w >= h, [0, pi))."""

    @classmethod
    def empty(cls) -> OrientedBoxes:
        """No boxes."""
        return cls(np.zeros((0, 5)))

    @classmethod
    def from_values(cls, values: ArrayLike) -> OrientedBoxes:
        """Boxes from (n, 5) rows cx, cy, w, h, angle in any order of sides and any turn of angle.

        Raises ValueError on another shape, a value that is not finite or a negative side.
        """
        rows = np.asarray(values, dtype=np.float64).reshape(-1, 5).copy()
        if not np.isfinite(rows).all():
            raise ValueError("oriented boxes must be finite")
        if (rows[:, 2:4] < 0).any():
            raise ValueError("oriented boxes must not have negative sides")
        swap = rows[:, 2] < rows[:, 3]
        rows[swap, 2:4] = rows[swap, 3:1:-1]
        rows[swap, 4] += np.pi / 2
        rows[:, 4] = np.mod(rows[:, 4], np.pi)
        rows[rows[:, 4] >= np.pi, 4] = 0.0  # mod of a tiny negative angle rounds up to pi
        return cls(rows)

    @classmethod
    def from_corners(cls, corners: ArrayLike) -> OrientedBoxes:
        """Boxes from (n, 4, 2) corners in ring order.

        A quadrilateral that is not a rectangle (a box seen through pixels that are not square) is
        replaced by the rectangle through the midpoints of its sides: same centre, the directions of
        its longer midline, and the same area.
        """
        quads = np.asarray(corners, dtype=np.float64).reshape(-1, 4, 2)
        along = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
        across = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
        longer = np.hypot(*along.T) >= np.hypot(*across.T)
        axis = np.where(longer[:, None], along, across)
        other = np.where(longer[:, None], across, along)
        length = np.hypot(*axis.T)
        unit = axis / np.where(length > 0, length, 1.0)[:, None]
        width = np.abs(unit[:, 0] * other[:, 1] - unit[:, 1] * other[:, 0])
        angle = np.arctan2(axis[:, 1], axis[:, 0])
        return cls.from_values(np.column_stack([quads.mean(axis=1), length, width, angle]))

    @classmethod
    def concatenate(cls, parts: Sequence[OrientedBoxes]) -> OrientedBoxes:
        """All boxes of `parts`, in order."""
        return cls(np.concatenate([np.zeros((0, 5)), *(part.values for part in parts)]))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Indices | NDArray[np.bool_] | slice) -> OrientedBoxes:
        return OrientedBoxes(self.values[rows])

    @property
    def centers(self) -> Floats:
        """(n, 2) x, y in units of the plane."""
        return self.values[:, :2]

    @property
    def lengths(self) -> Floats:
        """(n,) long sides in units of the plane."""
        return self.values[:, 2]

    @property
    def widths(self) -> Floats:
        """(n,) short sides in units of the plane."""
        return self.values[:, 3]

    @property
    def angles(self) -> Floats:
        """(n,) directions of the long sides, radians in [0, pi), from x towards y."""
        return self.values[:, 4]

    @property
    def areas(self) -> Floats:
        """(n,) areas in squared units of the plane."""
        return self.values[:, 2] * self.values[:, 3]

    @property
    def axes(self) -> Floats:
        """(n, 2) unit vectors along the long sides."""
        return np.column_stack([np.cos(self.angles), np.sin(self.angles)])

    def corners(self) -> Floats:
        """(n, 4, 2) corners x, y in ring order."""
        axis = self.axes
        normal = np.column_stack([-axis[:, 1], axis[:, 0]])
        reach = _CORNERS[None, :, :] * self.values[:, None, 2:4]
        offsets = reach[:, :, :1] * axis[:, None, :] + reach[:, :, 1:] * normal[:, None, :]
        corners: Floats = self.centers[:, None, :] + offsets
        return corners

    def polygons(self) -> NDArray[np.object_]:
        """(n,) shapely polygons."""
        corners = self.corners()
        polygons: NDArray[np.object_] = shapely.polygons(corners)
        return polygons

    def transformed(self, affine: Affine) -> OrientedBoxes:
        """The boxes as `affine` maps them to another plane; see `from_corners` for shears."""
        return OrientedBoxes.from_corners(map_points(affine, self.corners()))


def map_points(affine: Affine, points: Floats) -> Floats:
    """`points` (..., 2) as x, y mapped by `affine`."""
    x, y = points[..., 0], points[..., 1]
    mapped: Floats = np.stack(
        [affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f], axis=-1
    )
    return mapped
