"""Tilings: which windows of a plane a network looks at, and which window owns which object."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.geometry.boxes import Floats


@dataclass(frozen=True, order=True)
class Tile:
    """One square window."""

    row: int
    """Row of the lattice."""
    col: int
    """Column of the lattice."""
    x0: int
    """Left edge, tile pixels from the plane's origin."""
    y0: int
    """Upper edge, tile pixels from the plane's origin."""
    size: int
    """Side, tile pixels."""


@dataclass(frozen=True)
class Tiling:
    """A lattice of square tiles that overlap; every point has an owner that sees its surroundings.

    A tile owns the points nearer to its middle than to any other tile's: they lie at least
    overlap / 2 away from its edge. An object is kept only from the tiles that own its centre, or
    miss it by `slack` at most: one no longer than the overlap is never kept in pieces.
    """

    size: int
    """Side of a tile, tile pixels."""
    overlap: int
    """Pixels that neighbours share."""
    slack: int = 4
    """Tolerance of ownership, pixels: jitter of a centre that must not lose an object."""

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.size:
            raise ValueError(f"overlap {self.overlap} must be at least 0 and less than {self.size}")

    @property
    def stride(self) -> int:
        """Pixels from one tile to the next."""
        return self.size - self.overlap

    def tiles(self, region: BaseGeometry) -> Iterator[Tile]:
        """Tiles whose owned square meets `region` (tile pixels), row by row."""
        if region.is_empty:
            return
        shapely.prepare(region)
        x_min, y_min, x_max, y_max = region.bounds
        rim = self.overlap // 2
        for row in range(math.floor(y_min / self.stride), math.ceil(y_max / self.stride) + 1):
            for col in range(math.floor(x_min / self.stride), math.ceil(x_max / self.stride) + 1):
                x, y = col * self.stride, row * self.stride
                if region.intersects(shapely.box(x, y, x + self.stride, y + self.stride)):
                    yield Tile(row, col, x - rim, y - rim, self.size)

    def owned(self, tile: Tile, centers: Floats) -> NDArray[np.bool_]:
        """Which of `centers` (n, 2), tile pixels from the plane's origin, `tile` keeps."""
        start = np.array([tile.x0, tile.y0]) + self.overlap // 2 - self.slack
        end = start + self.stride + 2 * self.slack
        inside = (centers >= start) & (centers < end)
        return inside[:, 0] & inside[:, 1]
