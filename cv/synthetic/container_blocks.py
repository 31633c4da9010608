"""Containers: single ones and blocks of stacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.rendering.canvas import Canvas, Colour, PlacedObject, Points, rectangle
from cv.rendering.materials import ContainerPaints, Rng

WIDTH = 2.44  # of every box, metres
FEET = {20: 6.06, 40: 12.19, 45: 13.72}  # lengths, metres
TIER = 2.6  # height of a box, metres


@dataclass(frozen=True)
class Support:
    """What a box stands on."""

    base: float = 0.0
    # height of its floor above the quay, metres
    aboard: bool = False
    # on a ship
    parent: int = 0
    # ident of that ship
    stack: int = 0
    # stack number, 0 for none


@dataclass(frozen=True)
class ContainerBlock:
    """A grid of slots: bays along the boxes' length, rows side by side."""

    bays: int = 4
    # number along the length
    rows: int = 6
    # number side by side
    feet: int = 40
    # 20, 40 or 45: the slot length of a bay
    gap_along: float = 0.35
    # free space between bays, metres
    gap_across: float = 0.1
    # free space between rows, metres
    tiers: int = 3
    # usual height of the stack, boxes
    ragged: float = 0.5
    # how much heights differ, tiers
    fill: float = 0.9
    # share of slots in use
    runs: float = 0.3
    # chance that a box takes its neighbour's colour
    split: float = 0.15
    # chance that a 40 ft slot holds two 20 ft boxes
    highest: int = 6
    # boxes above each other at the most

    @property
    def size(self) -> tuple[float, float]:
        """Length along the bays and width across the rows, metres."""
        along = self.bays * (FEET[self.feet] + self.gap_along) - self.gap_along
        return along, self.rows * (WIDTH + self.gap_across) - self.gap_across


def draw_container(
    canvas: Canvas,
    centre: Points,
    angle: float,
    feet: int,
    paints: ContainerPaints,
    tiers: int = 1,
    berth: Support | None = None,
    colour: Colour | None = None,
) -> PlacedObject:
    """One visible box on top of tiers - 1 others; centre in metres, angle of its length."""
    berth = berth or Support()
    corners = rectangle(centre, FEET[feet], WIDTH, angle)
    paint = paints.pick() if colour is None else np.asarray(colour, np.float32)
    top = berth.base + TIER * tiers + (0.3 if paints.rng.random() < 0.4 else 0.0)
    ident = canvas.next_ident()
    if canvas.resolution <= 0.35:
        canvas.fill_texture(corners, paints.roof(paint, FEET[feet]), top, ident)
    else:
        canvas.fill(corners, paint, top, ident)
    box = PlacedObject(
        ident, "container", corners, top, berth.aboard, berth.stack, tiers, berth.parent
    )
    canvas.placed.append(box)
    return box


def draw_block(
    canvas: Canvas,
    corner: Points,
    angle: float,
    block: ContainerBlock,
    paints: ContainerPaints,
    berth: Support | None = None,
) -> int:
    """A block from its corner slot's outer corner (metres); returns the boxes on top of it."""
    berth = berth or Support()
    rng = paints.rng
    berth = Support(berth.base, berth.aboard, berth.parent, canvas.next_stack())
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    heights = _profile(block, rng)
    slot, drawn = FEET[block.feet], 0
    colour = paints.pick()
    loose = 0.03 if rng.random() < 0.6 else 0.12
    for bay in range(block.bays):
        feet = 20 if block.feet == 40 and rng.random() < block.split else 0
        for row in range(block.rows):
            tiers = int(heights[bay, row])
            if tiers < 1:
                continue
            spot = along * (bay * (slot + block.gap_along) + slot / 2)
            spot = corner + spot + across * (row * (WIDTH + block.gap_across) + WIDTH / 2)
            spot = spot + along * rng.normal(0, loose) + across * rng.normal(0, loose / 4)
            if rng.random() >= block.runs:
                colour = paints.pick()
            shade = np.clip(colour * rng.uniform(0.94, 1.06), 0, 1)
            turn = angle + rng.normal(0, 0.0025)
            if feet == 20:
                for side in (-1, 1):
                    if rng.random() < 0.94:
                        other = shade if rng.random() < block.runs else paints.pick()
                        at = spot + along * side * (FEET[20] / 2 + 0.04)
                        draw_container(canvas, at, turn, 20, paints, tiers, berth, other)
                        drawn += 1
            else:
                draw_container(canvas, spot, turn, block.feet, paints, tiers, berth, shade)
                drawn += 1
    return drawn


def _profile(block: ContainerBlock, rng: Rng) -> NDArray[np.int64]:
    """Tiers (bays, rows), 0 for an empty slot."""
    shape = (block.bays, block.rows)
    bay = rng.normal(0, block.ragged, (block.bays, 1))
    row = rng.normal(0, block.ragged * 0.4, (1, block.rows))
    heights = np.rint(block.tiers + bay + row + rng.normal(0, block.ragged * 0.7, shape))
    heights = np.clip(heights, 1, block.highest)
    heights[rng.random(shape) > block.fill] = 0
    return np.asarray(heights.astype(int))
