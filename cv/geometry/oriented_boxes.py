"""Oriented bounding boxes in one convention.

A box is (cx, cy, w, h, angle): centre, long side, short side, and the direction of the long side in
radians, measured from the x axis towards the y axis. Always w >= h and 0 <= angle < pi. Lengths are
in the unit of the plane that the boxes lie in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from cv.geometry.arrays import BoolArray, Float64Array, Indices

_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


@dataclass(frozen=True, eq=False)
class OrientedBoxes:
    """Zero or more oriented boxes in one plane."""

    values: Float64Array
    """(n, 5) rows cx, cy, w, h (units of the plane), angle (radians); w >= h, angle in [0, pi)."""

    @classmethod
    def empty(cls) -> OrientedBoxes:
        """Return zero boxes."""
        return cls(np.zeros((0, 5)))

    @classmethod
    def from_values(cls, values: ArrayLike) -> OrientedBoxes:
        """Return boxes from (n, 5) rows cx, cy, w, h, angle, brought into the convention.

        The sides may come in any order, the angle may have any value. Raises ValueError for
        another shape, a value that is not finite, or a negative side.
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
        """Return boxes from (n, 4, 2) corners x, y in ring order.

        A quadrilateral that is not a rectangle (a box under pixels that are not square) becomes the
        rectangle with the same centre and area whose long side lies along its longer midline.
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
        """Return the boxes of all `parts`, in order."""
        return cls(np.concatenate([np.zeros((0, 5)), *(part.values for part in parts)]))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Indices | BoolArray | slice) -> OrientedBoxes:
        return OrientedBoxes(self.values[rows])

    @property
    def centers(self) -> Float64Array:
        """(n, 2) centres x, y, units of the plane."""
        return self.values[:, :2]

    @property
    def lengths(self) -> Float64Array:
        """(n,) long sides, units of the plane."""
        return self.values[:, 2]

    @property
    def widths(self) -> Float64Array:
        """(n,) short sides, units of the plane."""
        return self.values[:, 3]

    @property
    def angles(self) -> Float64Array:
        """(n,) directions of the long sides, radians in [0, pi), from x towards y."""
        return self.values[:, 4]

    @property
    def areas(self) -> Float64Array:
        """(n,) areas, squared units of the plane."""
        return self.values[:, 2] * self.values[:, 3]

    @property
    def axes(self) -> Float64Array:
        """(n, 2) unit vectors along the long sides."""
        return np.column_stack([np.cos(self.angles), np.sin(self.angles)])

    def corners(self) -> Float64Array:
        """Return the corners (n, 4, 2) x, y in ring order."""
        axis = self.axes
        normal = np.column_stack([-axis[:, 1], axis[:, 0]])
        reach = _CORNERS[None, :, :] * self.values[:, None, 2:4]
        offsets = reach[:, :, :1] * axis[:, None, :] + reach[:, :, 1:] * normal[:, None, :]
        corners: Float64Array = self.centers[:, None, :] + offsets
        return corners

    def polygons(self) -> NDArray[np.object_]:
        """Return the boxes as (n,) shapely polygons."""
        polygons: NDArray[np.object_] = shapely.polygons(self.corners())
        return polygons

    def transformed(self, affine: Affine) -> OrientedBoxes:
        """Return the boxes mapped by `affine`; for sheared boxes see `from_corners`."""
        return OrientedBoxes.from_corners(map_points(affine, self.corners()))


def map_points(affine: Affine, points: Float64Array) -> Float64Array:
    """Return `points` (..., 2) x, y mapped by `affine`."""
    x, y = points[..., 0], points[..., 1]
    mapped: Float64Array = np.stack(
        [affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f], axis=-1
    )
    return mapped


def transform_geometry(geometry: BaseGeometry, affine: Affine) -> BaseGeometry:
    """Return `geometry` mapped by `affine`."""
    return affinity.affine_transform(geometry, affine.to_shapely())
