"""Tilings: which windows of a plane a network looks at, and which window owns which object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv.geometry.oriented_boxes import Floats


@dataclass(frozen=True, order=True)
class Tile:
    """One square window."""

    y0: int
    """Upper edge, tile pixels from the plane's origin."""
    x0: int
    """Left edge, tile pixels from the plane's origin."""
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

    def tiles(self, region: BaseGeometry) -> list[Tile]:
        """Tiles whose owned squares cover `region` (tile pixels), row by row.

        They lie on one lattice that begins at the plane's origin, unless fewer are needed where
        each part of the region has a lattice of its own, laid around its middle.
        """
        common = list(self._lattice(region, (0, 0)))
        parts = [part for part in shapely.get_parts(region) if not part.is_empty]
        own = [tile for part in parts for tile in self._lattice(part, self._around(part))]
        return sorted(own if len(own) < len(common) else common)

    def _lattice(self, region: BaseGeometry, start: tuple[int, int]) -> Iterator[Tile]:
        """Tiles whose owned square meets `region`, where one of the squares begins at `start`."""
        if region.is_empty:
            return
        shapely.prepare(region)
        bounds = np.array(region.bounds).reshape(2, 2) - start
        first, last = np.floor(bounds[0] / self.stride), np.ceil(bounds[1] / self.stride)
        rim = self.overlap // 2
        for row in range(int(first[1]), int(last[1]) + 1):
            for column in range(int(first[0]), int(last[0]) + 1):
                x, y = start[0] + column * self.stride, start[1] + row * self.stride
                if region.intersects(shapely.box(x, y, x + self.stride, y + self.stride)):
                    yield Tile(y - rim, x - rim, self.size)

    def _around(self, region: BaseGeometry) -> tuple[int, int]:
        """Where the first square begins, if as few as can be lie evenly over `region`."""
        low, high = np.array(region.bounds).reshape(2, 2)
        number = np.ceil((high - low + 1) / self.stride)  # 1: what rounding may take away
        x, y = np.round((low + high - number * self.stride) / 2).astype(int)
        return int(x), int(y)

    def owns(self, tile: Tile, centers: Floats) -> NDArray[np.bool_]:
        """Which of `centers` (n, 2), tile pixels from the plane's origin, `tile` keeps."""
        start = np.array([tile.x0, tile.y0]) + self.overlap // 2 - self.slack
        end = start + self.stride + 2 * self.slack
        inside = (centers >= start) & (centers < end)
        return inside[:, 0] & inside[:, 1]
