"""The deck of each kind of ship: containers, hatches, pipes, holds, ramps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import Canvas, Colour, rectangle
from cv.rendering.materials import ContainerPaints, Rng, vary_colour
from cv.synthetic.container_blocks import FEET, ContainerBlock, ContainerSupport, draw_block
from cv.synthetic.ship_types import ShipModel
from cv.synthetic.superstructure import (
    draw_deck_crane,
    draw_house,
    house_position,
    random_deck_paint,
)

Deck = Callable[[Canvas, ShipModel, ContainerPaints, int], None]
_BULK = np.array(
    [[0.04, 0.04, 0.045], [0.07, 0.065, 0.06], [0.30, 0.17, 0.11], [0.42, 0.36, 0.28],
     [0.55, 0.50, 0.40], [0.22, 0.22, 0.21]], np.float32
)  # fmt: skip


def draw_container_ship_deck(
    canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int
) -> None:
    """Draw bays of containers on hatch covers or in open holds, sometimes with deck cranes."""
    rng = paints.rng
    house, long, start, end = house_position(ship, rng)
    along = start + 1.0
    rows = max(1, int(ship.beam * 0.94 / (WIDTH_M + 0.06)))
    cranes = rng.random() < 0.4 and ship.length < 230
    bay = 0
    while along + 12.5 < end:
        taper = 1.0 if along < ship.length * 0.26 else 0.72
        _bay(canvas, ship, along, max(1, int(rows * taper)), paints, ident)
        along += FEET[40] + rng.uniform(0.8, 2.2)
        bay += 1
        if cranes and bay % 3 == 0:
            draw_deck_crane(canvas, ship, along + 1, rng)
            along += 3.5
    draw_house(canvas, ship, house, long, rng)


def draw_bulk_carrier_deck(
    canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int
) -> None:
    """Draw a row of hatches, shut or open, with cranes between them."""
    rng = paints.rng
    house, long, start, end = house_position(ship, rng)
    holds = int(np.clip(ship.length / rng.uniform(18, 32), 1, 9))
    step = (end - start) / holds
    paint = random_deck_paint(rng)
    opened = rng.random() < 0.4
    wide = ship.beam * rng.uniform(0.45, 0.8)
    for hold in range(holds):
        centre = ship.at(start + (hold + 0.5) * step, 0)
        hatch = rectangle(centre, step * 0.72, wide, ship.heading)
        if opened and rng.random() < 0.6:
            fill = vary_colour(rng, np.array([0.18, 0.15, 0.12], np.float32), 0.5)
            canvas.fill(hatch, fill, ship.deck - rng.uniform(1, 8))
        else:
            canvas.fill(hatch, vary_colour(rng, paint, 0.05), ship.deck + 1.8)
            for part in range(1, int(rng.integers(1, 5))):
                line = ship.at(start + (hold + 0.14 + 0.72 * part / 5) * step, 0)
                canvas.paint(rectangle(line, 0.3, wide, ship.heading), paint * 0.6)
        if rng.random() < 0.35 and ship.length > 90:
            draw_deck_crane(canvas, ship, start + (hold + 1) * step, rng)
    draw_house(canvas, ship, house, long, rng)


def draw_tanker_deck(canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int) -> None:
    """Draw pipes along and across, and a manifold."""
    rng = paints.rng
    house, long, start, end = house_position(ship, rng)
    pipe = vary_colour(rng, np.array([0.5, 0.45, 0.4], np.float32), 0.3)
    for offset in (-0.12, 0.0, 0.1):
        strip = rectangle(
            ship.at((start + end) / 2, offset * ship.beam), end - start, 0.9, ship.heading
        )
        canvas.fill(strip, vary_colour(rng, pipe, 0.2), ship.deck + 1.2)
    for along in np.arange(start, end, max(8.0, ship.length / 14)):
        bar = rectangle(ship.at(along, 0), 0.8, ship.beam * 0.8, ship.heading)
        canvas.paint(bar, pipe * 0.8)
    manifold = rectangle(ship.at((start + end) / 2, 0), 6, ship.beam * 0.85, ship.heading)
    canvas.fill(manifold, pipe * 1.1, ship.deck + 1.5)
    draw_house(canvas, ship, house, long, rng)


def draw_general_cargo_deck(
    canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int
) -> None:
    """Draw one long hatch: open, shut or with containers on it."""
    rng = paints.rng
    house, long, start, end = house_position(ship, rng)
    hatch = rectangle(
        ship.at((start + end) / 2, 0), (end - start) * 0.86, ship.beam * 0.7, ship.heading
    )
    state = rng.random()
    if state < 0.4:
        dark = vary_colour(rng, np.array([0.10, 0.09, 0.08], np.float32), 0.4)
        canvas.fill(hatch, dark, ship.deck - 4)
    else:
        canvas.fill(hatch, random_deck_paint(rng), ship.deck + 1.2)
        if state > 0.75 and end - start > 26:
            rows = max(1, int(ship.beam * 0.68 / 2.52))
            block = ContainerBlock(
                bays=int((end - start) * 0.8 / 12.5),
                rows=rows,
                feet=40,
                gap_along=0.3,
                gap_across=0.06,
                tiers=1,
                ragged=0.4,
                fill=rng.uniform(0.3, 1),
                runs=0.3,
                split=0.3,
                max_tiers=2,
            )
            if block.bays:
                corner = ship.at((start + end - block.size[0]) / 2, -block.size[1] / 2)
                support = ContainerSupport(ship.deck + 1.2, True, ident)
                draw_block(canvas, corner, ship.heading, block, paints, support)
    draw_house(canvas, ship, house, long, rng)


def draw_roro_deck(canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int) -> None:
    """Draw a closed upper deck with ventilators and the bridge forward."""
    rng = paints.rng
    white = vary_colour(rng, np.array([0.75, 0.76, 0.75], np.float32), 0.1)
    top = rectangle(
        ship.at(-ship.length * 0.04, 0), ship.length * 0.84, ship.beam * 0.96, ship.heading
    )
    canvas.fill(top, white, ship.deck + 8)
    for along in np.arange(-0.4, 0.35, 0.06) * ship.length:
        spot = ship.at(along, rng.uniform(-0.35, 0.35) * ship.beam)
        canvas.fill(
            rectangle(spot, 3, 2, ship.heading), white * rng.uniform(0.5, 1.1), ship.deck + 9
        )
    draw_house(canvas, ship, ship.length * 0.33, ship.length * 0.07, rng)


def draw_barge_deck(canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int) -> None:
    """Draw a pontoon: bare, with a cargo well, or with containers."""
    rng = paints.rng
    kind = rng.random()
    area = ship.length * 0.86, ship.beam * 0.82
    if kind < 0.5:
        fill = vary_colour(rng, np.array([0.25, 0.2, 0.16], np.float32), 0.5)
        canvas.fill(rectangle(ship.centre, *area, ship.heading), fill, ship.deck - 1.5)
        for part in np.linspace(-0.4, 0.4, 4):
            if rng.random() < 0.5:
                bar = rectangle(ship.at(part * area[0], 0), 1.0, area[1], ship.heading)
                canvas.fill(bar, random_deck_paint(rng), ship.deck)
    elif kind < 0.8 and ship.length > 30:
        rows = max(1, int(area[1] / 2.52))
        block = ContainerBlock(
            bays=max(1, int(area[0] / 12.6)),
            rows=rows,
            feet=40,
            gap_along=0.3,
            gap_across=0.06,
            tiers=int(rng.integers(1, 4)),
            ragged=0.5,
            fill=rng.uniform(0.3, 1),
            runs=0.3,
            split=0.2,
            max_tiers=4,
        )
        corner = ship.at(-block.size[0] / 2, -block.size[1] / 2)
        draw_block(
            canvas, corner, ship.heading, block, paints, ContainerSupport(ship.deck, True, ident)
        )


def draw_small_craft_deck(
    canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int
) -> None:
    """Draw a deckhouse and nothing else."""
    rng = paints.rng
    draw_house(canvas, ship, ship.length * rng.uniform(-0.1, 0.15), ship.length * 0.25, rng)


def draw_hopper_barge_deck(
    canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int
) -> None:
    """Draw an open river barge: a coaming round one long hold, empty or with coal, ore or sand."""
    rng = paints.rng
    area = ship.length * rng.uniform(0.80, 0.93), ship.beam * rng.uniform(0.70, 0.86)
    rim = vary_colour(rng, random_deck_paint(rng), 0.15)
    hold = rectangle(ship.at(-ship.length * 0.01, 0), *area, ship.heading)
    canvas.fill(hold, rim * rng.uniform(0.6, 1.2), ship.deck + 1.0)
    inner = rectangle(ship.at(-ship.length * 0.01, 0), area[0] - 1.6, area[1] - 1.6, ship.heading)
    fate = rng.random()
    if fate < 0.35:  # empty: the floor far down, with beams
        floor = vary_colour(rng, np.array([0.20, 0.17, 0.15], np.float32), 0.4)
        canvas.fill(inner, floor, ship.deck - 3.0)
        for part in np.arange(-0.4, 0.41, rng.uniform(0.1, 0.25)):
            bar = rectangle(ship.at(part * area[0], 0), 0.8, area[1], ship.heading)
            canvas.paint(bar, floor * 1.3)
    elif fate < 0.8:
        canvas.fill(
            inner, load := vary_colour(rng, _BULK[int(rng.integers(len(_BULK)))], 0.15), ship.deck
        )
        _heaps(canvas, ship, area, load, rng)
    else:  # covered, in sections
        lid = vary_colour(rng, random_deck_paint(rng), 0.15)
        for part in (np.arange(n := int(rng.integers(4, 12))) - (n - 1) / 2) / n:
            spot = ship.at(part * area[0], 0)
            piece = rectangle(spot, area[0] / n - 0.4, area[1] - 0.6, ship.heading)
            canvas.fill(piece, lid * rng.uniform(0.85, 1.1), ship.deck + 1.8)


def draw_fishing_boat_deck(
    canvas: Canvas, ship: ShipModel, paints: ContainerPaints, ident: int
) -> None:
    """Draw a trawler or work boat: wheelhouse, winches, a mast or a row of lamps, an A-frame."""
    rng = paints.rng
    forward = rng.choice([-0.22, 0.05, 0.24])
    draw_house(canvas, ship, ship.length * forward, ship.length * rng.uniform(0.14, 0.3), rng)
    for _ in range(int(rng.integers(4, 20))):
        spot = ship.at(rng.uniform(-0.4, 0.35) * ship.length, rng.uniform(-0.3, 0.3) * ship.beam)
        size = rng.uniform(0.8, 3), rng.uniform(0.6, 2)
        canvas.fill(rectangle(spot, *size, ship.heading), rng.uniform(0.1, 0.8, 3), ship.deck + 1)
    if rng.random() < 0.5:
        line = rectangle(ship.centre, ship.length * 0.85, 0.7, ship.heading)
        canvas.paint(line, vary_colour(rng, np.array([0.7, 0.7, 0.66], np.float32), 0.2))


def _heaps(
    canvas: Canvas, ship: ShipModel, area: tuple[float, float], load: Colour, rng: Rng
) -> None:
    """Draw cones of bulk cargo along a hold."""
    paint = np.asarray(load)
    count = int(rng.integers(1, 7))
    for part in (np.arange(count) - (count - 1) / 2) / count:
        for share in (0.9, 0.6, 0.3):
            spot = ship.at(part * area[0], 0)
            size = area[0] / count * share, area[1] * 0.85 * share
            heap = rectangle(spot, *size, ship.heading)
            canvas.fill(heap, paint * rng.uniform(0.95, 1.25), ship.deck + 1.4 * (1 - share))


def _bay(
    canvas: Canvas, ship: ShipModel, along: float, rows: int, paints: ContainerPaints, ident: int
) -> None:
    """Draw a hatch cover or an open hold across the ship, and the containers on it."""
    rng = paints.rng
    cover = rectangle(ship.at(along + 6.1, 0), 12.6, rows * 2.5, ship.heading)
    if rng.random() < 0.8:
        canvas.fill(cover, random_deck_paint(rng), ship.deck + 1.5)
        for side in (-1, 1):
            spot = ship.at(along + 6.1, side * rows * 0.62)
            canvas.paint(rectangle(spot, 12.2, rows * 1.2, ship.heading), random_deck_paint(rng))
    else:
        if rng.random() < 0.7:
            _cells(canvas, ship, along, rows, paints, ident)
            return
        canvas.fill(cover, [0.04, 0.04, 0.04], ship.deck - 6)
    if rng.random() >= ship.loaded:
        return
    most, short = int(np.clip(ship.length / 38, 1, 7)), rng.random() < 0.2
    block = ContainerBlock(
        bays=2 if short else 1,
        rows=rows,
        feet=20 if short else 40,
        gap_along=0.15,
        gap_across=0.05 if rng.random() < 0.7 else 0.15,
        tiers=int(rng.integers(1, most + 1)),
        ragged=rng.uniform(0, 0.8),
        fill=rng.uniform(0.7, 1),
        runs=rng.uniform(0, 0.6),
        max_tiers=most,
    )
    corner = ship.at(along, -block.size[1] / 2)
    draw_block(
        canvas, corner, ship.heading, block, paints, ContainerSupport(ship.deck + 1.5, True, ident)
    )


def _cells(
    canvas: Canvas, ship: ShipModel, along: float, rows: int, paints: ContainerPaints, ident: int
) -> None:
    """Draw an open hold with cell guides: containers at any depth, many cells empty."""
    rng = paints.rng
    levels, wide = int(rng.integers(2, 8)), rows * 2.5
    rust = vary_colour(rng, np.array([0.33, 0.2, 0.14], np.float32), 0.4) * rng.uniform(0.4, 1.6)
    hold = rectangle(ship.at(along + 6.1, 0), 12.6, wide, ship.heading)
    canvas.fill(hold, rust * rng.uniform(0.2, 0.8), ship.deck - 2.6 * levels)
    for end in (0.1, 12.1):
        rim = rectangle(ship.at(along + end, 0), rng.uniform(0.3, 1.0), wide + 1, ship.heading)
        canvas.fill(rim, rust, ship.deck + rng.uniform(0.2, 1.5))
    short = rng.random() < 0.4
    block = ContainerBlock(
        bays=2 if short else 1,
        rows=rows,
        feet=20 if short else 40,
        gap_along=0.1,
        gap_across=0.06,
        tiers=int(rng.integers(1, levels + 2)),
        ragged=rng.uniform(0.0, 2.0),
        fill=rng.uniform(0.15, 1.0),
        runs=rng.uniform(0, 0.6),
        max_tiers=levels + 2,
    )
    support = ContainerSupport(ship.deck - 2.6 * levels, True, ident)
    corner = ship.at(along, -block.size[1] / 2)
    draw_block(canvas, corner, ship.heading, block, paints, support)
    for row in np.arange(-rows / 2, rows / 2 + 0.1) if rng.random() < 0.4 else []:
        guide = rectangle(ship.at(along + 6.1, row * 2.5), 12.4, 0.12, ship.heading)
        canvas.paint(guide, rust)


DECKS: dict[str, Deck] = {
    "container": draw_container_ship_deck,
    "bulker": draw_bulk_carrier_deck,
    "tanker": draw_tanker_deck,
    "general": draw_general_cargo_deck,
    "roro": draw_roro_deck,
    "barge": draw_barge_deck,
    "hopper": draw_hopper_barge_deck,
    "tug": draw_small_craft_deck,
    "patrol": draw_small_craft_deck,
    "fishing": draw_fishing_boat_deck,
}
