"""Whole container terminals with every container drawn, for scenes of several hundred metres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, OneFleetPaints, Rng
from cv.synthetic import clutter, terrain, trucks
from cv.synthetic.container_blocks import FEET, ContainerBlock
from cv.synthetic.port_scene import draw_port_scene
from cv.synthetic.terminal_scene import LocalFrame, draw_yard, place_block, random_block

_PAVING = (
    "concrete",
    "bright concrete",
    "asphalt",
    "worn asphalt",
    "dark asphalt",
    "brick",
    "gravel",
    "earth",
    "red earth",
)
_TRIES = 25
_ONE_FLEET = 0.25
"""Share of yards whose containers have one colour."""
_MIN_LAND = 0.8
"""Share of a yard's ground that must be free land."""
_Layout = Callable[[Canvas, LocalFrame, tuple[float, float], ContainerPaints], None]


def draw_terminal_scene(canvas: Canvas, rng: Rng) -> None:
    """Draw a random waterside or inland scene, most often with container yards."""
    draw_port_scene(canvas, rng, float(rng.random() < 0.7), _draw_yards, draw_single_block)


def draw_single_block(
    canvas: Canvas, corner: Points, angle: float, rng: Rng, paints: ContainerPaints
) -> None:
    """Draw a container block between buildings, each container by itself."""
    if rng.random() < 0.5:
        return
    block = random_block(rng, int(rng.integers(1, 10)), int(rng.integers(1, 9)))
    place_block(canvas, corner, angle + rng.choice([0, np.pi / 2]), block, paints)


def _draw_yards(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    for _ in range(int(rng.choice([0, 1, 3, 7, 16], p=[0.14, 0.15, 0.24, 0.24, 0.23]))):
        _draw_random_yard(canvas, frame, rng)


def _draw_random_yard(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    """Draw a yard with paints and pavement of its own where there is land for it."""
    layouts: tuple[_Layout, ...] = (
        _gantry_lanes,
        _straddle_rows,
        _empty_depot,
        _reach_stacker_blocks,
        _wheeled_yard,
        _mixed_yard,
    )
    layout = layouts[int(rng.choice(6, p=[0.28, 0.12, 0.16, 0.18, 0.08, 0.18]))]
    length, width = np.exp(rng.uniform(np.log([70, 50]), np.log([420, 240])))
    turn = frame.angle + rng.choice([0, np.pi / 2], p=[0.7, 0.3])
    turn += rng.normal(0, 0.25) if rng.random() < 0.15 else rng.normal(0, 0.01)
    half = np.array([canvas.width, canvas.height]) / 2
    for _ in range(_TRIES):
        centre = half + rng.uniform(-0.5, 0.5, 2) * [canvas.width, canvas.height]
        ground = rectangle(centre, length + 8, width + 8, turn)
        found = canvas.states_in(ground, 17)
        if found.size and (found == 0).mean() >= _MIN_LAND:
            break
    else:
        return
    if (found == 0).all() and rng.random() < 0.8:
        paving = GROUND_MATERIALS[str(rng.choice(_PAVING))]
        terrain.draw_surface(canvas, ground, paving, rng)
    local = LocalFrame(centre, float(turn))
    for _ in range(int(rng.integers(0, 6))):
        spot = local.at(*(rng.uniform(-0.5, 0.5, 2) * [length, width]))
        terrain.draw_tracks(canvas, spot, turn + rng.choice([0, 0, np.pi / 2]), rng)
    layout(canvas, local, (float(length), float(width)), _yard_paints(rng))


def _yard_paints(rng: Rng) -> ContainerPaints:
    """Return the paints of a yard: of many owners, or of one, which resembles a roof or a pavement
    from afar."""
    if rng.random() >= _ONE_FLEET:
        return ContainerPaints(rng)
    colour = ContainerPaints(rng).pick().astype(np.float64)
    if rng.random() < 0.5:  # white, grey or dark
        colour = np.full(3, rng.uniform(0.08, 0.88)) * rng.uniform(0.94, 1.06, 3)
    return OneFleetPaints(rng, np.clip(colour, 0.03, 0.95))


def _gantry_lanes(
    canvas: Canvas, frame: LocalFrame, size: tuple[float, float], paints: ContainerPaints
) -> None:
    """Draw long lanes of bays under yard gantries, all of one style."""
    rng = paints.rng
    rows = int(rng.integers(4, 13))
    usual = random_block(rng, 1, rows)
    full = float(rng.choice([0.25, 0.5, 0.8, 0.95]))
    stretch = rng.uniform(0.5, 1.0)  # empty ends
    across = -size[1] / 2
    lane, road = rows * (WIDTH_M + usual.gap_across), rng.uniform(3, 15)
    if rng.random() < 0.2:  # one field without roads
        road = rng.uniform(0.1, 1.0)
    while across + lane <= size[1] / 2:
        if rng.random() < 0.35:
            pitch = FEET[40] + usual.gap_along, WIDTH_M + usual.gap_across
            slots = max(1, int(size[0] / pitch[0])), rows
            if canvas.is_free(_box(frame, -size[0] / 2, size[0], across, lane)):
                terrain.draw_slots(
                    canvas, frame.at(-size[0] / 2, across), frame.angle, slots, pitch
                )
        along = -size[0] / 2 * stretch
        while along < size[0] / 2 * stretch:
            block = random_block(rng, int(rng.integers(1, 7)), rows, rng.random() < 0.2)
            block = replace(block, gap_along=usual.gap_along, gap_across=usual.gap_across)
            if rng.random() < 0.6:
                block = replace(block, tiers=usual.tiers, runs=usual.runs, fill=usual.fill)
            if rng.random() < full:
                place_block(canvas, frame.at(along, across), frame.angle, block, paints)
            along += block.size[0] + (usual.gap_along if rng.random() < 0.6 else rng.uniform(1, 14))
        if rng.random() < 0.3:
            spot = frame.at(rng.uniform(-0.45, 0.45) * size[0], across + lane / 2)
            clutter.draw_gantry(canvas, spot, frame.angle, lane + rng.uniform(5, 9), rng)
        across += lane + road


def _straddle_rows(
    canvas: Canvas, frame: LocalFrame, size: tuple[float, float], paints: ContainerPaints
) -> None:
    """Draw single rows with space for a straddle carrier's legs between them."""
    rng = paints.rng
    across, pitch = -size[1] / 2, WIDTH_M + rng.uniform(1.1, 2.0)
    tiers, full, feet = int(rng.integers(1, 4)), rng.uniform(0.3, 0.98), rng.choice([20, 40, 40])
    reach = rng.uniform(40, 140)
    while across + WIDTH_M <= size[1] / 2:
        along = -size[0] / 2
        while along < size[0] / 2:
            block = ContainerBlock(
                bays=max(1, int(reach / (FEET[int(feet)] + 0.4))),
                rows=1,
                feet=int(feet),
                gap_along=0.4,
                tiers=tiers,
                ragged=rng.uniform(0, 1),
                fill=full,
                runs=rng.uniform(0, 0.6),
                split=rng.uniform(0, 0.4),
            )
            place_block(canvas, frame.at(along, across), frame.angle, block, paints)
            along += block.size[0] + 14
        across += pitch


def _empty_depot(
    canvas: Canvas, frame: LocalFrame, size: tuple[float, float], paints: ContainerPaints
) -> None:
    """Draw empties: high dense blocks, each of one owner's colour, hardly a gap between them."""
    rng = paints.rng
    across = -size[1] / 2
    while across < size[1] / 2 - 6:
        along, deepest = -size[0] / 2, 0.0
        while along < size[0] / 2:
            feet = int(rng.choice([20, 40, 40]))
            block = ContainerBlock(
                bays=int(rng.integers(1, 4)),
                rows=int(rng.integers(3, 22)),
                feet=feet,
                gap_along=float(rng.choice([0.08, 0.3, 0.8])),
                gap_across=float(rng.uniform(0.02, 0.15)),
                tiers=int(rng.integers(2, 7)),
                ragged=float(rng.choice([0.0, 0.2, 0.8])),
                fill=float(np.clip(rng.normal(0.97, 0.05), 0.6, 1)),
                runs=float(rng.choice([0.5, 0.9, 0.99])),
                split=0.0,
            )
            if rng.random() < 0.85:
                place_block(canvas, frame.at(along, across), frame.angle, block, paints)
            along += block.size[0] + rng.choice([0.3, 1.0, 9.0])
            deepest = max(deepest, block.size[1])
        across += deepest + rng.uniform(0.5, 18)


def _reach_stacker_blocks(
    canvas: Canvas, frame: LocalFrame, size: tuple[float, float], paints: ContainerPaints
) -> None:
    """Draw blocks two to six deep with wide aisles, in the two directions of the yard."""
    rng = paints.rng
    deep, aisle = int(rng.integers(2, 7)), rng.uniform(9, 20)
    turned = rng.random() < 0.4
    full = rng.uniform(0.3, 0.95)
    across = -size[1] / 2
    while across < size[1] / 2:
        along, deepest = -size[0] / 2, 8.0
        while along < size[0] / 2:
            block = random_block(rng, int(rng.integers(1, 9)), deep, rng.random() < 0.2)
            long, wide = block.size
            turn = 0.0
            corner = frame.at(along, across)
            if turned:
                turn, long, wide = np.pi / 2, wide, long
                corner = frame.at(along + long, across)
            if rng.random() < full:
                place_block(canvas, corner, frame.angle + turn, block, paints)
            deepest = max(deepest, wide)
            along += long + rng.uniform(0.5, 12)
        across += deepest + aisle
    for _ in range(int(rng.integers(0, 5))):
        spot = frame.at(*(rng.uniform(-0.5, 0.5, 2) * size))
        clutter.draw_reach_stacker(canvas, spot, rng.uniform(0, 6.3), rng)


def _wheeled_yard(
    canvas: Canvas, frame: LocalFrame, size: tuple[float, float], paints: ContainerPaints
) -> None:
    """Draw containers on chassis in parking rows; some chassis are empty."""
    rng = paints.rng
    pitch, full, loaded = rng.uniform(3.0, 4.2), rng.uniform(0.3, 1.0), rng.uniform(0.2, 1.0)
    across = -size[1] / 2 + 8
    while across < size[1] / 2 - 8:
        for along in np.arange(-size[0] / 2, size[0] / 2, pitch):
            if rng.random() < full:
                load = str(rng.choice(["40", "40", "45", "20"]))
                load = load if rng.random() < loaded else "empty"
                turn = frame.angle + np.pi / 2 + rng.normal(0, 0.015)
                trucks.draw_truck(canvas, frame.at(along, across), turn, load, paints, cab=False)
        across += rng.choice([18.0, 30.0])


def _mixed_yard(
    canvas: Canvas, frame: LocalFrame, size: tuple[float, float], paints: ContainerPaints
) -> None:
    """Draw one or several of the small yards, gates and depots of the fine scenes."""
    for along in np.arange(-size[0] / 2 + 60, max(size[0] / 2 - 60, -size[0] / 2 + 61), 190):
        draw_yard(canvas, LocalFrame(frame.at(float(along), 0.0), frame.angle), paints)


def _box(frame: LocalFrame, along: float, length: float, across: float, width: float) -> Points:
    middle = frame.at(along + length / 2, across + width / 2)
    return rectangle(middle, length, width, frame.angle)
