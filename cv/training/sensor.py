"""From canvas to picture: sun and sky, view angle, optics, radiometry; labels follow the roofs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cv.training.canvas import Canvas, Floats, Points

Rng = np.random.Generator
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Sun:
    """Where the light comes from."""

    azimuth: float
    # direction towards the sun, degrees clockwise from the top of the picture
    elevation: float
    # degrees above the horizon
    ambient: float = 0.3
    # light in full shadow relative to full sun, 0..1
    softness: float = 0.3
    # blur of shadow edges, metres
    sky: tuple[float, float, float] = (1.0, 1.0, 1.0)
    # colour of the light in shadow, factors on R, G, B


@dataclass(frozen=True)
class View:
    """Where the camera looks from: roofs move away from it by height times lean."""

    lean_x: float = 0.0
    # metres to the right for a metre of height, at the picture's centre
    lean_y: float = 0.0
    # metres down for a metre of height, at the picture's centre
    perspective: float = 0.0
    # growth of the lean for each metre from the centre, 1/m (1 / flying height)
    wall: float = 0.6
    # brightness of walls relative to their roof


@dataclass(frozen=True)
class Sensor:
    """Sampling, optics and radiometry of the camera and of the file it ends in."""

    gsd_x: float = 0.3
    # metres per sensor pixel along x
    gsd_y: float = 0.3
    # metres per sensor pixel along y
    blur: float = 0.5
    # standard deviation of the optics, sensor pixels
    noise: float = 0.01
    # standard deviation, share of full scale
    sharpen: float = 0.0
    # amount of unsharp mask; rings beside edges
    bleed: float = 0.0
    # blur of colour against brightness (pansharpening, chroma), sensor pixels
    jpeg: int = 0
    # JPEG quality 1..100; 0 for none
    gain: float = 1.0
    # exposure factor
    gamma: float = 1.0
    # exponent on the 0..1 signal
    haze: tuple[float, float, float] = (0.0, 0.0, 0.0)
    # light added by air, RGB 0..1
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    # factor on each of R, G, B
    saturation: float = 1.0
    # 0 grey, 1 as painted
    vignette: float = 0.0
    # darkening towards the corners, 0..1


@dataclass(frozen=True)
class Label:
    """What an annotator would draw, and what only the renderer knows."""

    class_name: str
    # "container" or "hull"
    corners: Points
    # (4, 2) x, y in pixels of the picture, integer values at pixel edges
    visible: float
    # share of the roof that is in the picture and not hidden, 0..1
    aboard: bool
    # a container on a ship
    stack: int
    # number of its stack, 0 for none
    tiers: int
    # boxes above each other, this one included


def project(points: ArrayLike, height: float, canvas: Canvas, view: View) -> Points:
    """Where ground points (n, 2 metres) raised to a height appear, metres."""
    ground = np.asarray(points, dtype=np.float64)
    centre = np.array([canvas.width / 2, canvas.height / 2])
    lean = np.array([view.lean_x, view.lean_y]) + view.perspective * (ground - centre)
    return np.asarray(ground + height * lean)


def illuminate(canvas: Canvas, sun: Sun) -> Floats:
    """Light on every canvas pixel (rows, columns), 1 in full sun."""
    relief = canvas.relief
    azimuth = math.radians(sun.azimuth)
    towards = np.array([math.sin(azimuth), -math.cos(azimuth)])  # x, y
    slope = math.tan(math.radians(sun.elevation)) * canvas.resolution  # metres per pixel
    horizon = _shift(relief, towards, 1.0) - np.float32(slope)
    reach, longest = 1.0, float(relief.max() + 3) / slope
    while reach < longest:
        farther = _shift(horizon, towards, reach) - np.float32(slope * reach)
        np.maximum(horizon, farther, out=horizon)
        reach *= 2
    lit = (relief + np.float32(0.2) >= horizon).astype(np.float32)
    for beam in canvas.overhead:
        shadow = beam.polygon - towards * beam.height / math.tan(math.radians(sun.elevation))
        pixels = np.rint(canvas.to_pixels(shadow) * 16).astype(np.int32)
        cv2.fillConvexPoly(lit, pixels, (0.0,), cv2.LINE_8, 4)
    soft = max(sun.softness / canvas.resolution, 0.3)
    lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), soft), np.float32)
    around = max(3, int(2.4 / canvas.resolution) | 1)
    closed = np.clip((cv2.blur(relief, (around, around)) - relief) / 4.0, 0, 1)
    sky = 1 - np.float32(0.55) * closed
    direct = np.float32(1 - sun.ambient) * lit * (0.6 + 0.4 * sky)
    return np.asarray(np.float32(sun.ambient) * sky + direct, np.float32)


def expose(
    canvas: Canvas, sun: Sun, view: View, sensor: Sensor, rng: Rng, size: tuple[int, int]
) -> tuple[Bytes, list[Label]]:
    """Picture (rows, columns, RGB 8 bit) of a size (rows, columns) and its labels."""
    light = illuminate(canvas, sun)
    if sun.sky == (1.0, 1.0, 1.0):
        radiance = canvas.albedo * light[..., None]
    else:
        tint = np.array(sun.sky, np.float32) - 1
        diffuse = np.minimum(light, np.float32(sun.ambient))[..., None]
        radiance = canvas.albedo * (light[..., None] + diffuse * tint)
    radiance, ids = lean(canvas, radiance, view)
    radiance, ids = _hang(canvas, radiance, ids, view)
    border = round(canvas.margin / canvas.resolution)
    inner = (
        slice(border, border + round(canvas.height / canvas.resolution)),
        slice(border, border + round(canvas.width / canvas.resolution)),
    )
    image = develop(np.ascontiguousarray(radiance[inner]), canvas, sensor, rng, size)
    return image, label(canvas, ids[inner], view, size)


def lean(canvas: Canvas, radiance: Floats, view: View) -> tuple[Floats, NDArray[np.int32]]:
    """Radiance and ids as seen at an angle: roofs move, walls show, the ground hides."""
    strongest = math.hypot(view.lean_x, view.lean_y)
    strongest += view.perspective * max(canvas.width, canvas.height) / 2
    if strongest * float(canvas.relief.max()) < canvas.resolution / 4:
        return radiance, canvas.ids
    rows, columns = canvas.shape
    columns_m = (np.arange(columns) + 0.5) * canvas.resolution - canvas.margin
    rows_m = (np.arange(rows) + 0.5) * canvas.resolution - canvas.margin
    seen = np.zeros((rows, columns), np.float32)
    top = float(canvas.relief.max())
    step = max(0.65, top / 24)
    for height in np.arange(step, top + step, step):
        at_x, at_y = _unlean(canvas, view, columns_m, rows_m, float(height))
        map_x = np.ascontiguousarray(np.broadcast_to(at_x, (rows, columns)))
        map_y = np.ascontiguousarray(np.broadcast_to(at_y[:, None], (rows, columns)))
        there = cv2.remap(canvas.relief, map_x, map_y, cv2.INTER_NEAREST)
        hit = there > height - step
        np.copyto(seen, np.minimum(there, np.float32(height)), where=hit)
    seen_x, seen_y = _unlean(canvas, view, columns_m, rows_m[:, None], seen)
    surface = cv2.remap(canvas.relief, seen_x, seen_y, cv2.INTER_NEAREST)
    wall = surface > seen + np.float32(0.3)
    linear, edge = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    seen_light = cv2.remap(radiance, seen_x, seen_y, linear, borderMode=edge)
    out = np.asarray(seen_light, np.float32)
    out[wall] *= np.float32(view.wall)
    columns_at = np.clip(np.rint(seen_x), 0, columns - 1).astype(np.intp)
    rows_at = np.clip(np.rint(seen_y), 0, rows - 1).astype(np.intp)
    ids = canvas.ids[rows_at, columns_at]
    ids[wall] = 0
    return out, ids


def _hang(
    canvas: Canvas, radiance: Floats, ids: NDArray[np.int32], view: View
) -> tuple[Floats, NDArray[np.int32]]:
    """Crane beams over the picture."""
    if not canvas.overhead:
        return radiance, ids
    ids = ids.copy()
    for beam in canvas.overhead:
        seen = project(beam.polygon, beam.height, canvas, view)
        pixels = np.rint(canvas.to_pixels(seen) * 16).astype(np.int32)
        cv2.fillConvexPoly(radiance, pixels, beam.colour, cv2.LINE_8, 4)
        cv2.fillConvexPoly(ids, pixels, (0,), cv2.LINE_8, 4)
    return radiance, ids


def label(canvas: Canvas, ids: NDArray[np.int32], view: View, size: tuple[int, int]) -> list[Label]:
    """Labels of all placed objects of which anything lies in the picture."""
    scale = np.array([size[1] / canvas.width, size[0] / canvas.height])
    seen = np.bincount(ids.ravel(), minlength=len(canvas.placed) + 1)
    labels = []
    for item in canvas.placed:
        corners = project(item.corners, item.height, canvas, view)
        area = float(cv2.contourArea(corners.astype(np.float32))) / canvas.resolution**2
        visible = min(1.0, float(seen[item.ident]) / max(area, 1.0))
        clipped = clip(corners * scale, size)
        if clipped is None:
            continue
        if item.class_name == "hull":
            whole = float(cv2.contourArea((corners * scale).astype(np.float32)))
            inside = float(cv2.contourArea(clipped.astype(np.float32)))
            visible = min(1.0, inside / max(whole, 1.0))
        elif visible <= 0:
            continue
        labels.append(Label(item.class_name, clipped, visible, item.aboard, item.stack, item.tiers))
    return labels


def clip(corners: Points, size: tuple[int, int]) -> Points | None:
    """The part of a rectangle inside a picture (rows, columns), as a rectangle; None outside."""
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


def develop(
    radiance: Floats, canvas: Canvas, sensor: Sensor, rng: Rng, size: tuple[int, int]
) -> Bytes:
    """Radiance (rows, columns, RGB) of the pictured area to 8 bit in the wanted size."""
    spread = sensor.blur * (sensor.gsd_x + sensor.gsd_y) / 2 / canvas.resolution
    if spread > 0.3:
        radiance = np.asarray(cv2.GaussianBlur(radiance, (0, 0), spread), np.float32)
    columns, rows = round(canvas.width / sensor.gsd_x), round(canvas.height / sensor.gsd_y)
    shrinks = columns < radiance.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    signal = np.asarray(cv2.resize(radiance, (columns, rows), interpolation=way), np.float32)
    signal = _radiometry(signal, sensor, rng)
    image = np.clip(signal * 255 + 0.5, 0, 255).astype(np.uint8)
    if sensor.jpeg:
        flags = [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg]
        image = cv2.imdecode(cv2.imencode(".jpg", image, flags)[1], cv2.IMREAD_COLOR)
    if (rows, columns) == tuple(size):
        return np.ascontiguousarray(image)
    way = cv2.INTER_AREA if size[0] < rows else cv2.INTER_CUBIC
    if rng.random() < 0.4 and way == cv2.INTER_CUBIC:
        way = cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(image, size[::-1], interpolation=way))


def _radiometry(signal: Floats, sensor: Sensor, rng: Rng) -> Floats:
    grey = signal.mean(2, keepdims=True)
    if sensor.saturation != 1.0:
        signal = grey + (signal - grey) * np.float32(sensor.saturation)
    if sensor.bleed > 0.3:
        chroma = cv2.GaussianBlur(signal - grey, (0, 0), sensor.bleed)
        signal = grey + chroma
    signal = signal * np.array(sensor.cast, np.float32) * np.float32(sensor.gain)
    signal = signal + np.array(sensor.haze, np.float32)
    if sensor.vignette:
        y = np.linspace(-1, 1, signal.shape[0], dtype=np.float32)[:, None, None]
        x = np.linspace(-1, 1, signal.shape[1], dtype=np.float32)[None, :, None]
        signal = signal * (1 - np.float32(sensor.vignette / 2) * (x * x + y * y))
    signal = np.maximum(signal, 0)
    if sensor.gamma != 1.0:
        signal = np.asarray(cv2.pow(signal, sensor.gamma), np.float32)
    if sensor.sharpen:
        soft = cv2.GaussianBlur(signal, (0, 0), 1.1)
        signal = signal + (signal - soft) * np.float32(sensor.sharpen)
    if sensor.noise:
        shape = signal.shape
        grain = rng.standard_normal(shape[:2], dtype=np.float32)[..., None]
        grain = grain + 0.5 * rng.standard_normal(shape, dtype=np.float32)
        signal = signal + grain * np.float32(sensor.noise)
    return np.asarray(signal, np.float32)


def _shift(field: Floats, towards: NDArray[np.float64], pixels: float) -> Floats:
    """The field seen a number of pixels further along a direction (x, y)."""
    move = np.array([[1, 0, -towards[0] * pixels], [0, 1, -towards[1] * pixels]], np.float32)
    return np.asarray(
        cv2.warpAffine(
            field, move, field.shape[::-1], flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
        )
    )


def _unlean(
    canvas: Canvas, view: View, x: ArrayLike, y: ArrayLike, height: ArrayLike
) -> tuple[Floats, Floats]:
    """Canvas pixels (x, y) whose surface at a height appears at metres x, y."""
    half_x, half_y = canvas.width / 2, canvas.height / 2
    tall = np.asarray(height, np.float32)
    shrink = 1 / (1 + tall * np.float32(view.perspective))
    at_x, at_y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    ground_x = half_x + (at_x - half_x - tall * np.float32(view.lean_x)) * shrink
    ground_y = half_y + (at_y - half_y - tall * np.float32(view.lean_y)) * shrink
    scale = np.float32(1 / canvas.resolution)
    margin = np.float32(canvas.margin)
    return (
        ((ground_x + margin) * scale - np.float32(0.5)).astype(np.float32),
        ((ground_y + margin) * scale - np.float32(0.5)).astype(np.float32),
    )
