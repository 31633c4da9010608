"""Tilings: overlapping tiles that cover a region, and which tile owns which object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cv.geometry.arrays import BoolArray, Float64Array


@dataclass(frozen=True, order=True)
class Tile:
    """One square tile."""

    y0: int
    """Upper edge, tile pixels from the plane's origin."""
    x0: int
    """Left edge, tile pixels from the plane's origin."""
    size: int
    """Side, tile pixels."""


@dataclass(frozen=True)
class Tiling:
    """A lattice of overlapping square tiles in which every point is owned by one tile.

    A tile owns the points that are nearer to its centre than to any other tile's; they lie at
    least overlap / 2 away from its edge. A detection is kept only by a tile that owns its centre,
    within a tolerance of `slack`, so that an object no longer than the overlap is always seen
    whole.
    """

    size: int
    """Side of a tile, tile pixels."""
    overlap: int
    """Overlap of neighbouring tiles, tile pixels."""
    slack: int = 4
    """Tolerance of ownership, tile pixels: centres of one object vary from tile to tile."""

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.size:
            raise ValueError(f"overlap {self.overlap} must be at least 0 and less than {self.size}")

    @property
    def stride(self) -> int:
        """Distance from one tile to the next, tile pixels."""
        return self.size - self.overlap

    def tiles(self, region: BaseGeometry) -> list[Tile]:
        """Return the tiles whose owned squares cover `region` (tile pixels), row by row.

        They lie on one lattice that starts at the origin of the plane, or on one lattice per part
        of the region, centred on it, if that takes fewer tiles.
        """
        common = list(self._lattice(region, (0, 0)))
        parts = [part for part in shapely.get_parts(region) if not part.is_empty]
        own = [tile for part in parts for tile in self._lattice(part, self._centered_start(part))]
        return sorted(own if len(own) < len(common) else common)

    def _lattice(self, region: BaseGeometry, start: tuple[int, int]) -> Iterator[Tile]:
        """Yield the tiles whose owned squares intersect `region`; one square starts at `start`."""
        if region.is_empty:
            return
        shapely.prepare(region)
        bounds = np.array(region.bounds).reshape(2, 2) - start
        first, last = np.floor(bounds[0] / self.stride), np.ceil(bounds[1] / self.stride)
        margin = self.overlap // 2
        for row in range(int(first[1]), int(last[1]) + 1):
            for column in range(int(first[0]), int(last[0]) + 1):
                x, y = start[0] + column * self.stride, start[1] + row * self.stride
                if region.intersects(shapely.box(x, y, x + self.stride, y + self.stride)):
                    yield Tile(y - margin, x - margin, self.size)

    def _centered_start(self, region: BaseGeometry) -> tuple[int, int]:
        """Return where the first square starts if as few as possible are centred on `region`."""
        low, high = np.array(region.bounds).reshape(2, 2)
        count = np.ceil((high - low + 1) / self.stride)  # + 1: rounding below may shift by a pixel
        x, y = np.round((low + high - count * self.stride) / 2).astype(int)
        return int(x), int(y)

    def owns(self, tile: Tile, centers: Float64Array) -> BoolArray:
        """Return which (n,) of `centers` (n, 2), tile pixels of the plane, `tile` keeps."""
        start = np.array([tile.x0, tile.y0]) + self.overlap // 2 - self.slack
        end = start + self.stride + 2 * self.slack
        inside = (centers >= start) & (centers < end)
        return inside[:, 0] & inside[:, 1]
