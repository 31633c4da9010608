"""Containers: single ones, and blocks of stacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.geometry.container_sizes import LENGTH_20FT_M, LENGTH_40FT_M, LENGTH_45FT_M, WIDTH_M
from cv.rendering.canvas import Canvas, Colour, PlacedObject, Points, rectangle
from cv.rendering.materials import ContainerPaints, Rng

FEET = {20: LENGTH_20FT_M, 40: LENGTH_40FT_M, 45: LENGTH_45FT_M}
"""Length in feet to length in metres."""
TIER = 2.6
"""Height of a container, metres."""


@dataclass(frozen=True)
class ContainerSupport:
    """What a container stands on."""

    base: float = 0.0
    """Height of its floor above the quay, metres."""
    aboard: bool = False
    """Whether that is a ship."""
    parent: int = 0
    """Ident of that ship, 0 ashore."""
    stack: int = 0
    """Stack number, 0 for none."""


@dataclass(frozen=True, kw_only=True)
class ContainerBlock:
    """A grid of slots: bays along the containers' length, rows side by side."""

    bays: int = 4
    """Slots along the length."""
    rows: int = 6
    """Slots side by side."""
    feet: int = 40
    """Slot length: 20, 40 or 45."""
    gap_along: float = 0.35
    """Free space between bays, metres."""
    gap_across: float = 0.1
    """Free space between rows, metres."""
    tiers: int = 3
    """Mean height of the stacks, containers."""
    ragged: float = 0.5
    """Standard deviation of the heights, containers."""
    fill: float = 0.9
    """Share of slots in use."""
    runs: float = 0.3
    """Chance that a container has its neighbour's colour."""
    split: float = 0.15
    """Chance that a 40 ft slot holds two 20 ft containers."""
    max_tiers: int = 6
    """Highest stack, containers."""

    @property
    def size(self) -> tuple[float, float]:
        """Length along the bays and width across the rows, metres."""
        along = self.bays * (FEET[self.feet] + self.gap_along) - self.gap_along
        return along, self.rows * (WIDTH_M + self.gap_across) - self.gap_across


def draw_container(
    canvas: Canvas,
    centre: Points,
    angle: float,
    feet: int,
    paints: ContainerPaints,
    tiers: int = 1,
    support: ContainerSupport | None = None,
    colour: Colour | None = None,
) -> PlacedObject:
    """Draw a container on top of `tiers` - 1 others; centre in metres, angle of its length."""
    support = support or ContainerSupport()
    corners = rectangle(centre, FEET[feet], WIDTH_M, angle)
    paint = paints.pick() if colour is None else np.asarray(colour, np.float32)
    top = support.base + TIER * tiers + (0.3 if paints.rng.random() < 0.4 else 0.0)
    ident = canvas.next_ident()
    if canvas.resolution <= 0.35:
        canvas.fill_texture(corners, paints.roof(paint, FEET[feet]), top, ident)
    else:
        canvas.fill(corners, paint, top, ident)
    box = PlacedObject(
        ident=ident,
        class_name="container",
        corners=corners,
        height=top,
        aboard=support.aboard,
        stack=support.stack,
        tiers=tiers,
        parent=support.parent,
    )
    canvas.placed.append(box)
    return box


def draw_block(
    canvas: Canvas,
    corner: Points,
    angle: float,
    block: ContainerBlock,
    paints: ContainerPaints,
    support: ContainerSupport | None = None,
) -> int:
    """Draw a block from the outer corner (metres) of its first slot.

    Returns the number of visible containers: the topmost one of each stack.
    """
    support = support or ContainerSupport()
    rng = paints.rng
    support = ContainerSupport(support.base, support.aboard, support.parent, canvas.next_stack())
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    heights = _stack_heights(block, rng)
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
            spot = corner + spot + across * (row * (WIDTH_M + block.gap_across) + WIDTH_M / 2)
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
                        draw_container(canvas, at, turn, 20, paints, tiers, support, other)
                        drawn += 1
            else:
                draw_container(canvas, spot, turn, block.feet, paints, tiers, support, shade)
                drawn += 1
    return drawn


def _stack_heights(block: ContainerBlock, rng: Rng) -> NDArray[np.int64]:
    """Draw the heights of all stacks (bays, rows), containers; 0 for an empty slot."""
    shape = (block.bays, block.rows)
    bay = rng.normal(0, block.ragged, (block.bays, 1))
    row = rng.normal(0, block.ragged * 0.4, (1, block.rows))
    heights = np.rint(block.tiers + bay + row + rng.normal(0, block.ragged * 0.7, shape))
    heights = np.clip(heights, 1, block.max_tiers)
    heights[rng.random(shape) > block.fill] = 0
    return np.asarray(heights.astype(int))
