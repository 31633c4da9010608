"""One day's cargo, ship, train and traffic on the ground of the port."""

from __future__ import annotations

import math

import numpy as np
from port_layout import EXPORT, FRAME, IMPORT, TRACKS, draw_port
from schedule import Box, PortState

from cv.rendering.canvas import WATER, Canvas, PlacedObject
from cv.rendering.materials import ContainerPaints
from cv.rendering.noise import noise_field
from cv.synthetic.clutter import draw_reach_stacker
from cv.synthetic.container_blocks import draw_container
from cv.synthetic.ships import ShipModel, draw_ship
from cv.synthetic.train_wagons import draw_wagons
from cv.synthetic.trucks import draw_truck

LENGTH, BEAM = 118.0, 18.5
"""Size of the ship, metres."""
_DECK = 4.5
"""Height of its deck above the quay, metres."""
_CLEAR = 2.2
"""Distance between hull and quay, metres."""
_HATCH = (0.40, 0.24, 0.19)
"""RGB reflectance of its hatch covers, 0..1."""
_WAGONS = 15


class Scenery:
    """Draws the port on a day: the ground is shared, everything else depends on seed and day."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._ground = draw_port()
        self._paints = _stocked(ContainerPaints(np.random.default_rng([seed, 3])))

    def draw(self, state: PortState) -> Canvas:
        """Return the canvas of a day."""
        canvas = self._ground.copy()
        self._tint_sea(canvas, state.number)
        for box in (*state.exported, *state.imported):
            self._draw_box(canvas, box)
        if state.day.train:
            train = ContainerPaints(np.random.default_rng([self.seed, 4]))
            loaded = 1.0 if state.day.train == "full" else 0.0
            draw_wagons(canvas, FRAME.at(-140, TRACKS[0]), FRAME.angle, _WAGONS, loaded, train)
        self._draw_traffic(canvas, state)
        if state.day.berth:
            self._draw_ship(canvas, state)
        return canvas

    def _draw_box(self, canvas: Canvas, box: Box) -> None:
        self._paints.rng = rng = np.random.default_rng([self.seed, 5, box.ident])
        turn = FRAME.angle + math.pi / 2 + rng.normal(0, 0.003)
        at = FRAME.at(box.slot.u, box.slot.v)
        draw_container(canvas, at, turn, box.slot.feet, self._paints, box.tiers, None, box.colour)

    def _draw_ship(self, canvas: Canvas, state: PortState) -> None:
        """Draw the ship with as many containers on deck as planned for the day."""
        if state.day.berth == IMPORT.name:
            u, v = IMPORT.outline.right + _CLEAR + BEAM / 2, 30.0
        else:
            u, v = EXPORT.outline.left - _CLEAR - BEAM / 2, 34.0
        heading = FRAME.angle + math.pi / 2
        ship = ShipModel(
            kind="container",
            length=LENGTH,
            beam=BEAM,
            centre=FRAME.at(u, v),
            heading=heading,
            deck=_DECK,
            loaded=1.0,
        )
        hull = draw_ship(canvas, ship, ContainerPaints(np.random.default_rng(15)))
        boxes = [item for item in canvas.placed if item.parent == hull.ident]
        order = np.random.default_rng(7).normal(0, 2, len(boxes))
        ranked = [boxes[i] for i in np.argsort(np.arange(len(boxes)) + order)]
        if state.day.berth == IMPORT.name:
            ranked.reverse()  # it brings other containers than it takes
        _bare(canvas, ranked[state.day.aboard :], hull)

    def _tint_sea(self, canvas: Canvas, number: int) -> None:
        """The day's colour and swell of the water."""
        rng = np.random.default_rng([self.seed, 8, number])
        wet = canvas.state == WATER
        swell = noise_field(rng, canvas.shape, 300, 5)[wet, None]
        tint = rng.uniform(0.85, 1.2) * rng.uniform(0.95, 1.05, 3)
        canvas.albedo[wet] *= (1 + np.float32(0.03) * swell) * tint.astype(np.float32)

    def _draw_traffic(self, canvas: Canvas, state: PortState) -> None:
        """A reach stacker and lorries, where there is room."""
        paints = ContainerPaints(np.random.default_rng([self.seed, 9, state.number]))
        rng = paints.rng
        lane = FRAME.angle + math.pi / 2
        draw_reach_stacker(canvas, FRAME.at(69.5, rng.uniform(-40, 100)), lane, rng)
        for u in (38.0, 94.5, -152.0):
            load = str(rng.choice(["40", "empty", "trailer", "flat"]))
            facing = lane + math.pi * rng.integers(2)
            if rng.random() < 0.6:
                draw_truck(canvas, FRAME.at(u, rng.uniform(-30, 75)), facing, load, paints)


def _stocked(paints: ContainerPaints) -> ContainerPaints:
    """Fill the bank of roof patterns, so that a roof depends on its seed alone."""
    for length in (6.06, 12.19):
        for _ in range(10):
            paints.roof(paints.colours[0], length)
    return paints


def _bare(canvas: Canvas, boxes: list[PlacedObject], hull: PlacedObject) -> None:
    """Remove containers from the deck, so that the hatch covers below are visible."""
    height = hull.height + 1.5
    taken = np.isin(canvas.ids, [box.ident for box in boxes])
    canvas.ids[taken] = 0
    canvas.relief[taken] = height
    corners = canvas.to_pixels(hull.corners).astype(int)
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    window = (slice(top, bottom), slice(left, right))
    cover = (np.abs(canvas.relief[window] - height) < 0.01) & (canvas.ids[window] == 0)
    canvas.albedo[window][cover] = _HATCH
