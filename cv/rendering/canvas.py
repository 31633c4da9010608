"""The canvas of the renderer: height, albedo and object ids on a metric grid.

Positions are in metres from the top-left corner of the pictured area, x to the right and y
down; angles in radians from +x towards +y; heights in metres above the quay. A margin around
the pictured area holds what casts shadows or leans into it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cv.geometry.arrays import Float32Array, Float64Array

Points = Float64Array
"""Positions (n, 2) x, y."""
Colour = Sequence[float] | NDArray[np.floating]

FREE, TAKEN, WATER = 0, 1, 2
_SHIFT = 4
"""Fractional bits of polygon vertices."""
_ONE = 1 << _SHIFT


@dataclass(frozen=True, kw_only=True)
class PlacedObject:
    """One countable object on the canvas."""

    ident: int
    """Value of its roof pixels in Canvas.ids, from 1."""
    class_name: str
    """"container" or "hull"."""
    corners: Points
    """(4, 2) x, y on the ground plane, metres."""
    height: float
    """Height of the roof (container) or deck (hull) above the quay, metres."""
    aboard: bool = False
    """Whether it is a container on a ship."""
    stack: int = 0
    """Number of its stack, 0 for a single container."""
    tiers: int = 1
    """Containers above each other, this one included."""
    parent: int = 0
    """Ident of the hull that carries it, 0 ashore."""


@dataclass(frozen=True)
class OverheadBeam:
    """A beam that hangs above the scene: seen and casting a shadow, with nothing below it."""

    polygon: Points
    """(n, 2) x, y on the ground plane, metres, convex."""
    colour: tuple[float, float, float]
    """RGB 0..1."""
    height: float
    """Above the quay, metres."""


def rectangle(centre: ArrayLike, length: float, width: float, angle: float) -> Points:
    """Return the corners (4, 2; metres) of a rectangle; the first edge runs along its length."""
    x, y = np.asarray(centre, dtype=np.float64).tolist()
    cos, sin = math.cos(angle), math.sin(angle)
    along_x, along_y = cos * length / 2, sin * length / 2
    across_x, across_y = -sin * width / 2, cos * width / 2
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array(
        [(x + i * along_x + j * across_x, y + i * along_y + j * across_y) for i, j in signs]
    )


@dataclass
class Canvas:
    """Height map, albedo and object ids of a scene under construction."""

    width: float
    """Pictured area along x, metres."""
    height: float
    """Pictured area along y, metres."""
    resolution: float = 0.2
    """Metres per canvas pixel."""
    margin: float = 10.0
    """Unpictured rim on every side, metres."""
    albedo: Float32Array = field(init=False)
    """(rows, columns, 3) RGB reflectance, 0..1."""
    relief: Float32Array = field(init=False)
    """(rows, columns) metres above the quay."""
    ids: NDArray[np.int32] = field(init=False)
    """(rows, columns) ident of the placed object on top, else 0."""
    state: NDArray[np.uint8] = field(init=False)
    """(rows, columns) FREE, TAKEN or WATER."""
    placed: list[PlacedObject] = field(default_factory=list)
    """In the order of their idents."""
    overhead: list[OverheadBeam] = field(default_factory=list)
    """Crane beams and booms, lowest first."""
    stacks: int = 0
    """Stacks numbered so far."""

    def __post_init__(self) -> None:
        rows = round((self.height + 2 * self.margin) / self.resolution)
        columns = round((self.width + 2 * self.margin) / self.resolution)
        self.albedo = np.full((rows, columns, 3), 0.4, np.float32)
        self.relief = np.zeros((rows, columns), np.float32)
        self.ids = np.zeros((rows, columns), np.int32)
        self.state = np.zeros((rows, columns), np.uint8)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the canvas, margin included, pixels."""
        return self.relief.shape[0], self.relief.shape[1]

    def copy(self) -> Canvas:
        """Return an independent copy, to draw another scene on the same ground."""
        return deepcopy(self)

    def to_pixels(self, points: ArrayLike) -> Points:
        """Convert metres (n, 2) to canvas pixels, where integer values are pixel centres."""
        metres = np.asarray(points, dtype=np.float64)
        return (metres + self.margin) / self.resolution - 0.5

    def fill(self, polygon: ArrayLike, colour: Colour, height: float, ident: int = 0) -> None:
        """Fill a convex polygon (n, 2 metres) with one colour and height; marks it taken."""
        vertices = self._vertices(polygon)
        _fill(self.albedo, vertices, *rgb_triple(colour))
        self._raise(vertices, height, ident)

    def _raise(self, vertices: NDArray[np.int32], height: float, ident: int) -> None:
        """Set height and ident in a convex polygon; marks it taken."""
        _fill(self.relief, vertices, float(height))
        _fill(self.ids, vertices, int(ident))
        if height > 0.05:
            _fill(self.state, vertices, TAKEN)

    def paint(self, polygon: ArrayLike, colour: Colour) -> None:
        """Colour a convex polygon and leave height, ids and state alone (marks, stains)."""
        _fill(self.albedo, self._vertices(polygon), *rgb_triple(colour))

    def fill_texture(
        self, corners: ArrayLike, texture: Float32Array, height: float, ident: int = 0
    ) -> None:
        """Lay a texture (rows across, columns along, RGB 0..1) on a rectangle of 4 corners."""
        vertices = self._vertices(corners)
        window, patch, mask = self._warp_texture(corners, vertices, texture)
        if mask.size == 0:
            return
        cv2.copyTo(patch, mask, self.albedo[window])
        self._raise(vertices, height, ident)

    def multiply_colour(self, corners: ArrayLike, factors: Float32Array) -> None:
        """Multiply the colours in a rectangle of 4 corners by a texture (rows, columns)."""
        window, patch, mask = self._warp_texture(corners, self._vertices(corners), factors)
        if mask.size == 0:
            return
        under = self.albedo[window]
        tinted = np.asarray(cv2.multiply(under, cv2.cvtColor(patch, cv2.COLOR_GRAY2RGB)))
        cv2.copyTo(np.minimum(tinted, 1, out=tinted), mask, under)

    def _warp_texture(
        self, corners: ArrayLike, vertices: NDArray[np.int32], texture: Float32Array
    ) -> tuple[tuple[slice, slice], Float32Array, NDArray[np.uint8]]:
        """Return a canvas window, the texture warped onto a rectangle in it, and its mask."""
        pixels = self.to_pixels(corners)
        low = np.maximum(np.floor(pixels.min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(pixels.max(0)).astype(int) + 2, self.shape[::-1])
        columns, rows = np.maximum(high - low, 0).tolist()
        window = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
        mask = np.zeros((rows, columns), np.uint8)
        if mask.size == 0:
            return window, np.zeros((0, 0), np.float32), mask
        offset = (low * _ONE).astype(np.int32)
        _fill(mask, vertices - offset, 255)
        patch = cv2.warpAffine(
            texture,
            _canvas_to_texture(texture.shape[:2], pixels - low),
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return window, np.asarray(patch, np.float32), mask

    def add_overhead(self, polygon: ArrayLike, colour: Colour, height: float) -> None:
        """Add a beam (convex polygon, n, 2; metres) that hangs at `height` metres."""
        corners = np.asarray(polygon, dtype=np.float64)
        self.overhead.append(
            OverheadBeam(corners, rgb_triple(np.clip(colour, 0, 1)), float(height))
        )

    def draw_beam(self, image: NDArray[Any], polygon: Points, *value: float) -> None:
        """Fill a convex polygon (n, 2 metres) in `image`, of the canvas' shape."""
        pixels = np.rint(self.to_pixels(polygon) * _ONE).astype(np.int32)
        _fill(image, pixels, *value)

    def mark(self, polygon: ArrayLike, state: int) -> None:
        """Set the state (FREE, TAKEN or WATER) of a convex polygon (n, 2 metres)."""
        _fill(self.state, self._vertices(polygon), state)

    def add_to_mask(self, mask: NDArray[np.uint8], polygon: ArrayLike) -> None:
        """Set `mask`, of the canvas' shape, to 255 inside a convex polygon (n, 2; metres)."""
        _fill(mask, self._vertices(polygon), 255)

    def states_in(self, corners: ArrayLike, samples: int = 9) -> NDArray[np.uint8]:
        """Return the states at samples x samples points of a quadrilateral, on the canvas only."""
        spread = _grid_weights(samples) @ np.asarray(corners, dtype=np.float64)
        columns, rows = np.rint(self.to_pixels(spread)).astype(int).T
        inside = (columns >= 0) & (rows >= 0)
        inside &= (columns < self.shape[1]) & (rows < self.shape[0])
        found: NDArray[np.uint8] = self.state[rows[inside], columns[inside]]
        return found

    def is_free(self, corners: ArrayLike) -> bool:
        """Return whether a quadrilateral lies on free land and at least partly on the canvas."""
        found = self.states_in(corners)
        return bool(found.size) and not found.any()

    def next_ident(self) -> int:
        """Return the ident that the next placed object must have."""
        return len(self.placed) + 1

    def next_stack(self) -> int:
        """Return a new stack number."""
        self.stacks += 1
        return self.stacks

    def _vertices(self, polygon: ArrayLike) -> NDArray[np.int32]:
        """Return fixed-point vertices, inset by half a pixel because OpenCV paints the outline."""
        pixels = self.to_pixels(polygon).tolist()
        units = []
        for (x, y), (next_x, next_y) in zip(pixels, pixels[1:] + pixels[:1], strict=True):
            long = max(math.hypot(next_x - x, next_y - y), 1e-9)
            reach = min(0.5, long / 2.0001) / long
            units.append(((next_x - x) * reach, (next_y - y) * reach))
        before = units[-1:] + units[:-1]
        drawn = [
            (round((x + on_x - off_x) * _ONE), round((y + on_y - off_y) * _ONE))
            for (x, y), (on_x, on_y), (off_x, off_y) in zip(pixels, units, before, strict=True)
        ]
        return np.array(drawn, np.int32)


def _fill(image: NDArray[Any], vertices: NDArray[np.int32], *value: float) -> None:
    """Fill a convex polygon of fixed-point `vertices` (n, 2) with one value per band."""
    cv2.fillConvexPoly(image, vertices, value, cv2.LINE_8, _SHIFT)


@cache
def _grid_weights(samples: int) -> Points:
    """Return the weights of 4 corners (samples * samples, 4) at points spread between them."""
    steps = np.linspace(0.0, 1.0, samples)
    across, along = (axis.ravel() for axis in np.meshgrid(steps, steps))
    ends = (1 - along) * (1 - across), along * (1 - across), along * across, (1 - along) * across
    return np.stack(ends, axis=1)


def _canvas_to_texture(shape: tuple[int, ...], pixels: Points) -> Points:
    """Return the affine map (2, 3) from canvas pixels to those of a texture on 4 corners."""
    rows, columns = shape
    origin, edge, side = pixels[0], pixels[1] - pixels[0], pixels[3] - pixels[0]
    along, across = edge * (columns / float(edge @ edge)), side * (rows / float(side @ side))
    offsets = -float(origin @ along) - 0.5, -float(origin @ across) - 0.5
    return np.column_stack([np.stack([along, across]), offsets])


def shifted_overlap(
    source: Float32Array, target: Float32Array, right: int, down: int
) -> tuple[Float32Array, Float32Array]:
    """Return the overlap when pixel (right, down) of `source` is laid on (0, 0) of `target`.

    Both are views of equal shape (rows, columns), empty where nothing overlaps.
    """
    rows, columns = target.shape
    if abs(right) >= columns or abs(down) >= rows:
        return source[:0, :0], target[:0, :0]
    source = source[max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)]
    target = target[max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)]
    return source, target


def rgb_triple(colour: Colour) -> tuple[float, float, float]:
    """Return `colour` as a tuple of R, G, B."""
    return float(colour[0]), float(colour[1]), float(colour[2])
