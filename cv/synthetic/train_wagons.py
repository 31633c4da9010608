"""Wagons: flat ones with containers, and hoppers, tanks and vans, which resemble containers."""

from __future__ import annotations

import numpy as np

from cv.rendering.canvas import Canvas, Colour, Points, rectangle
from cv.rendering.materials import ContainerPaints, Rng, vary_colour
from cv.synthetic.container_blocks import ContainerSupport, draw_container

_LOADS = np.array(
    [[0.06, 0.06, 0.06], [0.30, 0.19, 0.13], [0.45, 0.40, 0.32], [0.15, 0.13, 0.12]], np.float32
)
_SIDES = np.array(
    [[0.30, 0.22, 0.18], [0.22, 0.23, 0.24], [0.45, 0.44, 0.42], [0.16, 0.15, 0.15],
     [0.36, 0.16, 0.12]], np.float32
)  # fmt: skip


def draw_wagons(
    canvas: Canvas, start: Points, angle: float, wagons: int, loaded: float, paints: ContainerPaints
) -> None:
    """Draw flat wagons from a start point (metres), a share of them with containers."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    long = float(rng.choice([13.2, 14.6, 19.0]))
    deck = vary_colour(rng, np.array([0.25, 0.22, 0.20], np.float32), 0.3)
    dull = rng.random() < 0.3
    for index in range(wagons):
        centre = start + along * (index + 0.5) * (long + 0.9)
        bed = rectangle(centre, long, 2.7, angle)
        if not canvas.is_free(bed):
            continue
        _bed(canvas, centre, angle, long, deck)
        if rng.random() > loaded:
            continue
        paint = _ground_coloured(canvas, centre, angle, rng) if dull else None
        _load(canvas, centre, angle, long, paints, paint)


def draw_bulk_train(canvas: Canvas, start: Points, angle: float, wagons: int, rng: Rng) -> None:
    """Draw hoppers with coal or ore, tank wagons or vans: no containers."""
    along = np.array([np.cos(angle), np.sin(angle)])
    long, wide = rng.uniform(10, 18), rng.uniform(2.7, 3.2)
    side = _SIDES[int(rng.integers(len(_SIDES)))]
    load = _LOADS[int(rng.integers(len(_LOADS)))]
    draw = (_hopper, _tank, _van)[int(rng.integers(3))]
    for index in range(wagons):
        centre = start + along * (index + 0.5) * (long + 1.2)
        if canvas.is_free(rectangle(centre, long, wide, angle)):
            draw(
                canvas,
                centre,
                angle,
                (long, wide),
                vary_colour(rng, side, 0.12),
                vary_colour(rng, load, 0.15),
            )


def _load(
    canvas: Canvas,
    centre: Points,
    angle: float,
    long: float,
    paints: ContainerPaints,
    paint: Colour | None,
) -> None:
    """Draw a 40 ft container, or two or three of 20 ft, on one wagon."""
    rng, support = paints.rng, ContainerSupport(base=1.1)
    along = np.array([np.cos(angle), np.sin(angle)])
    if rng.random() < 0.55 and long < 18:
        draw_container(canvas, centre, angle, 40, paints, 1, support, paint)
        return
    count = 3 if long > 18 else 2
    for slot in np.arange(count) - (count - 1) / 2:
        if rng.random() < 0.85:
            spot = centre + along * slot * 6.25
            draw_container(canvas, spot, angle, 20, paints, 1, support, paint)


def _bed(canvas: Canvas, centre: Points, angle: float, long: float, deck: Colour) -> None:
    paint = np.asarray(deck)
    canvas.fill(rectangle(centre, long, 2.7, angle), paint, 1.1)
    canvas.paint(rectangle(centre, long * 0.9, 0.5, angle), paint * 0.6)


def _ground_coloured(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> Colour:
    """Return a faded paint close to the colour of the ground beside the track."""
    beside = centre + 3.2 * np.array([-np.sin(angle), np.cos(angle)])
    column, row = np.rint(canvas.to_pixels(beside)).astype(int)
    row = int(np.clip(row, 0, canvas.shape[0] - 1))
    column = int(np.clip(column, 0, canvas.shape[1] - 1))
    return vary_colour(rng, canvas.albedo[row, column] * np.float32(rng.uniform(0.8, 1.15)), 0.06)


def _hopper(
    canvas: Canvas,
    centre: Points,
    angle: float,
    size: tuple[float, float],
    side: Colour,
    load: Colour,
) -> None:
    long, wide = size
    canvas.fill(rectangle(centre, long, wide, angle), side, 3.2)
    canvas.fill(rectangle(centre, long - 0.7, wide - 0.5, angle), load, 2.4)
    canvas.fill(rectangle(centre, long * 0.6, wide * 0.35, angle), np.asarray(load) * 1.2, 2.9)


def _tank(
    canvas: Canvas,
    centre: Points,
    angle: float,
    size: tuple[float, float],
    side: Colour,
    load: Colour,
) -> None:
    long, wide = size
    paint = np.asarray(side)
    canvas.fill(rectangle(centre, long, wide * 0.9, angle), paint * 0.6, 2.4)
    canvas.fill(rectangle(centre, long * 0.97, wide * 0.6, angle), paint, 3.4)
    canvas.fill(rectangle(centre, long * 0.95, wide * 0.22, angle), paint * 1.25, 3.8)
    canvas.fill(rectangle(centre, 0.9, 0.9, angle), np.asarray(load), 4.0)


def _van(
    canvas: Canvas,
    centre: Points,
    angle: float,
    size: tuple[float, float],
    side: Colour,
    load: Colour,
) -> None:
    long, wide = size
    paint = np.asarray(side)
    along = np.array([np.cos(angle), np.sin(angle)])
    canvas.fill(rectangle(centre, long, wide, angle), paint * 0.8, 3.6)
    canvas.fill(rectangle(centre, long, wide * 0.6, angle), paint, 4.1)
    for step in np.arange(-0.45, 0.46, 0.15) * long:
        canvas.paint(rectangle(centre + along * step, 0.15, wide, angle), paint * 0.7)
