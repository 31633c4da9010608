"""The land behind a coarse harbour: surfaces, roads, towns, halls, tanks, yards, trees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, Rng
from cv.rendering.noise import normal_noise
from cv.synthetic import clutter, terrain
from cv.synthetic.container_blocks import FEET
from cv.synthetic.terminal_scene import LocalFrame

LAND = (
    "concrete",
    "worn asphalt",
    "asphalt",
    "gravel",
    "earth",
    "red earth",
    "sand",
    "dry grass",
    "grass",
    "scrub",
    "snow",
    "bright concrete",
)
"""Names of the grounds of a coarse scene."""
FieldPainter = Callable[[Canvas, Points, float, Rng, ContainerPaints], None]
"""Draws a container block from its corner (metres) along an angle (radians)."""


def draw_container_field(
    canvas: Canvas, corner: Points, angle: float, rng: Rng, paints: ContainerPaints
) -> None:
    """Draw a container block as a coloured raster, in scenes too coarse to label containers."""
    bays, rows = int(rng.integers(1, 14)), int(rng.integers(2, 10))
    long = FEET[40] + 0.5
    middle = corner + np.array([np.cos(angle), np.sin(angle)]) * bays * long / 2
    corners = rectangle(middle, bays * long, rows * (WIDTH_M + 0.15), angle)
    if not canvas.is_free(corners):
        return
    cells = np.stack([paints.pick() for _ in range(bays * rows)]).reshape(rows, bays, 3)
    texture = cells.repeat(4, 0).repeat(12, 1).astype(np.float32)
    texture[:, ::12] *= 0.4
    if rng.random() < 0.4:  # boxes across the row
        texture = cells.repeat(12, 0).repeat(3, 1).astype(np.float32)
        texture[:, ::3] *= 0.7
    canvas.fill_texture(corners, texture, 2.6 * float(rng.integers(1, 6)))


def draw_land(
    canvas: Canvas,
    frame: LocalFrame,
    rng: Rng,
    paints: ContainerPaints,
    draw_field: FieldPainter = draw_container_field,
) -> None:
    """Draw surfaces, roads, towns, halls, container blocks, tanks, heaps and trees on free land."""
    _surfaces(canvas, frame, rng)
    _built_up_area(canvas, frame, rng, paints, draw_field)
    _industry(canvas, frame, rng)
    terrain.draw_ground_markings(canvas, frame.angle, rng, 0)


def _surfaces(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    for _ in range(int(rng.integers(0, 5))):
        spot, size = frame.at(*rng.uniform(-380, 380, 2)), rng.uniform(60, 350, 2)
        corners = rectangle(spot, size[0], size[1], frame.angle)
        if canvas.is_free(corners):
            terrain.draw_surface(canvas, corners, GROUND_MATERIALS[str(rng.choice(LAND))], rng)
    for _ in range(int(rng.choice([0, 0, 1, 3, 5]))):
        turn = frame.angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
        _road(canvas, frame.at(*rng.uniform(-380, 380, 2)), turn, rng)


def _built_up_area(
    canvas: Canvas,
    frame: LocalFrame,
    rng: Rng,
    paints: ContainerPaints,
    draw_field: FieldPainter,
) -> None:
    for _ in range(int(rng.choice([0, 1, 2, 4, 8]))):
        _town_quarter(canvas, frame.at(*rng.uniform(-380, 300, 2)), frame.angle, rng)
    for _ in range(int(rng.choice([0, 6, 15, 30]))):
        draw_field(canvas, frame.at(*rng.uniform(-400, 400, 2)), frame.angle, rng, paints)
    for _ in range(int(rng.integers(3, 70))):
        long = float(np.exp(rng.uniform(np.log(8), np.log(160))))
        corners = rectangle(
            frame.at(*rng.uniform(-400, 400, 2)),
            long,
            long * rng.uniform(0.15, 0.9),
            frame.angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.03),
        )
        if canvas.is_free(corners):
            terrain.draw_building(canvas, corners, rng)


def _industry(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    for _ in range(int(rng.choice([0, 0, 0, 1, 3]))):
        _tank_farm(canvas, frame.at(*rng.uniform(-380, 300, 2)), frame.angle, rng)
    for _ in range(int(rng.choice([0, 0, 0, 1, 3]))):
        _car_field(canvas, frame.at(*rng.uniform(-350, 350, 2)), frame.angle, rng)
    for _ in range(int(rng.integers(0, 8))):
        spot, radius = frame.at(*rng.uniform(-380, 380, 2)), rng.uniform(6, 35)
        if canvas.is_free(rectangle(spot, 2 * radius, 2 * radius, 0.0)):
            if rng.random() < 0.5:
                terrain.draw_storage_tank(canvas, spot, radius, rng)
            else:
                clutter.draw_bulk_heap(canvas, spot, radius * 0.6, rng)
    for _ in range(int(rng.integers(0, 8))):
        spot = frame.at(*rng.uniform(-380, 380, 2))
        if canvas.is_free(rectangle(spot, 50, 50, 0.0)):
            terrain.draw_trees(canvas, spot, rng.uniform(10, 25), rng, int(rng.integers(10, 80)))


def _road(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a road over land only, in pieces."""
    tone = rng.uniform(0.2, 0.6)
    wide = rng.uniform(5, 22)
    along = np.array([np.cos(angle), np.sin(angle)])
    for step in np.arange(-1100, 1100, 20.0):
        piece = rectangle(at + along * step, 20.5, wide, angle)
        if canvas.is_free(piece):
            canvas.paint(piece, [tone, tone, tone])


def _town_quarter(canvas: Canvas, corner: Points, angle: float, rng: Rng) -> None:
    """Draw streets of houses or rows of halls."""
    turn = angle + rng.normal(0, 0.3)
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    long, wide = rng.uniform(7, 40), rng.uniform(6, 20)
    streets = rng.uniform(1.2, 2.0)
    low, high = (3, 9) if rng.random() < 0.7 else (8, 30)
    for column in range(int(rng.integers(3, 14))):
        for row in range(int(rng.integers(3, 14))):
            spot = corner + along * column * long * streets + across * row * wide * streets
            shape = long * rng.uniform(0.6, 1.1), wide * rng.uniform(0.6, 1.1)
            body = rectangle(spot, *shape, turn + rng.normal(0, 0.03))
            if rng.random() < 0.85 and canvas.is_free(body):
                terrain.draw_building(canvas, body, rng, rng.uniform(low, high))


def _tank_farm(canvas: Canvas, corner: Points, angle: float, rng: Rng) -> None:
    """Draw round tanks in rows."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    radius = rng.uniform(6, 26)
    pitch = radius * rng.uniform(2.3, 3.2)
    for column in range(int(rng.integers(2, 8))):
        for row in range(int(rng.integers(1, 5))):
            spot = corner + along * column * pitch + across * row * pitch
            around = rectangle(spot, 2 * radius, 2 * radius, angle)
            if rng.random() < 0.9 and canvas.is_free(around):
                terrain.draw_storage_tank(canvas, spot, radius * rng.uniform(0.85, 1), rng)


def _car_field(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> None:
    """Draw hundreds of parked cars as speckled rows."""
    size = rng.uniform(40, 200), rng.uniform(30, 120)
    corners = rectangle(centre, *size, angle)
    if not canvas.is_free(corners):
        return
    rows, columns = int(size[1] / 2.6), int(size[0] / 2.6)
    texture = np.full((rows, columns, 3), rng.uniform(0.25, 0.6), np.float32)
    cars = np.clip(0.5 + 0.3 * normal_noise(rng, (rows, columns)), 0.05, 0.9)
    lane = int(rng.integers(2, 5))
    texture[::lane] = cars[::lane, :, None]
    texture[:, :: int(rng.integers(9, 30))] = texture[1 % rows, 0]
    canvas.fill_texture(corners, texture, 0.0)
