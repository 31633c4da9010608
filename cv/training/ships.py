"""Hulls from 12 to 400 m with what stands on their decks, and the wakes behind them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cv.training.canvas import TAKEN, Canvas, Floats, Placed, Points, rectangle
from cv.training.cargo import FEET, WIDTH, Berth, Block, draw_block
from cv.training.materials import PAINTS, Paints, Rng, vary
from cv.training.noise import noise_field

KINDS = ("container", "bulker", "tanker", "general", "roro", "barge", "tug", "patrol")
_LONGEST = {"barge": 110.0, "tug": 45.0, "patrol": 150.0, "roro": 230.0, "general": 180.0}
_SHORTEST = {"container": 85.0, "bulker": 75.0, "tanker": 50.0, "roro": 60.0}


@dataclass(frozen=True)
class Ship:
    """A ship afloat."""

    kind: str
    # one of KINDS
    length: float
    # over all, metres
    beam: float
    # metres
    centre: Points
    # x, y metres
    heading: float
    # direction of the bow, radians from +x towards +y
    deck: float
    # deck above the quay, metres
    loaded: float = 0.7
    # share of deck slots that carry boxes, 0..1

    def at(self, along: float, across: float) -> Points:
        """Metres along (towards the bow) and across (to starboard) to canvas metres."""
        cos, sin = np.cos(self.heading), np.sin(self.heading)
        step = np.array([cos * along - sin * across, sin * along + cos * across])
        return np.asarray(self.centre + step)


def random_ship(rng: Rng, centre: Points, heading: float, longest: float = 400.0) -> Ship:
    """A ship of plausible kind and proportions no longer than longest (metres)."""
    usual = 35.0 if rng.random() < 0.3 else 105.0
    length = float(np.clip(np.exp(rng.normal(np.log(usual), 0.6)), 18, min(400.0, longest)))
    fitting = [
        kind for kind in KINDS if _SHORTEST.get(kind, 10.0) <= length <= _LONGEST.get(kind, 400.0)
    ]
    kind = str(rng.choice(fitting)) if fitting else "general"
    if length > 90 and rng.random() < 0.35:
        kind = "container"
    slim = {"barge": (3.2, 6.5), "tug": (2.6, 3.6), "patrol": (6.0, 9.5)}.get(kind, (5.2, 7.6))
    beam = length / rng.uniform(*slim)
    deck = float(np.clip(rng.normal(2 + length / 40, 2), 0.3, 12))
    if kind in ("barge", "tug"):
        deck = rng.uniform(-1.0, 1.5)
    return Ship(kind, length, beam, np.asarray(centre), heading, deck, rng.uniform(0, 1.0))


def draw_ship(canvas: Canvas, ship: Ship, paints: Paints) -> Placed:
    """The hull and its deck; boxes aboard carry the hull's ident."""
    rng = paints.rng
    deck_paint = _deck_paint(rng)
    ident = canvas.next_ident()
    outline = _outline(ship, rng)
    canvas.fill(outline, deck_paint, ship.deck, ident)
    canvas.mark(outline, TAKEN)
    _texture_deck(canvas, outline, rng)
    inner = (outline - ship.centre) * np.array([0.985, 0.985]) + ship.centre
    if rng.random() < 0.6:
        canvas.paint(outline, vary(rng, deck_paint, 0.2) * 0.7)
        canvas.paint(inner, deck_paint)
    corners = rectangle(ship.centre, ship.length, ship.beam, ship.heading)
    hull = Placed(ident, "hull", corners, ship.deck)
    canvas.placed.append(hull)
    _DECKS[ship.kind](canvas, ship, paints, ident)
    if rng.random() < 0.5 and ship.length > 60:
        _masts(canvas, ship, rng)
    return hull


def draw_wake(canvas: Canvas, ship: Ship, rng: Rng) -> None:
    """Foam behind a moving ship."""
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
    canvas.albedo[:] = canvas.albedo * (1 - layer) + np.float32(0.85) * layer


def _deck_paint(rng: Rng) -> Floats:
    decks = (
        np.array(
            [
                [110, 50, 42],
                [130, 62, 48],
                [60, 90, 70],
                [70, 110, 90],
                [95, 95, 92],
                [140, 140, 135],
                [60, 70, 90],
                [165, 165, 160],
                [60, 60, 62],
                [90, 110, 150],
                [190, 190, 185],
            ],
            np.float32,
        )
        / 255
    )
    return vary(rng, decks[int(rng.integers(len(decks)))], 0.15)


def _outline(ship: Ship, rng: Rng) -> Points:
    """Convex outline of the deck (n, 2 metres)."""
    half_l, half_b = ship.length / 2, ship.beam / 2
    if ship.kind == "barge":
        cut = rng.uniform(0.0, 0.06) * ship.length
        spots = [(-half_l, -1), (half_l - cut, -1), (half_l, -0.7)]
    else:
        start = rng.uniform(0.55, 0.85)
        blunt = rng.uniform(0.55, 0.8)
        tail = rng.uniform(0.6, 1.0)
        spots = [
            (-half_l, -tail * 0.85),
            (-half_l * 0.92, -1),
            (half_l * start, -1),
            (half_l * (start + 1) / 2, -blunt),
            (half_l * 0.985, -0.2),
        ]
        if ship.kind == "patrol":
            spots = [(-half_l, -0.75), (half_l * 0.1, -1), (half_l * 0.6, -0.6), (half_l, -0.03)]
    port = [ship.at(along, side * half_b) for along, side in spots]
    starboard = [ship.at(along, -side * half_b) for along, side in reversed(spots)]
    return np.array(port + starboard)


def _texture_deck(canvas: Canvas, outline: Points, rng: Rng) -> None:
    centre = outline.mean(0)
    for _ in range(int(rng.integers(0, 10))):
        spot = centre + (outline[int(rng.integers(len(outline)))] - centre) * rng.uniform(0, 0.8)
        canvas.paint(
            rectangle(spot, rng.uniform(1, 6), rng.uniform(0.5, 3), rng.uniform(0, 3)),
            _deck_paint(rng),
        )


def _house(canvas: Canvas, ship: Ship, along: float, long: float, rng: Rng) -> None:
    """Deckhouse with bridge wings and a funnel."""
    white = vary(rng, np.array([0.82, 0.82, 0.80], np.float32), 0.08)
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


def _house_place(ship: Ship, rng: Rng) -> tuple[float, float, float, float]:
    """Centre and length of the house, then start and end of the cargo deck, along the ship."""
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


def _deck_container(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    house, long, start, end = _house_place(ship, rng)
    along = start + 1.0
    rows = max(1, int(ship.beam * 0.94 / (WIDTH + 0.06)))
    most = int(np.clip(ship.length / 38, 1, 7))
    cranes = rng.random() < 0.4 and ship.length < 230
    bay = 0
    while along + 12.5 < end:
        taper = 1.0 if along < ship.length * 0.26 else 0.72
        count = max(1, int(rows * taper))
        feet = 20 if rng.random() < 0.2 else 40
        berth = Berth(ship.deck + 1.5, True, ident)
        cover = rectangle(ship.at(along + 6.1, 0), 12.6, count * 2.5, ship.heading)
        if rng.random() < 0.8:
            canvas.fill(cover, _deck_paint(rng), ship.deck + 1.5)
            for side in (-1, 1):
                panel = rectangle(
                    ship.at(along + 6.1, side * count * 0.62), 12.2, count * 1.2, ship.heading
                )
                canvas.paint(panel, _deck_paint(rng))
        else:
            canvas.fill(cover, [0.04, 0.04, 0.04], ship.deck - 6)
        if rng.random() < ship.loaded:
            gap = 0.05 if rng.random() < 0.7 else 0.15
            block = Block(
                2 if feet == 20 else 1,
                count,
                feet,
                0.15,
                gap,
                int(rng.integers(1, most + 1)),
                rng.uniform(0, 0.8),
                rng.uniform(0.7, 1),
                rng.uniform(0, 0.6),
                0.15,
                most,
            )
            corner = ship.at(along, -block.size[1] / 2)
            draw_block(canvas, corner, ship.heading, block, paints, berth)
        along += FEET[40] + rng.uniform(0.8, 2.2)
        bay += 1
        if cranes and bay % 3 == 0:
            _deck_crane(canvas, ship, along + 1, rng)
            along += 3.5
    _house(canvas, ship, house, long, rng)


def _deck_bulker(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    house, long, start, end = _house_place(ship, rng)
    holds = int(np.clip(ship.length / rng.uniform(18, 32), 1, 9))
    step = (end - start) / holds
    paint = _deck_paint(rng)
    opened = rng.random() < 0.4
    wide = ship.beam * rng.uniform(0.45, 0.8)
    for hold in range(holds):
        centre = ship.at(start + (hold + 0.5) * step, 0)
        hatch = rectangle(centre, step * 0.72, wide, ship.heading)
        if opened and rng.random() < 0.6:
            fill = vary(rng, np.array([0.18, 0.15, 0.12], np.float32), 0.5)
            canvas.fill(hatch, fill, ship.deck - rng.uniform(1, 8))
        else:
            canvas.fill(hatch, vary(rng, paint, 0.05), ship.deck + 1.8)
            for part in range(1, int(rng.integers(1, 5))):
                line = ship.at(start + (hold + 0.14 + 0.72 * part / 5) * step, 0)
                canvas.paint(rectangle(line, 0.3, wide, ship.heading), paint * 0.6)
        if rng.random() < 0.35 and ship.length > 90:
            _deck_crane(canvas, ship, start + (hold + 1) * step, rng)
    _house(canvas, ship, house, long, rng)


def _deck_tanker(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    house, long, start, end = _house_place(ship, rng)
    pipe = vary(rng, np.array([0.5, 0.45, 0.4], np.float32), 0.3)
    for offset in (-0.12, 0.0, 0.1):
        strip = rectangle(
            ship.at((start + end) / 2, offset * ship.beam), end - start, 0.9, ship.heading
        )
        canvas.fill(strip, vary(rng, pipe, 0.2), ship.deck + 1.2)
    for along in np.arange(start, end, max(8.0, ship.length / 14)):
        bar = rectangle(ship.at(along, 0), 0.8, ship.beam * 0.8, ship.heading)
        canvas.paint(bar, pipe * 0.8)
    manifold = rectangle(ship.at((start + end) / 2, 0), 6, ship.beam * 0.85, ship.heading)
    canvas.fill(manifold, pipe * 1.1, ship.deck + 1.5)
    _house(canvas, ship, house, long, rng)


def _deck_general(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    house, long, start, end = _house_place(ship, rng)
    hatch = rectangle(
        ship.at((start + end) / 2, 0), (end - start) * 0.86, ship.beam * 0.7, ship.heading
    )
    state = rng.random()
    if state < 0.4:
        dark = vary(rng, np.array([0.10, 0.09, 0.08], np.float32), 0.4)
        canvas.fill(hatch, dark, ship.deck - 4)
    else:
        canvas.fill(hatch, _deck_paint(rng), ship.deck + 1.2)
        if state > 0.75 and end - start > 26:
            rows = max(1, int(ship.beam * 0.68 / 2.52))
            block = Block(
                int((end - start) * 0.8 / 12.5),
                rows,
                40,
                0.3,
                0.06,
                1,
                0.4,
                rng.uniform(0.3, 1),
                0.3,
                0.3,
                2,
            )
            if block.bays:
                corner = ship.at((start + end - block.size[0]) / 2, -block.size[1] / 2)
                berth = Berth(ship.deck + 1.2, True, ident)
                draw_block(canvas, corner, ship.heading, block, paints, berth)
    _house(canvas, ship, house, long, rng)


def _deck_roro(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    white = vary(rng, np.array([0.75, 0.76, 0.75], np.float32), 0.1)
    top = rectangle(
        ship.at(-ship.length * 0.04, 0), ship.length * 0.84, ship.beam * 0.96, ship.heading
    )
    canvas.fill(top, white, ship.deck + 8)
    for along in np.arange(-0.4, 0.35, 0.06) * ship.length:
        spot = ship.at(along, rng.uniform(-0.35, 0.35) * ship.beam)
        canvas.fill(
            rectangle(spot, 3, 2, ship.heading), white * rng.uniform(0.5, 1.1), ship.deck + 9
        )
    _house(canvas, ship, ship.length * 0.33, ship.length * 0.07, rng)


def _deck_barge(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    kind = rng.random()
    area = ship.length * 0.86, ship.beam * 0.82
    if kind < 0.5:
        fill = vary(rng, np.array([0.25, 0.2, 0.16], np.float32), 0.5)
        canvas.fill(rectangle(ship.centre, *area, ship.heading), fill, ship.deck - 1.5)
        for part in np.linspace(-0.4, 0.4, 4):
            if rng.random() < 0.5:
                bar = rectangle(ship.at(part * area[0], 0), 1.0, area[1], ship.heading)
                canvas.fill(bar, _deck_paint(rng), ship.deck)
    elif kind < 0.8 and ship.length > 30:
        rows = max(1, int(area[1] / 2.52))
        block = Block(
            max(1, int(area[0] / 12.6)),
            rows,
            40,
            0.3,
            0.06,
            int(rng.integers(1, 4)),
            0.5,
            rng.uniform(0.3, 1),
            0.3,
            0.2,
            4,
        )
        corner = ship.at(-block.size[0] / 2, -block.size[1] / 2)
        draw_block(canvas, corner, ship.heading, block, paints, Berth(ship.deck, True, ident))


def _deck_small(canvas: Canvas, ship: Ship, paints: Paints, ident: int) -> None:
    rng = paints.rng
    _house(canvas, ship, ship.length * rng.uniform(-0.1, 0.15), ship.length * 0.25, rng)


def _deck_crane(canvas: Canvas, ship: Ship, along: float, rng: Rng) -> None:
    paint = vary(
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
    canvas.hang(rectangle(middle, reach, 1.1, turn), paint, ship.deck + 15)


def _masts(canvas: Canvas, ship: Ship, rng: Rng) -> None:
    spot = ship.at(ship.length * 0.44, 0)
    canvas.fill(rectangle(spot, 1.2, 1.2, ship.heading), [0.7, 0.7, 0.68], ship.deck + 9)


_DECKS = {
    "container": _deck_container,
    "bulker": _deck_bulker,
    "tanker": _deck_tanker,
    "general": _deck_general,
    "roro": _deck_roro,
    "barge": _deck_barge,
    "tug": _deck_small,
    "patrol": _deck_small,
}
