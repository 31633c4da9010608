"""Render a canvas: image and labels from sun, view and sensor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cv.geometry.arrays import Float32Array
from cv.rendering.camera_response import Bytes as Bytes
from cv.rendering.camera_response import Sensor as Sensor
from cv.rendering.camera_response import apply_camera_response
from cv.rendering.canvas import Canvas, Points
from cv.rendering.noise import Rng
from cv.rendering.sunlight import Sun as Sun
from cv.rendering.sunlight import sunlight
from cv.rendering.viewing_geometry import Idents, apply_lean, draw_overhead, project_points
from cv.rendering.viewing_geometry import ViewingAngle as ViewingAngle


@dataclass(frozen=True, kw_only=True)
class RenderedLabel:
    """A label as an annotator would draw it, with what only the renderer knows."""

    class_name: str
    """"container" or "hull"."""
    corners: Points
    """(4, 2) x, y in pixels of the picture, integer values at pixel edges."""
    visible: float
    """Share of the roof that is in the picture and not hidden, 0..1."""
    aboard: bool
    """Whether it is a container on a ship."""
    stack: int
    """Number of its stack, 0 for none."""
    tiers: int
    """Containers above each other, this one included."""


def render_picture(
    canvas: Canvas, sun: Sun, view: ViewingAngle, sensor: Sensor, rng: Rng, size: tuple[int, int]
) -> tuple[Bytes, list[RenderedLabel]]:
    """Return the image (rows, columns, RGB; 8 bit) of `size` (rows, columns) and its labels."""
    radiance, ids = render_radiance(canvas, sun, view)
    image = apply_camera_response(radiance, canvas, sensor, rng, size)
    return image, label_objects(canvas, ids, view, size)


def render_radiance(
    canvas: Canvas, sun: Sun, view: ViewingAngle
) -> tuple[Float32Array, NDArray[np.int32]]:
    """Return the light (rows, columns, RGB) of the pictured area and its objects, seen obliquely.

    Both have the canvas' resolution; objects are idents (rows, columns), 0 for none.
    """
    radiance, ids = apply_lean(canvas, _radiance(canvas, sun), view)
    radiance, ids = draw_overhead(canvas, radiance, ids, view)
    border = round(canvas.margin / canvas.resolution)
    sides = (round(side / canvas.resolution) for side in (canvas.height, canvas.width))
    rows, columns = (slice(border, border + side) for side in sides)
    return radiance[rows, columns], ids[rows, columns]


def _radiance(canvas: Canvas, sun: Sun) -> Float32Array:
    """Return the light that leaves every canvas pixel upwards (rows, columns, RGB)."""
    light = sunlight(canvas, sun)
    if sun.sky == (1.0, 1.0, 1.0):
        bands = cv2.cvtColor(light, cv2.COLOR_GRAY2RGB)
    else:
        diffuse = np.minimum(light, np.float32(sun.ambient))
        bands = cv2.merge([cv2.scaleAdd(diffuse, tint - 1, light) for tint in sun.sky])
    return np.asarray(cv2.multiply(canvas.albedo, bands), np.float32)


def label_objects(
    canvas: Canvas, ids: Idents, view: ViewingAngle, size: tuple[int, int]
) -> list[RenderedLabel]:
    """Return the labels of all placed objects that lie at least partly in the image."""
    scale = np.array([size[1] / canvas.width, size[0] / canvas.height])
    seen = np.bincount(ids.ravel(), minlength=len(canvas.placed) + 1)
    labels = []
    for item in canvas.placed:
        corners = project_points(item.corners, item.height, canvas, view)
        area = float(cv2.contourArea(corners.astype(np.float32))) / canvas.resolution**2
        visible = min(1.0, float(seen[item.ident]) / max(area, 1.0))
        clipped = clip_rectangle(corners * scale, size)
        if clipped is None:
            continue
        if item.class_name == "hull":
            whole = float(cv2.contourArea((corners * scale).astype(np.float32)))
            inside = float(cv2.contourArea(clipped.astype(np.float32)))
            visible = min(1.0, inside / max(whole, 1.0))
        elif visible <= 0:
            continue
        labels.append(
            RenderedLabel(
                class_name=item.class_name,
                corners=clipped,
                visible=visible,
                aboard=item.aboard,
                stack=item.stack,
                tiers=item.tiers,
            )
        )
    return labels


def clip_rectangle(corners: Points, size: tuple[int, int]) -> Points | None:
    """Return the part of a rectangle inside an image (rows, columns), as a rectangle, or None."""
    rows, columns = size
    low, high = corners.min(0), corners.max(0)
    if (low >= 0).all() and high[0] <= columns and high[1] <= rows:
        return corners
    if (high <= 0).any() or low[0] >= columns or low[1] >= rows:
        return None
    frame = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    area, part = cv2.intersectConvexConvex(corners.astype(np.float32), frame)
    if area < 1.0 or part is None or len(part) < 3:
        return None
    edge = corners[1] - corners[0]
    along = edge / max(float(np.hypot(*edge)), 1e-9)
    across = np.array([-along[1], along[0]])
    part = part.reshape(-1, 2).astype(np.float64)
    u, v = part @ along, part @ across
    box = np.array([[u.min(), v.min()], [u.max(), v.min()], [u.max(), v.max()], [u.min(), v.max()]])
    return np.asarray(box @ np.stack([along, across]))
