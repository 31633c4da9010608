"""Irregular stacks as in small ports: short uneven rows of mixed lengths, not quite in line."""

from __future__ import annotations

import numpy as np

from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import Canvas, Points, rectangle
from cv.rendering.materials import ContainerPaints
from cv.synthetic.container_blocks import FEET, ContainerSupport, draw_container


def draw_stack_row(
    canvas: Canvas, start: Points, angle: float, reach: float, paints: ContainerPaints
) -> None:
    """Draw clusters one after the other for `reach` metres, containers lengthwise or across."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    across, turn = np.array([-along[1], along[0]]), rng.choice([0.0, np.pi / 2])
    gone = 0.0
    while gone < reach:
        spot = start + along * gone + across * rng.normal(0, 0.8)
        odd = rng.choice([0.0, np.pi / 2], p=[0.9, 0.1])
        draw_stack_cluster(canvas, spot, angle + turn + odd + rng.normal(0, 0.04), paints)
        gone += rng.uniform(5, 16)


def draw_stack_cluster(canvas: Canvas, at: Points, angle: float, paints: ContainerPaints) -> None:
    """Draw up to six rows side by side, each of up to three stacks end to end."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    usual, tall = int(rng.choice([20, 20, 40])), int(rng.choice([1, 1, 2, 2, 3, 4]))
    stack, slack = canvas.next_stack(), rng.choice([0.05, 0.4, 1.2])
    step = 0.0
    for _ in range(int(rng.integers(1, 7))):
        turn = angle + rng.normal(0, 0.012)
        reach = rng.normal(0, slack)
        for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
            feet = usual if rng.random() < 0.85 else int(rng.choice([20, 40, 45]))
            centre = at + across * step + along * (reach + FEET[feet] / 2)
            tiers = int(np.clip(tall + rng.integers(-1, 2), 1, 5))
            reach += FEET[feet] + abs(rng.normal(0.1, 0.2))
            body = rectangle(centre, FEET[feet] - 0.2, WIDTH_M - 0.1, turn)
            if rng.random() < 0.92 and canvas.is_free(body):
                support = ContainerSupport(stack=stack)
                draw_container(canvas, centre, turn, feet, paints, tiers, support)
                _draw_roof_object(canvas, centre, turn, feet, paints)
        step += WIDTH_M + abs(rng.normal(0.05, 0.15))


def _draw_roof_object(
    canvas: Canvas, centre: Points, angle: float, feet: int, paints: ContainerPaints
) -> None:
    """Draw, on a few roofs, something that lies there: a tarpaulin, a pallet, a ladder."""
    rng = paints.rng
    if rng.random() > 0.03:
        return
    size = rng.uniform(0.5, FEET[feet] * 0.4), rng.uniform(0.4, 1.8)
    tone = rng.uniform(0.1, 0.7, 3)
    spot = centre + rng.normal(0, 0.4, 2)
    canvas.paint(rectangle(spot, *size, angle), tone)
