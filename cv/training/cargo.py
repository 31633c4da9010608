"""Containers: single, in blocks, on wagons and on chassis; and the trailers without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.training.canvas import Canvas, Colour, Placed, Points, rectangle
from cv.training.materials import Paints, Rng, vary

WIDTH = 2.44  # of every box, metres
FEET = {20: 6.06, 40: 12.19, 45: 13.72}  # lengths, metres
TIER = 2.6  # height of a box, metres


@dataclass(frozen=True)
class Berth:
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
class Block:
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
    paints: Paints,
    tiers: int = 1,
    berth: Berth | None = None,
    colour: Colour | None = None,
) -> Placed:
    """One visible box on top of tiers - 1 others; centre in metres, angle of its length."""
    berth = berth or Berth()
    corners = rectangle(centre, FEET[feet], WIDTH, angle)
    paint = paints.pick() if colour is None else np.asarray(colour, np.float32)
    top = berth.base + TIER * tiers + (0.3 if paints.rng.random() < 0.4 else 0.0)
    ident = canvas.next_ident()
    if canvas.resolution <= 0.35:
        canvas.fill_texture(corners, paints.roof(paint, FEET[feet]), top, ident)
    else:
        canvas.fill(corners, paint, top, ident)
    box = Placed(ident, "container", corners, top, berth.aboard, berth.stack, tiers, berth.parent)
    canvas.placed.append(box)
    return box


def draw_block(
    canvas: Canvas,
    corner: Points,
    angle: float,
    block: Block,
    paints: Paints,
    berth: Berth | None = None,
) -> int:
    """A block from its corner slot's outer corner (metres); returns the boxes on top of it."""
    berth = berth or Berth()
    rng = paints.rng
    berth = Berth(berth.base, berth.aboard, berth.parent, canvas.next_stack())
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


def draw_wagons(
    canvas: Canvas, start: Points, angle: float, wagons: int, loaded: float, paints: Paints
) -> None:
    """A train of flat wagons from a start point (metres); boxes on a share of them."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    long = float(rng.choice([13.2, 14.6, 19.0]))
    deck = vary(rng, np.array([0.25, 0.22, 0.20], np.float32), 0.3)
    berth = Berth(base=1.1)
    for index in range(wagons):
        centre = start + along * (index + 0.5) * (long + 0.9)
        bed = rectangle(centre, long, 2.7, angle)
        if not canvas.is_free(bed):
            continue
        canvas.fill(bed, deck, 1.1)
        canvas.paint(rectangle(centre, long * 0.9, 0.5, angle), deck * 0.6)
        if rng.random() > loaded:
            continue
        kind = rng.random()
        if kind < 0.55 and long < 18:
            draw_container(canvas, centre, angle, 40, paints, 1, berth)
        else:
            count = 3 if long > 18 else 2
            for slot in np.arange(count) - (count - 1) / 2:
                if rng.random() < 0.85:
                    spot = centre + along * slot * 6.25
                    draw_container(canvas, spot, angle, 20, paints, 1, berth)


def draw_truck(
    canvas: Canvas, centre: Points, angle: float, load: str, paints: Paints, cab: bool = True
) -> bool:
    """A lorry: load is "40", "45", "20", "2x20", "empty", "trailer" or "flat"; True if drawn."""
    rng = paints.rng
    along = np.array([np.cos(angle), np.sin(angle)])
    if not canvas.is_free(rectangle(centre + along * 1.6, 17.2, 2.9, angle)):
        return False
    chassis = vary(rng, np.array([0.16, 0.16, 0.17], np.float32), 0.3)
    if load == "trailer":
        white = np.array([0.78, 0.79, 0.79], np.float32)
        paint = vary(rng, white, 0.06) if rng.random() < 0.65 else paints.pick()
        canvas.fill(rectangle(centre, 13.6, 2.55, angle), paint, 4.0)
        if rng.random() < 0.5:
            canvas.paint(rectangle(centre + along * 6.3, 0.9, 2.2, angle), paint * 0.8)
    else:
        _chassis(canvas, centre, angle, chassis, rng)
    berth = Berth(base=1.2)
    if load in ("40", "45"):
        draw_container(canvas, centre, angle, int(load), paints, 1, berth)
    elif load in ("20", "2x20"):
        shift = float(rng.choice([-3.1, 0, 3.1])) if load == "20" else -3.1
        draw_container(canvas, centre + along * shift, angle, 20, paints, 1, berth)
        if load == "2x20":
            draw_container(canvas, centre + along * 3.1, angle, 20, paints, 1, berth)
    elif load == "flat":
        canvas.fill(rectangle(centre, 13.0, 2.5, angle), vary(rng, chassis * 2.2, 0.3), 1.4)
    if cab:
        _cab(canvas, centre + along * (6.1 + 2.0), angle, rng)
    return True


def _chassis(canvas: Canvas, centre: Points, angle: float, colour: Colour, rng: Rng) -> None:
    """Two beams, cross bars and wheels."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    dark = np.asarray(colour)
    for side in (-0.5, 0.5):
        canvas.fill(rectangle(centre + across * side, 12.4, 0.4, angle), dark, 1.1)
    for step in rng.permutation(np.array([-6.0, -4.6, -3.3, -2.0, 0.0, 3.0, 5.8])):
        tint = dark * rng.uniform(0.6, 1.8)
        canvas.fill(rectangle(centre + along * step, 0.7, 2.4, angle), tint, 1.1)


def _cab(canvas: Canvas, centre: Points, angle: float, rng: Rng) -> None:
    along = np.array([np.cos(angle), np.sin(angle)])
    colours = [[0.82, 0.82, 0.8], [0.2, 0.3, 0.55], [0.6, 0.15, 0.12], [0.7, 0.5, 0.15]]
    paint = vary(rng, np.array(colours[int(rng.choice(4, p=[0.6, 0.15, 0.15, 0.1]))]), 0.15)
    canvas.fill(rectangle(centre - along * 1.6, 1.4, 1.6, angle), [0.1, 0.1, 0.1], 1.1)
    canvas.fill(rectangle(centre, 2.2, 2.45, angle), paint, 3.2)
    canvas.paint(rectangle(centre + along * 0.95, 0.35, 2.2, angle), paint * 0.35)


def _profile(block: Block, rng: Rng) -> NDArray[np.int64]:
    """Tiers (bays, rows), 0 for an empty slot."""
    shape = (block.bays, block.rows)
    bay = rng.normal(0, block.ragged, (block.bays, 1))
    row = rng.normal(0, block.ragged * 0.4, (1, block.rows))
    heights = np.rint(block.tiers + bay + row + rng.normal(0, block.ragged * 0.7, shape))
    heights = np.clip(heights, 1, block.highest)
    heights[rng.random(shape) > block.fill] = 0
    return np.asarray(heights.astype(int))
