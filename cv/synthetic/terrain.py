"""The ground and what is built on it: surfaces, water, roads, marks, buildings, trees."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

from cv.geometry.arrays import Float32Array
from cv.rendering.canvas import WATER, Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, GroundMaterial, Rng, vary_colour
from cv.rendering.noise import colour_texture, noise_field, normal_noise, ripples

_ROOFS = np.array(
    [[160, 160, 158], [112, 120, 130], [142, 98, 84], [92, 90, 88], [205, 205, 202],
     [70, 92, 132], [84, 116, 158], [120, 142, 134], [172, 164, 148], [128, 126, 122],
     [186, 184, 178], [104, 84, 74], [66, 66, 68], [146, 138, 126]], np.float32
) / 255  # fmt: skip
_WATERS = np.array(
    [[35, 50, 52], [20, 28, 35], [60, 85, 80], [45, 72, 85], [30, 56, 50], [70, 70, 52],
     [90, 120, 114], [32, 48, 72], [14, 16, 16], [52, 108, 112], [44, 52, 44], [28, 36, 36],
     [62, 60, 48], [70, 96, 104]], np.float32
) / 255  # fmt: skip


def draw_ground(canvas: Canvas, ground: GroundMaterial, rng: Rng) -> None:
    """Cover the whole canvas with one surface, its stains and its grain."""
    metre = 1 / canvas.resolution
    tone = noise_field(rng, canvas.shape, int(90 * metre), max(3, int(2 * metre)))
    base = vary_colour(rng, np.array(ground.colour, np.float32), 0.08)
    strength = ground.roughness * rng.uniform(0.2, 1.0)
    tone *= np.float32(strength)
    tone += np.float32(1)
    speckle = np.ascontiguousarray(normal_noise(rng, canvas.shape))
    cv2.scaleAdd(speckle, ground.grain, tone, tone)
    canvas.albedo[:] = colour_texture(tone, base)
    canvas.relief[:] = 0
    canvas.ids[:] = 0
    canvas.state[:] = 0


def draw_surface(canvas: Canvas, corners: Points, ground: GroundMaterial, rng: Rng) -> None:
    """Draw another surface on a rectangle of 4 corners (metres): a yard, a verge, a field."""
    size = np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[3] - corners[0]))
    shape = max(4, int(size[1] / 0.5)), max(4, int(size[0] / 0.5))
    if shape[0] * shape[1] > 1_500_000:
        shape = min(shape[0], 1200), min(shape[1], 1200)
    tone = noise_field(rng, shape, 60, 3)
    base = vary_colour(rng, np.array(ground.colour, np.float32), 0.1)
    speckle = np.float32(ground.grain) * normal_noise(rng, shape)
    tone = 1 + np.float32(ground.roughness * rng.uniform(0.2, 1)) * tone + speckle
    canvas.fill_texture(corners, colour_texture(tone, base), 0.0)


def draw_water(canvas: Canvas, polygon: ArrayLike, rng: Rng, level: float = -2.5) -> Float32Array:
    """Draw water on a convex polygon (n, 2; metres) and return its colour."""
    colour = vary_colour(rng, _WATERS[int(rng.integers(len(_WATERS)))], 0.2)
    wet = np.zeros(canvas.shape, np.uint8)
    canvas.add_to_mask(wet, polygon)
    wet[canvas.state == WATER] = 0
    metre = 1 / canvas.resolution
    swell = noise_field(rng, canvas.shape, int(300 * metre), max(2, int(25 * metre)))
    swell *= np.float32(rng.uniform(0.0, 0.05))
    swell += np.float32(1)
    waves = ripples(rng, canvas.shape, max(1.0, rng.uniform(1.5, 6) * metre))
    cv2.scaleAdd(waves, float(rng.uniform(0.0, 0.08)), swell, swell)
    if rng.random() < 0.4:  # glitter
        sparkle = np.ascontiguousarray(normal_noise(rng, canvas.shape))
        cv2.scaleAdd(sparkle, float(rng.uniform(0.0, 0.15)), swell, swell)
    cv2.copyTo(colour_texture(swell, colour), wet, canvas.albedo)
    canvas.mark(polygon, WATER)
    cv2.copyTo(np.full(canvas.shape, level, np.float32), wet, canvas.relief)
    canvas.ids[wet > 0] = 0
    return colour


def draw_quay_edge(canvas: Canvas, start: ArrayLike, end: ArrayLike, rng: Rng) -> None:
    """Draw cope, fenders, bollards and crane rails along the line start-end, land on its left."""
    first, last = np.asarray(start, float), np.asarray(end, float)
    length = float(np.hypot(*(last - first)))
    along = (last - first) / max(length, 1e-6)
    inland = np.array([along[1], -along[0]])
    angle = float(np.arctan2(along[1], along[0]))
    middle = (first + last) / 2
    tone = rng.uniform(0.25, 0.8)
    canvas.paint(rectangle(middle + inland * 0.6, length, 1.2, angle), [tone, tone, tone * 0.97])
    if rng.random() < 0.6:
        apron = GROUND_MATERIALS[str(rng.choice(["concrete", "asphalt", "bright concrete"]))]
        wide = rng.uniform(10, 35)
        draw_surface(
            canvas, rectangle(middle + inland * (1.2 + wide / 2), length, wide, angle), apron, rng
        )
    for offset in (3.0, 3.0 + rng.uniform(15, 30)):
        if rng.random() < 0.7:
            shade = rng.uniform(0.1, 0.4)
            strip = rectangle(middle + inland * offset, length, 0.4, angle)
            canvas.paint(strip, [shade, shade * 0.95, shade * 0.9])
    gap = rng.uniform(8, 25)
    for step in np.arange(gap / 2, length, gap):
        spot = first + along * step
        canvas.fill(rectangle(spot + inland * 1.0, 0.8, 0.8, angle), [0.15, 0.15, 0.14], 0.6)
        canvas.fill(rectangle(spot - inland * 0.6, 1.6, 1.2, angle), [0.06, 0.06, 0.06], -1.0)


def draw_ground_markings(canvas: Canvas, angle: float, rng: Rng, amount: int) -> None:
    """Draw lines, slabs, patches, tyre tracks and oil, which must not be taken for containers."""
    width, height = canvas.width, canvas.height
    for _ in range(amount):
        at = rng.uniform([0, 0], [width, height])
        turn = angle + rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.02)
        kind = rng.random()
        if kind < 0.35:
            colour = [0.8, 0.8, 0.76] if rng.random() < 0.65 else [0.78, 0.66, 0.25]
            colour = [c * rng.uniform(0.6, 1.1) for c in colour]
            _dashes(canvas, at, rng.uniform(10, 120), turn, colour, rng)
        elif kind < 0.6:
            size = rng.uniform(3, 24), rng.uniform(1.5, 6)
            canvas.multiply_colour(rectangle(at, *size, turn), _flat(rng.uniform(0.55, 1.3)))
        elif kind < 0.8:
            for side in (-1.0, 1.0):
                spot = at + side * np.array([-np.sin(turn), np.cos(turn)])
                strip = rectangle(spot, rng.uniform(20, 120), 0.6, turn)
                canvas.multiply_colour(strip, _flat(rng.uniform(0.7, 0.92)))
        else:
            size = int(rng.integers(1, 6)), int(rng.integers(2, 8))
            draw_slots(canvas, at, turn, size, (float(rng.choice([6.5, 12.8])), 2.8))


def draw_parking_lines(canvas: Canvas, start: Points, angle: float, slots: int, rng: Rng) -> None:
    """Draw oblique parking slots of 3.5 m by 17 m from a start point along an angle (empty)."""
    along = np.array([np.cos(angle), np.sin(angle)])
    slant = angle + rng.choice([np.pi / 2, 0.9, 1.1])
    tone = rng.uniform(0.6, 0.9)
    for index in range(slots + 1):
        middle = start + along * index * 3.6 / abs(np.sin(slant - angle))
        canvas.paint(rectangle(middle, 17, 0.2, slant), [tone, tone, tone * 0.96])


def draw_road(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a paved road across the canvas with verges and lane marks."""
    wide = rng.uniform(6, 24)
    length = 2 * (canvas.width + canvas.height)
    name = str(rng.choice(["asphalt", "dark asphalt", "worn asphalt", "concrete"]))
    draw_surface(canvas, rectangle(at, length, wide, angle), GROUND_MATERIALS[name], rng)
    across = np.array([-np.sin(angle), np.cos(angle)])
    for offset in np.arange(-wide / 2 + 0.5, wide / 2, rng.uniform(3.2, 4.5)):
        spot = at + across * offset
        _dashes(canvas, spot, length, angle, [0.8, 0.8, 0.77], rng)


def draw_rails(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw one track: ballast, sleepers as texture, two rails."""
    length = 2 * (canvas.width + canvas.height)
    if rng.random() < 0.7:
        tone = rng.uniform(0.25, 0.5)
        shape = (10, int(length / 0.35))
        texture = np.full(shape, tone, np.float32)
        texture[2:8, ::2] *= rng.uniform(0.8, 1.25)
        texture += rng.normal(0, 0.03, shape).astype(np.float32)
        rgb = texture[..., None] * np.array([1.0, 0.95, 0.88], np.float32)
        canvas.fill_texture(rectangle(at, length, 3.0, angle), rgb, 0.0)
    across = np.array([-np.sin(angle), np.cos(angle)])
    shade = rng.uniform(0.12, 0.5)
    for side in (-0.75, 0.75):
        strip = rectangle(at + across * side, length, 0.25, angle)
        canvas.paint(strip, [shade, shade * 0.93, shade * 0.88])


def draw_building(canvas: Canvas, corners: Points, rng: Rng, height: float | None = None) -> None:
    """Draw a hall or house with a ribbed, flat, gabled or solar roof on 4 corners (metres)."""
    tall = float(rng.uniform(3.5, 14)) if height is None else height
    size = np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[3] - corners[0]))
    cell = max(0.25, canvas.resolution)
    shape = max(4, int(size[1] / cell)), max(4, int(size[0] / cell))
    roof = np.ones(shape, np.float32)
    along = np.arange(shape[1]) * cell
    if rng.random() < 0.6:
        period = rng.uniform(0.8, 7)
        roof += rng.uniform(0.02, 0.14) * np.sign(np.sin(along * 2 * np.pi / period)).astype("f4")
    if rng.random() < 0.4:
        roof[: shape[0] // 2] *= rng.uniform(0.7, 1.0)
    roof += rng.uniform(0.0, 0.07) * noise_field(rng, shape, 60, 6)
    base = vary_colour(rng, _ROOFS[int(rng.integers(len(_ROOFS)))], 0.12)
    texture = roof[..., None] * base
    if rng.random() < 0.3:
        _equipment(texture, cell, rng)
    if rng.random() < 0.25:
        texture[[0, -1]] *= rng.uniform(0.5, 1.3)
        texture[:, [0, -1]] *= rng.uniform(0.5, 1.3)
    canvas.fill_texture(corners, np.clip(texture, 0.02, 1).astype(np.float32), tall)


def draw_trees(canvas: Canvas, at: Points, radius: float, rng: Rng, amount: int) -> None:
    """Draw round crowns scattered about a point (metres)."""
    green = vary_colour(rng, np.array([0.16, 0.22, 0.10], np.float32), 0.25)
    ring = np.linspace(0, 2 * np.pi, 9)[:-1]
    for _ in range(amount):
        spot = at + rng.normal(0, radius, 2)
        size = rng.uniform(0.8, 3.2)
        crown = np.stack([np.cos(ring), np.sin(ring)], 1)
        tall = rng.uniform(2, 8)
        canvas.fill(spot + crown * size, vary_colour(rng, green, 0.15), tall * 0.75)
        canvas.fill(spot + crown * size * 0.6, vary_colour(rng, green, 0.15) * 1.2, tall)


def draw_storage_tank(canvas: Canvas, at: Points, radius: float, rng: Rng) -> None:
    """Draw a round tank."""
    ring = np.linspace(0, 2 * np.pi, 33)[:-1]
    circle = np.stack([np.cos(ring), np.sin(ring)], 1)
    tone = vary_colour(rng, np.array([0.8, 0.8, 0.78], np.float32), 0.12)
    canvas.fill(at + circle * radius, tone * 0.85, rng.uniform(6, 16))
    canvas.paint(at + circle * radius * 0.93, tone)


def _equipment(texture: Float32Array, cell: float, rng: Rng) -> None:
    """Draw rows of solar panels or roof lights, in place."""
    rows, columns = texture.shape[:2]
    step_y, step_x = max(3, int(rng.uniform(2, 6) / cell)), max(4, int(rng.uniform(4, 14) / cell))
    tall, wide = int(step_y * rng.uniform(0.4, 0.85)), int(step_x * rng.uniform(0.5, 0.95))
    dark = rng.random() < 0.6
    panel = np.array([0.08, 0.10, 0.18] if dark else [0.75, 0.78, 0.8], np.float32)
    for top in range(2, rows - tall - 1, step_y):
        for left in range(2, columns - wide - 1, step_x):
            texture[top : top + tall, left : left + wide] = panel


def _dashes(
    canvas: Canvas, at: Points, length: float, angle: float, colour: list[float], rng: Rng
) -> None:
    thin = max(rng.uniform(0.12, 0.3), canvas.resolution)
    if rng.random() < 0.5:
        canvas.paint(rectangle(at, length, thin, angle), colour)
        return
    along = np.array([np.cos(angle), np.sin(angle)])
    dash, gap = rng.uniform(1, 4), rng.uniform(1, 8)
    for step in np.arange(-length / 2, length / 2, dash + gap):
        canvas.paint(rectangle(at + along * step, dash, thin, angle), colour)


def draw_slots(
    canvas: Canvas, corner: Points, angle: float, size: tuple[int, int], pitch: tuple[float, float]
) -> None:
    """Paint a grid of `size` (bays, rows) from a corner, `pitch` (along, across) metres apart."""
    tone = 0.55 + 0.3 * ((corner[0] * 7.13) % 1.0)
    colour = [tone, tone, tone * 0.95]
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    thin = max(0.15, canvas.resolution)
    bays, rows = size
    for bay in range(bays + 1):
        middle = corner + along * bay * pitch[0] + across * rows * pitch[1] / 2
        canvas.paint(rectangle(middle, thin, rows * pitch[1], angle), colour)
    for row in range(rows + 1):
        middle = corner + across * row * pitch[1] + along * bays * pitch[0] / 2
        canvas.paint(rectangle(middle, bays * pitch[0], thin, angle), colour)


def draw_tracks(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a lane worn by traffic: long soft streaks, darker or brighter than the ground."""
    long, wide = rng.uniform(60, 300), rng.uniform(3, 22)
    streaks = noise_field(rng, (max(4, int(wide / 0.5)), 24), 12, 2)
    longer = cv2.resize(streaks, (160, streaks.shape[0]), interpolation=cv2.INTER_CUBIC)
    edge = np.hanning(streaks.shape[0] + 2)[1:-1, None] * np.hanning(162)[None, 1:-1]
    fade = np.sqrt(edge).astype(np.float32)
    strength = np.float32(rng.uniform(0.04, 0.16))
    shade = np.float32(rng.uniform(-0.2, 0.12))
    factors = 1 + fade * (strength * np.asarray(longer, np.float32) + shade)
    factors = np.clip(factors, 0.4, 1.5).astype(np.float32)
    canvas.multiply_colour(rectangle(at, long, wide, angle), factors)


def _flat(factor: float) -> Float32Array:
    return np.full((2, 2), factor, np.float32)
