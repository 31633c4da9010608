"""Scenes of 768 m for the hull pass: basins, finger piers, rivers, open water, and ships."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cv.rendering.canvas import FREE, WATER, Canvas, Points
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, Rng
from cv.synthetic import moored_ships, shore_structures, terrain
from cv.synthetic.hinterland import LAND, FieldPainter, draw_container_field, draw_land
from cv.synthetic.quay_line import QuayLine
from cv.synthetic.shore_structures import frame_rectangle
from cv.synthetic.terminal_scene import LocalFrame

YardPainter = Callable[[Canvas, LocalFrame, Rng], None]
"""Draws container yards on the land of a scene."""


def no_yards(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    """Draw nothing."""


def draw_port_scene(
    canvas: Canvas,
    rng: Rng,
    look_alikes: float = 1.0,
    draw_yards: YardPainter = no_yards,
    draw_field: FieldPainter = draw_container_field,
) -> None:
    """Draw a random harbour, river, anchorage or inland place.

    `look_alikes` is the amount of objects that resemble hulls, 0 to 1. `draw_yards` draws on bare
    land; `draw_field` draws single container blocks between the buildings.
    """
    frame = LocalFrame(np.array([canvas.width, canvas.height]) / 2, rng.uniform(0, 2 * np.pi))
    paints = ContainerPaints(rng)
    terrain.draw_ground(canvas, GROUND_MATERIALS[str(rng.choice(LAND))], rng)
    layouts = (_coast, _fingers, _river, _open_water, _inland)
    layout = layouts[int(rng.choice(5, p=[0.36, 0.26, 0.18, 0.13, 0.07]))]
    edges = layout(canvas, frame, rng)
    for edge in edges:
        if rng.random() < 0.2:
            shore_structures.draw_rough_shore(canvas, edge, rng)
        elif rng.random() < 0.8:
            terrain.draw_quay_edge(canvas, edge.start, edge.end, rng)
    draw_yards(canvas, frame, rng)
    draw_land(canvas, frame, rng, paints, draw_field)
    if layout in (_coast, _river) and rng.random() < 0.2:
        edges += [berth] if (berth := shore_structures.draw_trestle(canvas, edges[0], rng)) else []
    _moor_ships(canvas, frame, edges, paints)
    for edge in edges if look_alikes else []:
        if rng.random() < look_alikes:
            shore_structures.draw_waterside(canvas, edge, rng, paints, draw_field)
        if rng.random() < 0.5 * look_alikes:
            shore_structures.draw_quay_clutter(canvas, edge, rng)
    for _ in range(round(float(rng.choice([0, 0, 1, 3])) * look_alikes)):
        shore_structures.draw_marina(canvas, edges, rng)
    moored_ships.draw_ships_afloat(canvas, frame, paints)
    for edge in edges:
        moored_ships.draw_cranes(canvas, edge, rng)


def _moor_ships(
    canvas: Canvas, frame: LocalFrame, edges: list[QuayLine], paints: ContainerPaints
) -> None:
    """Draw rafts and groups first, then single ships at the berths that are left."""
    rng = paints.rng
    for edge in edges:
        if rng.random() < 0.3:
            spot = edge.at(rng.uniform(0.3, 0.6) * edge.length, rng.uniform(0.5, 60))
            moored_ships.draw_barge_raft(canvas, spot, edge.angle, paints)
        if rng.random() < 0.15:
            moored_ships.draw_boat_group(canvas, edge, paints)
        if rng.random() < 0.12:
            moored_ships.draw_floating_stage(canvas, edge, paints)
    if rng.random() < 0.12:
        spot = frame.at(*rng.uniform(-250, 150, 2))
        moored_ships.draw_barge_raft(canvas, spot, rng.uniform(0, 2 * np.pi), paints)
    for edge in edges:
        moored_ships.draw_berths(canvas, edge, paints)


def _coast(canvas: Canvas, frame: LocalFrame, rng: Rng) -> list[QuayLine]:
    """Draw a straight or cornered quay with open water before it, perhaps a basin in it."""
    far, line = 1500.0, rng.uniform(-250, 250)
    terrain.draw_water(canvas, frame_rectangle(frame, -far, far, line, far), rng)
    edges = [QuayLine(frame.at(-far, line), frame.at(far, line))]
    if rng.random() < 0.4:
        left, wide, deep = rng.uniform(-300, 150), rng.uniform(60, 250), rng.uniform(100, 500)
        _same_water(
            canvas, frame_rectangle(frame, left, left + wide, line - deep, line + 2), frame, line
        )
        edges = [
            QuayLine(frame.at(-far, line), frame.at(left, line)),
            QuayLine(frame.at(left, line), frame.at(left, line - deep)),
            QuayLine(frame.at(left, line - deep), frame.at(left + wide, line - deep)),
            QuayLine(frame.at(left + wide, line - deep), frame.at(left + wide, line)),
            QuayLine(frame.at(left + wide, line), frame.at(far, line)),
        ]
    for _ in range(int(rng.integers(0, 4))):
        shore_structures.draw_jetty(canvas, frame, line, rng)
    return edges


def _fingers(canvas: Canvas, frame: LocalFrame, rng: Rng) -> list[QuayLine]:
    """Draw finger piers with basins between them."""
    far, line = 1500.0, rng.uniform(-300, 100)
    terrain.draw_water(canvas, frame_rectangle(frame, -far, far, line, far), rng)
    edges, left = [], rng.uniform(-420, -300)
    ground = GROUND_MATERIALS[str(rng.choice(LAND[:6]))]
    while left < 400:
        wide, out = rng.uniform(15, 160), rng.uniform(120, 600)
        pier = frame_rectangle(frame, left, left + wide, line - 3, line + out)
        terrain.draw_surface(canvas, pier, ground, rng)
        canvas.mark(pier, FREE)
        edges.append(QuayLine(frame.at(left + wide, line), frame.at(left + wide, line + out)))
        edges[-1] = QuayLine(edges[-1].end, edges[-1].start)
        edges.append(QuayLine(frame.at(left, line), frame.at(left, line + out)))
        gap = rng.uniform(70, 320)
        edges.append(QuayLine(frame.at(left + wide, line), frame.at(left + wide + gap, line)))
        left += wide + gap
    return edges


def _river(canvas: Canvas, frame: LocalFrame, rng: Rng) -> list[QuayLine]:
    """Draw a river with quays on both banks and at times a bridge."""
    far, wide, line = 1500.0, rng.uniform(70, 350), rng.uniform(-250, 100)
    terrain.draw_water(canvas, frame_rectangle(frame, -far, far, line, line + wide), rng)
    if rng.random() < 0.3:
        along = rng.uniform(-300, 300)
        deck = frame_rectangle(
            frame, along, along + rng.uniform(8, 25), line - 60, line + wide + 60
        )
        canvas.fill(deck, [0.5, 0.5, 0.49], 10.0)
    return [
        QuayLine(frame.at(-far, line), frame.at(far, line)),
        QuayLine(frame.at(far, line + wide), frame.at(-far, line + wide)),
    ]


def _open_water(canvas: Canvas, frame: LocalFrame, rng: Rng) -> list[QuayLine]:
    """Draw open sea, sometimes with a breakwater or an islet."""
    terrain.draw_water(canvas, frame_rectangle(frame, -1500, 1500, -1500, 1500), rng)
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        shore_structures.draw_breakwater(canvas, frame, rng)
    return []


def _inland(canvas: Canvas, frame: LocalFrame, rng: Rng) -> list[QuayLine]:
    """Draw a place without water."""
    return []


def _same_water(canvas: Canvas, basin: Points, frame: LocalFrame, line: float) -> None:
    """Extend the water into a basin with the colour that it has outside."""
    wet = canvas.state == WATER
    if not wet.any():
        return
    colour = canvas.albedo[wet].mean(0)
    canvas.fill(basin, colour, -2.5)
    canvas.mark(basin, WATER)
