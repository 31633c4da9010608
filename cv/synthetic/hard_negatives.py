"""Hard negatives of a terminal: objects with the outline of a container."""

from __future__ import annotations

import numpy as np

from cv.rendering.canvas import Canvas, Points, rectangle
from cv.rendering.materials import PAINTS, Rng, vary_colour

_COVERS = np.array(
    [[0.42, 0.20, 0.15], [0.35, 0.36, 0.36], [0.25, 0.36, 0.30], [0.55, 0.30, 0.18],
     [0.22, 0.26, 0.36], [0.62, 0.61, 0.58]], np.float32
)  # fmt: skip


def draw_hatch_covers(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw hatch covers of a ship laid on the quay, one on another."""
    along = np.array([np.cos(angle), np.sin(angle)])
    long, wide = rng.uniform(10, 14), rng.uniform(5, 13)
    paint = vary_colour(rng, _COVERS[int(rng.integers(len(_COVERS)))], 0.15)
    body = rectangle(at, long, wide, angle)
    if not canvas.is_free(body):
        return
    canvas.fill(body, paint * 0.75, tall := rng.uniform(0.8, 3.2))
    canvas.fill(rectangle(at, long - 0.8, wide - 0.8, angle), paint, tall + 0.2)
    across = np.array([-along[1], along[0]])
    for share in np.arange(-0.4, 0.41, rng.uniform(0.12, 0.3)):
        if rng.random() < 0.85:
            rib = rectangle(at + across * share * wide, long - 1, 0.3, angle)
            canvas.paint(rib, paint * rng.uniform(0.6, 1.2))
    for _ in range(4):
        spot = at + along * rng.uniform(-0.4, 0.4) * long + across * rng.uniform(-0.4, 0.4) * wide
        canvas.paint(rectangle(spot, 0.8, 0.8, angle), paint * 0.4)


def draw_pavement_slabs(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw pavement in slabs of a container's size, some patched or newer than others."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    long = float(rng.choice([5.0, 6.0, 12.0, 12.0]))
    wide = float(rng.choice([2.5, 2.5, 5.0]))
    tone = np.full(3, rng.uniform(0.25, 0.6)) * rng.uniform(0.95, 1.05, 3)
    contrast = rng.uniform(0.03, 0.25)
    for bay in range(int(rng.integers(2, 9))):
        for row in range(int(rng.integers(2, 12))):
            slab = rectangle(
                at + along * bay * long + across * row * wide, long - 0.2, wide - 0.2, angle
            )
            if rng.random() < 0.7 and canvas.is_free(slab):
                canvas.paint(slab, np.clip(tone * (1 + rng.normal(0, contrast)), 0.04, 0.9))


def draw_cable_trench(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a cable trench, kerb or drain: a long narrow strip with lids, bars or hazard stripes."""
    along = np.array([np.cos(angle), np.sin(angle)])
    long, wide = rng.uniform(20, 180), rng.uniform(0.5, 2.2)
    tone = np.full(3, rng.uniform(0.1, 0.65))
    hazard = np.array([0.75, 0.6, 0.12])
    step = rng.uniform(1.5, 13)
    striped = rng.random() < 0.3
    for way in np.arange(-long / 2, long / 2, step):
        piece = rectangle(at + along * way, step * 0.93, wide, angle)
        if canvas.is_free(piece):
            canvas.paint(piece, hazard if striped and rng.random() < 0.5 else tone)


def draw_straddle_carrier(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a straddle carrier: four legs, two side beams and a deck house high above the ground."""
    across = np.array([-np.sin(angle), np.cos(angle)])
    along = np.array([np.cos(angle), np.sin(angle)])
    paint = vary_colour(rng, PAINTS[int(rng.integers(len(PAINTS)))], 0.1)
    tall, long = rng.uniform(9, 15), rng.uniform(8, 11)
    for side in (-2.1, 2.1):
        canvas.add_overhead(rectangle(at + across * side, long, 0.6, angle), paint * 0.6, 1.2)
        canvas.add_overhead(rectangle(at + across * side, long, 0.7, angle), paint, tall)
    for end in (-0.45, -0.1, 0.45):
        canvas.add_overhead(rectangle(at + along * end * long, 0.6, 4.6, angle), paint, tall)
    house = rectangle(at + along * 0.3 * long, 2.4, 3.0, angle)
    canvas.add_overhead(house, paint * rng.uniform(0.4, 1.2), tall + 1)


def draw_sheds(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw garages, site huts or roof panels in a row: wider than containers or far longer."""
    across = np.array([-np.sin(angle), np.cos(angle)])
    long, wide = (rng.uniform(15, 45), rng.uniform(1.8, 3.2))
    if rng.random() < 0.5:
        long, wide = rng.uniform(3.0, 9.0), rng.uniform(3.3, 5.0)
    base = vary_colour(rng, _COVERS[int(rng.integers(len(_COVERS)))] * 1.3, 0.2)
    tall = rng.uniform(2.2, 6)
    for row in range(int(rng.integers(2, 12))):
        body = rectangle(at + across * row * wide, long, wide - 0.05, angle)
        if canvas.is_free(body):
            canvas.fill(body, vary_colour(rng, base, 0.1), tall)


def draw_parked_coaches(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw coaches or vans parked side by side: rounded ends, windows, a hump on the roof."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    long = float(rng.choice([5.5, 7.0, 10.5, 12.0]))
    paint = vary_colour(rng, np.array([0.8, 0.8, 0.78], np.float32), 0.1)
    pitch = rng.uniform(3.2, 4.2)
    for slot in range(int(rng.integers(2, 14))):
        spot = at + across * slot * pitch
        if rng.random() > 0.8 or not canvas.is_free(rectangle(spot, long, 2.5, angle)):
            continue
        canvas.fill(rectangle(spot, long, 2.1, angle), paint * 0.35, 2.6)
        canvas.fill(rectangle(spot, long - 0.7, 2.45, angle), vary_colour(rng, paint, 0.1), 3.1)
        canvas.fill(rectangle(spot + along * rng.uniform(-2, 2), 1.8, 1.3, angle), paint * 0.7, 3.4)


HARD_NEGATIVES = (
    draw_hatch_covers,
    draw_pavement_slabs,
    draw_cable_trench,
    draw_straddle_carrier,
    draw_sheds,
    draw_parked_coaches,
)
"""Functions that draw one hard negative each; arguments: canvas, position, angle, generator."""
