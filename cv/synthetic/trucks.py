"""Lorries with and without a container, trailers, and empty chassis, which resemble containers."""

from __future__ import annotations

import numpy as np

from cv.rendering.canvas import Canvas, Colour, Points, rectangle
from cv.rendering.materials import ContainerPaints, Rng, vary_colour
from cv.synthetic.container_blocks import ContainerSupport, draw_container

LOADS = ("40", "45", "20", "2x20", "empty", "trailer", "flat")
_FRAMES = np.array(
    [[0.15, 0.15, 0.16], [0.10, 0.09, 0.09], [0.32, 0.32, 0.33], [0.42, 0.14, 0.10],
     [0.62, 0.42, 0.12], [0.16, 0.20, 0.34], [0.55, 0.55, 0.53]], np.float32
)  # fmt: skip
_FRAME_SHARES = (0.34, 0.16, 0.12, 0.12, 0.12, 0.08, 0.06)
_FLOORS = np.array(
    [[0.20, 0.18, 0.16], [0.34, 0.26, 0.18], [0.45, 0.42, 0.38], [0.12, 0.12, 0.13]], np.float32
)


def draw_truck(
    canvas: Canvas,
    centre: Points,
    angle: float,
    load: str,
    paints: ContainerPaints,
    cab: bool = True,
) -> bool:
    """Draw a lorry with one of LOADS; return whether there was room for it."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    if not canvas.is_free(rectangle(centre + along * 1.6, 17.2, 2.9, angle)):
        return False
    if load == "trailer":
        _trailer(canvas, centre, angle, paints)
    else:
        draw_chassis(canvas, centre, angle, rng)
    support = ContainerSupport(base=1.2)
    if load in ("40", "45"):
        draw_container(canvas, centre, angle, int(load), paints, 1, support)
    elif load in ("20", "2x20"):
        shift = float(rng.choice([-3.1, 0, 3.1])) if load == "20" else -3.1
        draw_container(canvas, centre + along * shift, angle, 20, paints, 1, support)
        if load == "2x20":
            draw_container(canvas, centre + along * 3.1, angle, 20, paints, 1, support)
    elif load == "flat":
        _flatbed(canvas, centre, angle, rng)
    if cab:
        _cab(canvas, centre + along * (6.1 + 2.0), angle, rng)
    return True


def draw_chassis(
    canvas: Canvas,
    centre: Points,
    angle: float,
    rng: Rng,
    paint: Colour | None = None,
    long: float = 12.4,
) -> None:
    """Draw two beams, cross bars, a narrow neck and pairs of tyres; the ground shows through."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    if paint is None:
        paint = vary_colour(rng, _FRAMES[int(rng.choice(len(_FRAMES), p=_FRAME_SHARES))], 0.2)
    frame = np.asarray(paint)
    for side in (-0.5, 0.5):
        canvas.fill(rectangle(centre + across * side, long, 0.4, angle), frame, 1.1)
    if rng.random() < 0.3:
        floor = rectangle(
            centre + along * rng.uniform(-2, 2), long * rng.uniform(0.2, 0.7), 1.1, angle
        )
        canvas.fill(floor, frame * rng.uniform(0.6, 1.4), 1.1)
    for share in (-0.49, -0.2, 0.0, 0.25, 0.47):
        if rng.random() < 0.85:
            bar = rectangle(centre + along * share * long, rng.uniform(0.3, 0.8), 2.4, angle)
            canvas.fill(bar, frame * rng.uniform(0.7, 1.5), 1.2)
    for axle in (-0.42, -0.32, -0.22)[: int(rng.integers(2, 4))]:
        for side in (-0.95, 0.95):
            spot = centre + along * axle * long + across * side
            canvas.fill(rectangle(spot, 1.0, 0.55, angle), [0.06, 0.06, 0.06], 1.0)


def draw_parked_chassis(canvas: Canvas, corner: Points, angle: float, rng: Rng) -> None:
    """Draw rows of empty chassis and flat trailers side by side, as a terminal keeps them."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    paint = _FRAMES[int(rng.choice(len(_FRAMES), p=_FRAME_SHARES))]
    pitch, long = rng.uniform(2.6, 4.2), float(rng.choice([6.6, 12.4, 12.4, 13.8]))
    floors = rng.random() < 0.25
    for row in range(int(rng.integers(1, 4))):
        for slot in range(int(rng.integers(2, 18))):
            spot = corner + along * row * (long + 1.5) + across * slot * pitch
            spot = spot + along * rng.normal(0, 0.3)
            turn = angle + rng.normal(0, 0.01)
            if rng.random() > 0.85 or not canvas.is_free(rectangle(spot, long, 2.4, turn)):
                continue
            draw_chassis(canvas, spot, turn, rng, vary_colour(rng, paint, 0.15), long)
            if floors and rng.random() < 0.7:
                _flatbed(canvas, spot, turn, rng)


def _trailer(canvas: Canvas, centre: Points, angle: float, paints: ContainerPaints) -> None:
    """Draw a van or curtain trailer, which is wider, taller and longer than a container."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    white = np.array([0.78, 0.79, 0.79], np.float32)
    paint = vary_colour(rng, white, 0.06) if rng.random() < 0.65 else paints.pick()
    canvas.fill(rectangle(centre, 13.6, 2.55, angle), paint, 4.0)
    if rng.random() < 0.5:
        canvas.paint(rectangle(centre + along * 6.3, 0.9, 2.2, angle), paint * 0.8)
    if rng.random() < 0.4:
        for step in np.arange(-6.0, 6.2, rng.uniform(0.6, 2.2)):
            canvas.paint(rectangle(centre + along * step, 0.12, 2.5, angle), paint * 0.85)


def _flatbed(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> None:
    """Draw a low floor with a container's outline, bare or with a little load."""
    along = np.array([np.cos(angle), np.sin(angle)])
    floor = vary_colour(rng, _FLOORS[int(rng.integers(len(_FLOORS)))], 0.2)
    canvas.fill(rectangle(centre, rng.uniform(11.5, 13.6), 2.45, angle), floor, 1.4)
    for _ in range(int(rng.choice([0, 0, 1, 3]))):
        spot = centre + along * rng.uniform(-5, 5)
        size = rng.uniform(0.8, 4), rng.uniform(0.8, 2.2)
        canvas.fill(
            rectangle(spot, *size, angle), vary_colour(rng, floor * 1.6, 0.4), rng.uniform(1.8, 3)
        )


def _cab(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> None:
    along = np.array([np.cos(angle), np.sin(angle)])
    colours = [[0.82, 0.82, 0.8], [0.2, 0.3, 0.55], [0.6, 0.15, 0.12], [0.7, 0.5, 0.15]]
    paint = vary_colour(rng, np.array(colours[int(rng.choice(4, p=[0.6, 0.15, 0.15, 0.1]))]), 0.15)
    canvas.fill(rectangle(centre - along * 1.6, 1.4, 1.6, angle), [0.1, 0.1, 0.1], 1.1)
    canvas.fill(rectangle(centre, 2.2, 2.45, angle), paint, 3.2)
    canvas.paint(rectangle(centre + along * 0.95, 0.35, 2.2, angle), paint * 0.35)
