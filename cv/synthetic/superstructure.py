"""What most ships have on deck: paint, deckhouse, cranes, masts."""

from __future__ import annotations

import numpy as np

from cv.geometry.arrays import Float32Array
from cv.rendering.canvas import Canvas, Points, rectangle
from cv.rendering.materials import PAINTS, Rng, vary_colour
from cv.synthetic.ship_types import ShipModel

_DECKS = np.array(
    [[110, 50, 42], [130, 62, 48], [60, 90, 70], [70, 110, 90], [95, 95, 92], [140, 140, 135],
     [60, 70, 90], [165, 165, 160], [60, 60, 62], [90, 110, 150], [190, 190, 185], [38, 34, 32],
     [30, 44, 48]], np.float32
) / 255  # fmt: skip


def random_deck_paint(rng: Rng) -> Float32Array:
    """Return the paint of a deck, RGB 0..1: red oxide, green, grey, blue, seldom white or black."""
    return vary_colour(rng, _DECKS[int(rng.integers(len(_DECKS)))], 0.15)


def draw_deck_clutter(canvas: Canvas, outline: Points, rng: Rng) -> None:
    """Draw patches of other paint and gear about a deck's outline (n, 2 metres)."""
    centre = outline.mean(0)
    for _ in range(int(rng.integers(0, 10))):
        spot = centre + (outline[int(rng.integers(len(outline)))] - centre) * rng.uniform(0, 0.8)
        canvas.paint(
            rectangle(spot, rng.uniform(1, 6), rng.uniform(0.5, 3), rng.uniform(0, 3)),
            random_deck_paint(rng),
        )


def draw_house(canvas: Canvas, ship: ShipModel, along: float, long: float, rng: Rng) -> None:
    """Draw a deckhouse with bridge wings and a funnel."""
    white = vary_colour(rng, np.array([0.82, 0.82, 0.80], np.float32), 0.08)
    tall = ship.deck + float(np.clip(ship.length * rng.uniform(0.05, 0.12), 3, 28))
    wide = ship.beam * rng.uniform(0.7, 0.95)
    canvas.fill(rectangle(ship.at(along, 0), long, wide, ship.heading), white, tall - 2.5)
    inner = rectangle(ship.at(along + long * 0.15, 0), long * 0.6, wide * 0.75, ship.heading)
    canvas.fill(inner, white * rng.uniform(0.6, 1.1), tall)
    wing = rectangle(ship.at(along + long * 0.35, 0), 2.0, ship.beam * 1.0, ship.heading)
    canvas.fill(wing, white, tall - 1)
    paint = PAINTS[int(rng.integers(len(PAINTS)))]
    funnel = rectangle(ship.at(along - long * 0.45, 0), long * 0.3, ship.beam * 0.2, ship.heading)
    canvas.fill(funnel, paint, tall + 2)


def house_position(ship: ShipModel, rng: Rng) -> tuple[float, float, float, float]:
    """Return centre and length of the deckhouse, then start and end of the cargo deck, metres."""
    long = max(5.0, ship.length * rng.uniform(0.06, 0.12))
    half = ship.length / 2
    spot = rng.random()
    if spot < 0.7:
        centre = -half + long * rng.uniform(0.7, 1.1)
        return centre, long, centre + long * 0.6, half * 0.80
    if spot < 0.85 and ship.length > 200:
        centre = -half * 0.3
        return centre, long, centre + long * 0.6, half * 0.82
    centre = half * 0.78 - long / 2
    return centre, long, -half * 0.94, centre - long * 0.6


def draw_deck_crane(canvas: Canvas, ship: ShipModel, along: float, rng: Rng) -> None:
    """Draw a pedestal and a jib that hangs over the hatches."""
    paint = vary_colour(
        rng,
        np.array([[0.8, 0.7, 0.3], [0.8, 0.8, 0.78], [0.6, 0.3, 0.2]])[int(rng.integers(3))].astype(
            np.float32
        ),
        0.15,
    )
    side = rng.choice([-0.35, 0.0, 0.35]) * ship.beam
    canvas.fill(rectangle(ship.at(along, side), 3, 3, ship.heading), paint, ship.deck + 14)
    reach = rng.uniform(14, 28)
    turn = ship.heading + rng.normal(0, 0.25)
    middle = ship.at(along, side) + np.array([np.cos(turn), np.sin(turn)]) * reach / 2
    canvas.add_overhead(rectangle(middle, reach, 1.1, turn), paint, ship.deck + 15)


def draw_masts(canvas: Canvas, ship: ShipModel, rng: Rng) -> None:
    """Draw a foremast with its shadow."""
    spot = ship.at(ship.length * 0.44, 0)
    canvas.fill(rectangle(spot, 1.2, 1.2, ship.heading), [0.7, 0.7, 0.68], ship.deck + 9)
