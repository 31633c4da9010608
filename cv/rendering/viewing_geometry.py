"""The oblique view: tall objects lean, show their walls and hide the ground behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cv.geometry.arrays import Float32Array
from cv.rendering.canvas import Canvas, Points, shifted_overlap

Idents = NDArray[np.int32]


@dataclass(frozen=True)
class ViewingAngle:
    """The direction of the view: a roof is displaced by its height times the lean."""

    lean_x: float = 0.0
    """Displacement to the right per metre of height at the image centre, metres."""
    lean_y: float = 0.0
    """Displacement downwards per metre of height at the image centre, metres."""
    perspective: float = 0.0
    """Growth of the lean for each metre from the centre, 1/m (1 / flying height)."""
    wall: float = 0.6
    """Brightness of walls relative to their roof."""


def project_points(points: ArrayLike, height: float, canvas: Canvas, view: ViewingAngle) -> Points:
    """Return where ground points (n, 2; metres), raised to a height, appear (metres)."""
    ground = np.asarray(points, dtype=np.float64)
    centre = np.array([canvas.width / 2, canvas.height / 2])
    lean = np.array([view.lean_x, view.lean_y]) + view.perspective * (ground - centre)
    return np.asarray(ground + height * lean)


def apply_lean(
    canvas: Canvas, radiance: Float32Array, view: ViewingAngle
) -> tuple[Float32Array, Idents]:
    """Return radiance and ids in the oblique view: roofs move, walls show, ground is hidden."""
    strongest = math.hypot(view.lean_x, view.lean_y)
    strongest += view.perspective * max(canvas.width, canvas.height) / 2
    top = float(canvas.relief.max())
    if strongest * top < canvas.resolution / 4:
        return radiance, canvas.ids
    step = min(max(0.65, top / 24, 0.8 * canvas.resolution / strongest), 2.6)
    seen = _visible_heights(canvas, view, np.arange(step, top + step, step))
    rows, columns = canvas.shape
    columns_m = (np.arange(columns) + 0.5) * canvas.resolution - canvas.margin
    rows_m = (np.arange(rows) + 0.5) * canvas.resolution - canvas.margin
    seen_x, seen_y = _source_pixels(canvas, view, columns_m, rows_m[:, None], seen)
    surface = cv2.remap(canvas.relief, seen_x, seen_y, cv2.INTER_NEAREST)
    wall = surface > seen + np.float32(0.3)
    linear, edge = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    out = np.asarray(cv2.remap(radiance, seen_x, seen_y, linear, borderMode=edge), np.float32)
    out[wall] *= np.float32(view.wall)
    bits = canvas.ids.view(np.float32)  # remap moves these bits unread: it knows no int32
    ids = cv2.remap(bits, seen_x, seen_y, cv2.INTER_NEAREST, borderMode=edge).view(np.int32)
    ids[wall] = 0
    return out, ids


def draw_overhead(
    canvas: Canvas, radiance: Float32Array, ids: Idents, view: ViewingAngle
) -> tuple[Float32Array, Idents]:
    """Draw the overhead beams into radiance and ids."""
    ids = ids.copy()
    for beam in canvas.overhead:
        seen = project_points(beam.polygon, beam.height, canvas, view)
        canvas.draw_beam(radiance, seen, *beam.colour)
        canvas.draw_beam(ids, seen, 0)
    return radiance, ids


def _visible_heights(
    canvas: Canvas, view: ViewingAngle, heights: NDArray[np.float64]
) -> Float32Array:
    """Return the height of the surface that each canvas pixel shows (rows, columns), metres."""
    first = np.array([0.5, 1.5]) * canvas.resolution - canvas.margin
    step = float(heights[0])
    seen = np.zeros(canvas.shape, np.float32)
    for height in heights.tolist():
        at_x, at_y = _source_pixels(canvas, view, first, first, height)
        if view.perspective:
            there, here = _scale_relief(canvas.relief, at_x, at_y), seen
        else:
            right, down = (math.floor(float(at[0]) + 0.5) for at in (at_x, at_y))
            there, here = shifted_overlap(canvas.relief, seen, right, down)
        if there.size:
            hit = cv2.compare(there, height - step, cv2.CMP_GT)
            cv2.copyTo(cv2.min(there, height), hit, here)
    return seen


def _scale_relief(relief: Float32Array, at_x: Float32Array, at_y: Float32Array) -> Float32Array:
    """Resample the relief so that its pixels at_x, at_y come to columns and rows 0 and 1."""
    scale_x, scale_y = float(at_x[1] - at_x[0]), float(at_y[1] - at_y[0])
    move = np.array([[scale_x, 0, at_x[0]], [0, scale_y, at_y[0]]], np.float64)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(relief, move, relief.shape[::-1], flags=flags)
    return np.asarray(moved, np.float32)


def _source_pixels(
    canvas: Canvas, view: ViewingAngle, x: ArrayLike, y: ArrayLike, height: ArrayLike
) -> tuple[Float32Array, Float32Array]:
    """Return the canvas pixels (x, y) whose surface at `height` appears at x, y (metres)."""
    tall = np.asarray(height, np.float32)
    scale, margin = np.float32(1 / canvas.resolution), np.float32(canvas.margin)
    axes = (x, canvas.width / 2, view.lean_x), (y, canvas.height / 2, view.lean_y)
    found = []
    for at, half, slope in axes:
        off = np.asarray(at, np.float32) - np.float32(half) - tall * np.float32(slope)
        if view.perspective:
            off = off / (1 + tall * np.float32(view.perspective))
        off = (off + (np.float32(half) + margin)) * scale - np.float32(0.5)
        found.append(np.asarray(off, np.float32))
    return found[0], found[1]
