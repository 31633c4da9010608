"""Objects that resemble containers from above, and cranes that stand over them."""

from __future__ import annotations

import numpy as np

from cv.rendering.canvas import Canvas, Points, rectangle
from cv.rendering.materials import PAINTS, Rng, vary_colour

_CARS = np.array(
    [[0.85, 0.85, 0.85], [0.12, 0.12, 0.13], [0.45, 0.46, 0.48], [0.55, 0.1, 0.1],
     [0.15, 0.22, 0.4], [0.7, 0.7, 0.68]], np.float32
)  # fmt: skip


def draw_car(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> None:
    """Draw a car of about 4.5 m by 1.8 m if the place is free."""
    long = rng.uniform(3.8, 5.2)
    body = rectangle(centre, long, 1.85, angle)
    if not canvas.is_free(body):
        return
    paint = vary_colour(rng, _CARS[int(rng.integers(len(_CARS)))], 0.15)
    canvas.fill(body, paint, 1.0)
    canvas.fill(rectangle(centre, long * 0.5, 1.6, angle), paint * 0.45, 1.45)
    canvas.fill(rectangle(centre, long * 0.32, 1.5, angle), paint, 1.5)


def draw_car_rows(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a parking lot: rows of cars side by side."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    pitch = rng.uniform(2.4, 3.0)
    for row in range(int(rng.integers(1, 6))):
        for slot in range(int(rng.integers(5, 30))):
            if rng.random() < 0.85:
                spot = at + along * slot * pitch + across * row * rng.uniform(5.2, 5.6)
                draw_car(canvas, spot, angle + np.pi / 2, rng)


def draw_gantry(canvas: Canvas, centre: Points, angle: float, span: float, rng: Rng) -> None:
    """Draw a yard gantry (RTG) over a stack: two beams, legs, trolley, cab."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    paint = vary_colour(rng, PAINTS[int(rng.integers(len(PAINTS)))], 0.1)
    tall = rng.uniform(17, 25)
    apart = rng.uniform(3.0, 6.0)
    thick = rng.uniform(0.6, 1.4)
    for side in (-apart, apart):
        canvas.add_overhead(
            rectangle(centre + along * side, span, thick, angle + np.pi / 2), paint, tall
        )
    for end in (-span / 2, span / 2):
        foot = rectangle(centre + across * end, 2 * apart + 3, 1.2, angle)
        canvas.add_overhead(foot, paint * 0.9, rng.uniform(2, tall))
    trolley = centre + across * rng.uniform(-0.4, 0.4) * span
    tint = vary_colour(rng, np.array([0.5, 0.5, 0.45], np.float32), 0.4)
    canvas.add_overhead(rectangle(trolley, 2 * apart, rng.uniform(2, 5), angle), tint, tall + 1)
    for _ in range(5):
        spot = trolley + rng.normal(0, 2, 2)
        size = rng.uniform(0.6, 2.5, 2)
        canvas.add_overhead(
            rectangle(spot, size[0], size[1], angle), tint * rng.uniform(0.3, 1.6), tall + 2
        )


def draw_quay_crane(canvas: Canvas, centre: Points, seaward: float, rng: Rng) -> None:
    """Draw a ship-to-shore crane: portal, long boom towards the sea, machine house, cables."""
    out = np.array([np.cos(seaward), np.sin(seaward)])
    side = np.array([-out[1], out[0]])
    paint = vary_colour(rng, PAINTS[int(rng.integers(len(PAINTS)))], 0.1)
    tall, wide = rng.uniform(26, 42), rng.uniform(6, 9)
    reach = rng.uniform(25, 60) if rng.random() < 0.7 else rng.uniform(3, 8)
    apart, thick = rng.uniform(1.2, 4.2), rng.uniform(0.5, 1.7)
    for sign in (-1, 1):
        boom = centre + out * (reach - 18) / 2 + side * sign * apart
        canvas.add_overhead(rectangle(boom, reach + 30, thick, seaward), paint, tall)
        leg = centre + side * sign * wide
        canvas.add_overhead(rectangle(leg, 22, 1.4, seaward), paint, tall * 0.5)
    for step in np.arange(-20, reach, 5.0):
        canvas.add_overhead(rectangle(centre + out * step, 0.5, 2 * apart, seaward), paint, tall)
    for step in (-10.0, 10.0):
        canvas.add_overhead(
            rectangle(centre + out * step, 1.4, 2 * wide, seaward), paint, tall * 0.55
        )
    house = rectangle(centre - out * 16, rng.uniform(7, 12), rng.uniform(4, 7), seaward)
    canvas.add_overhead(
        house, vary_colour(rng, np.array([0.75, 0.75, 0.72], np.float32), 0.15), tall + 3
    )


def draw_reach_stacker(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> None:
    """Draw a reach stacker or forklift: body, boom, spreader, counterweight."""
    along = np.array([np.cos(angle), np.sin(angle)])
    if not canvas.is_free(rectangle(centre, 10, 4, angle)):
        return
    choice = [[0.75, 0.15, 0.1], [0.8, 0.55, 0.1], [0.75, 0.7, 0.2], [0.5, 0.5, 0.5]]
    paint = vary_colour(rng, np.array(choice[int(rng.integers(4))], np.float32), 0.15)
    canvas.fill(rectangle(centre, 6.5, 3.2, angle), paint, 2.2)
    canvas.fill(rectangle(centre + along * 0.5, 2.0, 1.6, angle), [0.1, 0.1, 0.12], 3.4)
    canvas.fill(rectangle(centre + along * 2.2, 8.5, 0.9, angle), paint * 0.8, 4.5)
    if rng.random() < 0.5:
        spreader = centre + along * 6.2
        canvas.fill(rectangle(spreader, 0.9, 12.0, angle), paint * 0.9, 4.0)


def draw_pipes_and_coils(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw pipes, logs or steel coils in rows."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    kind = rng.random()
    long, wide = (rng.uniform(4, 14), rng.uniform(0.4, 1.0))
    if kind < 0.35:
        long, wide = rng.uniform(1.2, 2.2), rng.uniform(1.0, 1.8)
    tones = [[0.5, 0.38, 0.25], [0.4, 0.4, 0.42], [0.35, 0.25, 0.2], [0.65, 0.62, 0.58]]
    tone = np.array(tones[int(rng.integers(4))], np.float32)
    columns, rows = int(rng.integers(1, 6)), int(rng.integers(3, 22))
    for column in range(columns):
        tall = rng.uniform(0.8, 4)
        for row in range(rows):
            spot = at + along * column * (long + rng.uniform(0.3, 1.5)) + across * row * wide * 1.15
            body = rectangle(spot, long * rng.uniform(0.9, 1), wide, angle)
            if canvas.is_free(body):
                paint = vary_colour(rng, tone, 0.12)
                canvas.fill(body, paint * 0.7, tall * 0.8)
                canvas.fill(rectangle(spot, long * 0.97, wide * 0.5, angle), paint * 1.1, tall)


def draw_flat_piles(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw timber packs, pallets, bricks: rows of small flat blocks of one colour."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    tones = [[0.65, 0.55, 0.4], [0.55, 0.56, 0.55], [0.5, 0.36, 0.28], [0.75, 0.74, 0.7]]
    tone = np.array(tones[int(rng.integers(4))], np.float32)
    long, wide = rng.uniform(1.5, 6.5), rng.uniform(1.0, 2.6)
    for column in range(int(rng.integers(2, 10))):
        for row in range(int(rng.integers(2, 10))):
            step = along * column * (long + 0.5) + across * row * (wide + rng.uniform(0.2, 0.6))
            body = rectangle(at + step, long, wide, angle + rng.normal(0, 0.02))
            if rng.random() < 0.85 and canvas.is_free(body):
                canvas.fill(body, vary_colour(rng, tone, 0.12), rng.uniform(0.5, 2.5))


def draw_bulk_heap(canvas: Canvas, at: Points, radius: float, rng: Rng) -> None:
    """Draw a heap of bulk cargo: coal, sand, ore or scrap."""
    tones = [[0.08, 0.08, 0.09], [0.6, 0.5, 0.36], [0.42, 0.22, 0.16], [0.5, 0.5, 0.5]]
    tone = vary_colour(rng, np.array(tones[int(rng.integers(4))], np.float32), 0.15)
    ring = np.linspace(0, 2 * np.pi, 17)[:-1]
    wobble = rng.uniform(0.75, 1.0, (16, 1)) * np.array([rng.uniform(1, 2.5), 1.0])
    crown = np.stack([np.cos(ring), np.sin(ring)], 1) * wobble
    for level in range(6):
        share = 1 - level / 6.5
        canvas.fill(
            at + crown * radius * share, vary_colour(rng, tone, 0.05), radius * 0.5 * (1 - share)
        )


def draw_light_mast(canvas: Canvas, at: Points, rng: Rng) -> None:
    """Draw a light mast: nearly invisible itself, with a long thin shadow."""
    tone = rng.uniform(0.3, 0.75)
    canvas.fill(rectangle(at, 0.6, 0.6, 0.3), [tone] * 3, rng.uniform(12, 38))


def draw_miscellaneous(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """Draw a single small object: generator, hatch cover, skip, spreader, pontoon, kiosk."""
    kind = rng.random()
    if kind < 0.6:
        size = rng.uniform(1, 5), rng.uniform(1, 3)
    elif kind < 0.72:
        size = rng.uniform(9, 14), rng.uniform(6, 14)
    elif kind < 0.85:
        size = rng.uniform(5, 14), rng.uniform(0.4, 1.3)
    else:
        size = rng.uniform(3, 9), rng.uniform(3.2, 4.5)
    body = rectangle(at, size[0], size[1], angle)
    if not canvas.is_free(body):
        return
    paint = vary_colour(rng, PAINTS[int(rng.integers(len(PAINTS)))], 0.3)
    tall = rng.uniform(0.3, 3.2)
    canvas.fill(body, paint, tall)
    if rng.random() < 0.5:
        canvas.fill(rectangle(at, size[0] * 0.6, size[1] * 0.5, angle), paint * 0.7, tall + 0.4)
    if kind > 0.4 and rng.random() < 0.5:
        for part in np.linspace(-0.4, 0.4, 5):
            spot = at + np.array([np.cos(angle), np.sin(angle)]) * part * size[0]
            canvas.paint(rectangle(spot, 0.25, size[1], angle), paint * 0.6)
