"""Structures in the water: jetties, trestles, pontoons, marinas, rough shores."""

from __future__ import annotations

import cv2
import numpy as np

from cv.rendering.canvas import FREE, TAKEN, WATER, Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, Rng, vary_colour
from cv.rendering.noise import colour_texture, noise_field, normal_noise
from cv.synthetic import terrain
from cv.synthetic.hinterland import FieldPainter, draw_container_field
from cv.synthetic.quay_line import QuayLine
from cv.synthetic.terminal_scene import LocalFrame


def frame_rectangle(
    frame: LocalFrame, left: float, right: float, near: float, out: float
) -> Points:
    """Return the canvas corners (4, 2; metres) of a rectangle given in a frame."""
    corners = [(left, near), (right, near), (right, out), (left, out)]
    return np.array([frame.at(*corner) for corner in corners])


def draw_jetty(canvas: Canvas, frame: LocalFrame, line: float, rng: Rng) -> None:
    """Draw a narrow jetty, a pontoon or a mooring dolphin line."""
    out, wide = rng.uniform(15, 220), rng.uniform(2, 14)
    along = rng.uniform(-380, 380)
    tone = rng.uniform(0.25, 0.75)
    pier = frame_rectangle(frame, along, along + wide, line - 1, line + out)
    canvas.fill(pier, [tone, tone, tone * 0.95], 0.3)
    if rng.random() < 0.5:
        head = rectangle(frame.at(along, line + out), rng.uniform(20, 120), wide, frame.angle)
        canvas.fill(head, [tone, tone, tone * 0.95], 0.3)


def draw_marina(canvas: Canvas, edges: list[QuayLine], rng: Rng) -> None:
    """Draw pontoons with boats too small to count, side by side."""
    if not edges:
        return
    edge = edges[int(rng.integers(len(edges)))]
    start = edge.at(rng.uniform(0.3, 0.7) * edge.length, 0)
    out = edge.angle + np.pi / 2
    tone = rng.uniform(0.4, 0.8)
    boat, reach = rng.uniform(5, 13), rng.uniform(30, 140)
    for row in range(int(rng.integers(1, 6))):
        root = start + np.array([np.cos(edge.angle), np.sin(edge.angle)]) * row * boat * 3.4
        along = np.array([np.cos(out), np.sin(out)])
        pier = rectangle(root + along * reach / 2, reach, 2.2, out)
        if not (canvas.states_in(pier) == WATER).all():
            continue
        canvas.fill(pier, [tone, tone, tone * 0.95], 0.3)
        for step in np.arange(4, reach, boat * 0.42):
            for side in (-1, 1):
                if rng.random() < 0.8:
                    spot = (
                        root + along * step + side * np.array([-along[1], along[0]]) * boat * 0.65
                    )
                    body = rectangle(spot, boat * rng.uniform(0.7, 1), boat * 0.3, edge.angle)
                    canvas.fill(body, vary_colour(rng, np.full(3, 0.75, np.float32), 0.15), 1.0)


def draw_waterside(
    canvas: Canvas,
    edge: QuayLine,
    rng: Rng,
    paints: ContainerPaints,
    draw_field: FieldPainter = draw_container_field,
) -> None:
    """Draw what resembles hulls beside a quay: pontoons, jetties with pipes, containers."""
    for _ in range(int(rng.choice([0, 0, 1, 3, 5]))):
        along = rng.uniform(0.25, 0.75) * edge.length
        if rng.random() < 0.3:
            spot = edge.at(along, -rng.uniform(12, 30))
            draw_field(canvas, spot, edge.angle, rng, paints)
            continue
        reach, wide = rng.uniform(20, 160), rng.uniform(2.5, 13)
        turn = edge.angle + (np.pi / 2 if rng.random() < 0.6 else 0.0)
        out = reach / 2 if turn != edge.angle else wide / 2 + rng.uniform(0, 40)
        centre = edge.at(along, out + 1)
        pier = rectangle(centre, reach, wide, turn)
        if not (canvas.states_in(pier) == WATER).all():
            continue
        tone = rng.uniform(0.2, 0.85) * rng.uniform(0.9, 1.1, 3)
        canvas.fill(pier, tone, rng.uniform(0.3, 2.0))
        for _ in range(int(rng.integers(0, 8))):
            step = rng.uniform(-0.45, 0.45) * reach
            spot = centre + step * np.array([np.cos(turn), np.sin(turn)])
            size = rng.uniform(1, 14), rng.uniform(0.5, wide)
            canvas.fill(rectangle(spot, size[0], size[1], turn), rng.uniform(0.1, 0.9, 3), 2.5)


def draw_trestle(canvas: Canvas, edge: QuayLine, rng: Rng) -> QuayLine | None:
    """Draw a pipe trestle to a platform with dolphins; return its berth, or None without room."""
    along, out = rng.uniform(0.3, 0.7) * edge.length, rng.uniform(60, 260)
    wide, reach = rng.uniform(3, 9), rng.uniform(90, 280)
    tone = rng.uniform(0.35, 0.75) * rng.uniform(0.95, 1.05, 3)
    walk = rectangle(edge.at(along, out / 2), out, wide * 0.7, edge.angle + np.pi / 2)
    heads = [rectangle(edge.at(along, out), rng.uniform(15, 60), wide * 2, edge.angle)]
    for step in np.linspace(-0.5, 0.5, int(rng.integers(3, 8))) * reach:
        side = rng.uniform(4, 11)
        heads.append(rectangle(edge.at(along + step, out), side, side, edge.angle))
    if not (canvas.states_in(heads[0]) == WATER).all():
        return None
    canvas.fill(walk, tone, 1.5)
    canvas.fill(rectangle(edge.at(along, out), reach, 1.6, edge.angle), tone * 0.9, 2.0)
    for head in heads:
        canvas.fill(head, tone * rng.uniform(0.8, 1.1), 2.0)
    for _ in range(int(rng.integers(2, 10))):
        spot = edge.at(along + rng.uniform(-12, 12), out + rng.uniform(-wide, wide) * 0.8)
        canvas.fill(rectangle(spot, 3, 2, edge.angle), rng.uniform(0.1, 0.85, 3), 5.0)
    return QuayLine(edge.at(along - reach / 2, out + wide), edge.at(along + reach / 2, out + wide))


def draw_rough_shore(canvas: Canvas, edge: QuayLine, rng: Rng) -> None:
    """Draw beach, mud or rocks instead of a quay: a ragged line."""
    ground = GROUND_MATERIALS[str(rng.choice(["sand", "gravel", "earth", "scrub", "dry grass"]))]
    ring = np.linspace(0, 2 * np.pi, 10)[:-1]
    round_ = np.stack([np.cos(ring), np.sin(ring)], 1)
    size, along = rng.uniform(5, 22), 0.0
    mask = np.zeros(canvas.shape, np.uint8)
    while along < edge.length:
        spot = edge.at(along, rng.normal(-size * 0.6, size * 0.3))
        if (spot > -40).all() and spot[0] < canvas.width + 40 and spot[1] < canvas.height + 40:
            canvas.add_to_mask(mask, spot + round_ * size * rng.uniform(0.5, 1.4, (9, 1)).max())
        along += size * rng.uniform(0.2, 0.6)
    tone = noise_field(rng, canvas.shape, 40, 3)
    tone *= np.float32(ground.roughness * 0.8)
    tone += 1 + np.float32(ground.grain) * normal_noise(rng, canvas.shape)
    base = vary_colour(rng, np.array(ground.colour, np.float32), 0.1)
    cv2.copyTo(colour_texture(tone, base), mask, canvas.albedo)
    shore = mask > 0
    canvas.relief[shore], canvas.ids[shore], canvas.state[shore] = 0.0, 0, FREE


def draw_breakwater(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    """Draw a breakwater or an islet."""
    size = rng.uniform(60, 700), rng.uniform(4, 25)
    mole = rectangle(frame.at(*rng.uniform(-350, 350, 2)), *size, rng.uniform(0, np.pi))
    terrain.draw_surface(canvas, mole, GROUND_MATERIALS["gravel"], rng)
    canvas.mark(mole, TAKEN)


def draw_quay_clutter(canvas: Canvas, edge: QuayLine, rng: Rng) -> None:
    """Draw cars, gear, sheds and small jib cranes close behind the quay's edge."""
    step = rng.uniform(6, 40)
    for along in np.arange(0.0, edge.length, step):
        spot = edge.at(along + rng.uniform(0, step), -rng.uniform(3, 28))
        if not ((spot > 0) & (spot < [canvas.width, canvas.height])).all():
            continue
        size = np.exp(rng.uniform(np.log(1.5), np.log(14), 2))
        body = rectangle(spot, size[0], min(size[1], 8.0), edge.angle)
        if not canvas.is_free(body):
            continue
        paint = rng.uniform(0.1, 0.85) * rng.uniform(0.85, 1.1, 3)
        canvas.fill(body, np.clip(paint, 0, 1), rng.uniform(1, 5))
        if rng.random() < 0.08:
            tint, turn = np.array([0.7, 0.32, 0.12]), edge.angle + rng.normal(1.57, 0.6)
            reach = rng.uniform(12, 38)
            middle = spot + reach / 2 * np.array([np.cos(turn), np.sin(turn)])
            canvas.add_overhead(rectangle(spot, 6, 6, turn), tint, 9.0)
            canvas.add_overhead(rectangle(middle, reach, 1.2, turn), tint, 15.0)
