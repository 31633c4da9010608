"""Ships along quays, in rafts and groups, at anchor, and under cranes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cv.rendering.canvas import WATER, Canvas, Points, rectangle
from cv.rendering.materials import ContainerPaints, Rng
from cv.synthetic import clutter
from cv.synthetic.quay_line import QuayLine
from cv.synthetic.ships import ShipModel, draw_ship, draw_wake, make_ship, random_ship
from cv.synthetic.terminal_scene import LocalFrame


def draw_berths(canvas: Canvas, edge: QuayLine, paints: ContainerPaints) -> None:
    """Draw ships along a quay, sometimes two or three side by side."""
    rng = paints.rng
    busy = rng.uniform(0.1, 0.95)
    middle = (edge.start + edge.end) / 2
    half = np.array([canvas.width, canvas.height]) / 2
    along = max(0.0, edge.length / 2 - float(np.hypot(*(middle - half))) - 700)
    stop = min(edge.length, along + 2400)
    along += rng.uniform(0, 60)
    while along < stop - 20:
        heading = edge.angle + np.pi * rng.integers(2) + rng.normal(0, 0.008)
        ship = random_ship(rng, edge.start, heading, edge.length * 0.95)
        out = rng.uniform(0.5, 5)
        if rng.random() < busy and along + ship.length < edge.length + 5:
            for _ in range(int(rng.choice([1, 2, 3, 5], p=[0.74, 0.15, 0.07, 0.04]))):
                shift = rng.normal(0, ship.length * 0.05)
                centre = edge.at(along + ship.length / 2 + shift, out + ship.beam / 2)
                place_ship(canvas, replace(ship, centre=centre), paints)
                out += ship.beam + rng.uniform(0.3, 2.5)
                if rng.random() < 0.6:
                    twin = random_ship(rng, edge.start, heading, ship.length * 1.2)
                    ship = twin if twin.length > ship.length * 0.4 else ship
        along += ship.length + rng.uniform(4, 90)


def place_ship(canvas: Canvas, ship: ShipModel, paints: ContainerPaints) -> bool:
    """Draw a ship if it lies on water alone and touches the picture."""
    corners = rectangle(ship.centre, ship.length, ship.beam, ship.heading)
    low, high = corners.min(0), corners.max(0)
    if (high < 0).any() or low[0] > canvas.width or low[1] > canvas.height:
        return False
    found = canvas.states_in(corners, int(np.clip(ship.length / 4, 13, 60)))
    if not found.size or (found != WATER).mean() > 0.0:
        return False
    draw_ship(canvas, ship, paints)
    return True


def draw_ships_afloat(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw ships at anchor or under way, boats too small to count, buoys."""
    rng = paints.rng
    for _ in range(int(rng.integers(0, 9))):
        centre = rng.uniform([0, 0], [canvas.width, canvas.height])
        ship = random_ship(rng, centre, rng.uniform(0, 2 * np.pi))
        if place_ship(canvas, ship, paints) and rng.random() < 0.35:
            draw_wake(canvas, ship, rng)
    for _ in range(int(rng.choice([0, 5, 20]))):
        centre = rng.uniform([0, 0], [canvas.width, canvas.height])
        boat = rectangle(centre, rng.uniform(3, 10), rng.uniform(1.5, 3), rng.uniform(0, 6.3))
        if (canvas.states_in(boat) == WATER).all():
            canvas.fill(boat, rng.uniform(0.3, 0.9, 3), 0.5)


def draw_cranes(canvas: Canvas, edge: QuayLine, rng: Rng) -> None:
    """Draw ship-to-shore cranes along a quay, their booms over the ships."""
    if edge.length < 80 or rng.random() < 0.5:
        return
    for _ in range(int(rng.integers(1, 8))):
        spot = edge.at(rng.uniform(0.2, 0.8) * edge.length, -rng.uniform(8, 16))
        if (spot > 0).all() and spot[0] < canvas.width and spot[1] < canvas.height:
            clutter.draw_quay_crane(canvas, spot, edge.angle + np.pi / 2, rng)


def draw_barge_raft(canvas: Canvas, corner: Points, angle: float, paints: ContainerPaints) -> None:
    """Draw river barges of one make tied together in rows, sometimes with a pusher behind."""
    rng = paints.rng
    kind = "hopper" if rng.random() < 0.85 else "barge"
    model = make_ship(rng, kind, float(rng.uniform(45, 95)), corner, angle)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    gap = rng.uniform(0.1, 1.5)
    rows, columns = int(rng.integers(1, 6)), int(rng.choice([1, 2, 2, 3, 4]))
    for column in range(columns):
        for row in range(rows):
            if rng.random() < 0.12:
                continue
            spot = corner + along * (column + 0.5) * (model.length + gap)
            spot = spot + across * (row + 0.5) * (model.beam + gap)
            turn = angle + np.pi * rng.integers(2) + rng.normal(0, 0.004)
            place_ship(canvas, replace(model, centre=spot, heading=float(turn)), paints)
    if rng.random() < 0.35:
        tug = make_ship(rng, "tug", float(rng.uniform(20, 38)), corner, angle)
        spot = corner - along * (tug.length / 2 + 0.6) + across * rows * model.beam / 2
        place_ship(canvas, replace(tug, centre=spot), paints)


def draw_boat_group(canvas: Canvas, edge: QuayLine, paints: ContainerPaints) -> None:
    """Draw fishing or work boats of one size, side by side along the quay or stern to it."""
    rng = paints.rng
    long = float(np.exp(rng.uniform(np.log(18), np.log(60))))
    model = make_ship(rng, "fishing" if rng.random() < 0.7 else "tug", long, edge.start, 0.0)
    along = rng.uniform(0.25, 0.7) * edge.length
    abreast = rng.random() < 0.5
    step = model.beam * rng.uniform(1.02, 1.25) if abreast else long * rng.uniform(1.03, 1.2)
    deep = 1 if abreast else int(rng.integers(1, 6))
    for slot in range(int(rng.integers(2, 16))):
        for rank in range(deep if rng.random() < 0.8 else 1):
            boat = make_ship(rng, model.kind, long * rng.uniform(0.85, 1.1), edge.start, 0.0)
            out = boat.length / 2 + 2 if abreast else (rank + 0.5) * model.beam * 1.08 + 1
            facing = edge.angle + np.pi * rng.integers(2) + (np.pi / 2 if abreast else 0.0)
            beam = min(boat.beam, model.beam)
            spot = edge.at(along + slot * step, out)
            turn = float(facing + rng.normal(0, 0.015))
            place_ship(canvas, replace(boat, centre=spot, heading=turn, beam=beam), paints)


def draw_floating_stage(canvas: Canvas, edge: QuayLine, paints: ContainerPaints) -> None:
    """Draw a floating stage off the quay with boats at its outer side."""
    rng = paints.rng
    along, out = rng.uniform(0.3, 0.7) * edge.length, rng.uniform(3, 90)
    long, wide = rng.uniform(25, 90), rng.uniform(4, 14)
    stage = rectangle(edge.at(along, out + wide / 2), long, wide, edge.angle)
    if not (canvas.states_in(stage) == WATER).all():
        return
    canvas.fill(stage, rng.uniform(0.25, 0.75) * rng.uniform(0.9, 1.08, 3), 1.0)
    for _ in range(int(rng.integers(0, 8))):
        spot = edge.at(along + rng.uniform(-0.45, 0.45) * long, out + wide / 2)
        size = rng.uniform(1.5, 6), rng.uniform(1, wide * 0.7)
        canvas.fill(rectangle(spot, *size, edge.angle), rng.uniform(0.1, 0.85, 3), 2.5)
    ends = [edge.at(along + side * long * 0.6, out + wide) for side in (-1, 1)]
    draw_boat_group(canvas, QuayLine(ends[0], ends[1]), paints)
