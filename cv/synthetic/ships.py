"""Hulls from 12 to 400 m with what stands on their decks, and the wakes behind them."""

from __future__ import annotations

import cv2
import numpy as np

from cv.rendering.canvas import TAKEN, Canvas, PlacedObject, rectangle
from cv.rendering.materials import ContainerPaints, Rng, vary_colour
from cv.rendering.noise import noise_field
from cv.synthetic.ship_decks import DECKS
from cv.synthetic.ship_types import ShipModel, deck_outline, make_ship, random_ship
from cv.synthetic.superstructure import draw_deck_clutter, draw_masts, random_deck_paint

__all__ = ["ShipModel", "draw_ship", "draw_wake", "make_ship", "random_ship"]


def draw_ship(canvas: Canvas, ship: ShipModel, paints: ContainerPaints) -> PlacedObject:
    """Draw a hull and its deck; containers aboard get the hull's ident as parent."""
    rng = paints.rng
    plating = random_deck_paint(rng)
    ident = canvas.next_ident()
    outline = deck_outline(ship, rng)
    canvas.fill(outline, plating, ship.deck, ident)
    canvas.mark(outline, TAKEN)
    draw_deck_clutter(canvas, outline, rng)
    inner = (outline - ship.centre) * np.array([0.985, 0.985]) + ship.centre
    if rng.random() < 0.6:
        canvas.paint(outline, vary_colour(rng, plating, 0.2) * 0.7)
        canvas.paint(inner, plating)
    corners = rectangle(ship.centre, ship.length, ship.beam, ship.heading)
    hull = PlacedObject(ident=ident, class_name="hull", corners=corners, height=ship.deck)
    canvas.placed.append(hull)
    DECKS[ship.kind](canvas, ship, paints, ident)
    if rng.random() < 0.5 and ship.length > 60:
        draw_masts(canvas, ship, rng)
    return hull


def draw_wake(canvas: Canvas, ship: ShipModel, rng: Rng) -> None:
    """Draw foam behind a moving ship."""
    reach = ship.length * rng.uniform(0.8, 3.0)
    shape = 60, 240
    foam = noise_field(rng, shape, 20, 2) * 0.5 + 0.6
    fade = np.linspace(0.0, 1.0, shape[1], dtype=np.float32) ** 2
    across = np.abs(np.linspace(-1, 1, shape[0], dtype=np.float32))[:, None]
    foam = np.clip(foam * fade * (1 - across), 0, 1)
    centre = ship.at(-ship.length / 2 - reach / 2, 0)
    corners = rectangle(centre, reach, ship.beam * rng.uniform(1.2, 2.5), ship.heading)
    target = canvas.to_pixels(corners)[[0, 1, 3]].astype(np.float32)
    source = np.array([[0, 0], [shape[1], 0], [0, shape[0]]], np.float32)
    turn = cv2.getAffineTransform(source, target)
    layer = cv2.warpAffine(foam, turn, canvas.shape[::-1])[..., None]
    canvas.albedo *= 1 - layer
    canvas.albedo += np.float32(0.85) * layer
