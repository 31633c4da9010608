"""Scenes of 768 m for the hull pass: basins, finger piers, rivers, roads, and ships in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cv.training import clutter, terrain
from cv.training.canvas import FREE, TAKEN, WATER, Canvas, Points, rectangle
from cv.training.cargo import FEET, WIDTH
from cv.training.materials import GROUNDS, Paints, Rng, vary
from cv.training.ships import Ship, draw_ship, draw_wake, random_ship
from cv.training.yard import Frame

_LAND = (
    "concrete",
    "worn asphalt",
    "asphalt",
    "gravel",
    "earth",
    "red earth",
    "sand",
    "dry grass",
    "grass",
    "snow",
    "bright concrete",
)


@dataclass(frozen=True)
class Edge:
    """A berth line; the water is on its right (y down)."""

    start: Points
    # x, y metres
    end: Points
    # x, y metres

    @property
    def length(self) -> float:
        """Metres."""
        return float(np.hypot(*(self.end - self.start)))

    @property
    def angle(self) -> float:
        """Direction from start to end, radians."""
        return float(np.arctan2(*(self.end - self.start)[::-1]))

    def at(self, along: float, out: float) -> Points:
        """Metres along the line and out over the water to canvas metres."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        step = np.array([cos * along - sin * out, sin * along + cos * out])
        return np.asarray(self.start + step)


def draw_scene(canvas: Canvas, rng: Rng, look_alikes: float = 1.0) -> None:
    """One random harbour, river, anchorage or inland place."""
    frame = Frame(np.array([canvas.width, canvas.height]) / 2, rng.uniform(0, 2 * np.pi))
    paints = Paints(rng)
    terrain.draw_ground(canvas, GROUNDS[str(rng.choice(_LAND))], rng)
    layouts = (_coast, _fingers, _river, _open_water, _inland)
    layout = layouts[int(rng.choice(5, p=[0.38, 0.26, 0.14, 0.14, 0.08]))]
    edges = layout(canvas, frame, rng)
    for edge in edges:
        if rng.random() < 0.7:
            terrain.draw_quay_edge(canvas, edge.start, edge.end, rng)
    _land_use(canvas, frame, rng, paints)
    for edge in edges:
        _berths(canvas, edge, paints)
    for _ in range(int(rng.choice([0, 0, 1, 3]))):
        _marina(canvas, edges, rng)
    for edge in edges:
        _waterside(canvas, edge, rng, paints)
    _afloat(canvas, frame, paints)
    for edge in edges:
        _quay_cranes(canvas, edge, rng)


def _coast(canvas: Canvas, frame: Frame, rng: Rng) -> list[Edge]:
    """A straight or cornered quay with open water before it, perhaps a basin in it."""
    far, line = 1500.0, rng.uniform(-250, 250)
    terrain.draw_water(canvas, _slab(frame, -far, far, line, far), rng)
    edges = [Edge(frame.at(-far, line), frame.at(far, line))]
    if rng.random() < 0.4:
        left, wide, deep = rng.uniform(-300, 150), rng.uniform(60, 250), rng.uniform(100, 500)
        _same_water(canvas, _slab(frame, left, left + wide, line - deep, line + 2), frame, line)
        edges = [
            Edge(frame.at(-far, line), frame.at(left, line)),
            Edge(frame.at(left, line), frame.at(left, line - deep)),
            Edge(frame.at(left, line - deep), frame.at(left + wide, line - deep)),
            Edge(frame.at(left + wide, line - deep), frame.at(left + wide, line)),
            Edge(frame.at(left + wide, line), frame.at(far, line)),
        ]
    for _ in range(int(rng.integers(0, 4))):
        _jetty(canvas, frame, line, rng)
    return edges


def _fingers(canvas: Canvas, frame: Frame, rng: Rng) -> list[Edge]:
    """Finger piers with basins between them."""
    far, line = 1500.0, rng.uniform(-300, 100)
    terrain.draw_water(canvas, _slab(frame, -far, far, line, far), rng)
    edges, left = [], rng.uniform(-420, -300)
    ground = GROUNDS[str(rng.choice(_LAND[:6]))]
    while left < 400:
        wide, out = rng.uniform(15, 160), rng.uniform(120, 600)
        pier = _slab(frame, left, left + wide, line - 3, line + out)
        terrain.draw_surface(canvas, pier, ground, rng)
        canvas.mark(pier, FREE)
        edges.append(Edge(frame.at(left + wide, line), frame.at(left + wide, line + out)))
        edges[-1] = Edge(edges[-1].end, edges[-1].start)
        edges.append(Edge(frame.at(left, line), frame.at(left, line + out)))
        gap = rng.uniform(70, 320)
        edges.append(Edge(frame.at(left + wide, line), frame.at(left + wide + gap, line)))
        left += wide + gap
    return edges


def _river(canvas: Canvas, frame: Frame, rng: Rng) -> list[Edge]:
    """A river with quays on both banks and at times a bridge."""
    far, wide, line = 1500.0, rng.uniform(70, 350), rng.uniform(-250, 100)
    terrain.draw_water(canvas, _slab(frame, -far, far, line, line + wide), rng)
    if rng.random() < 0.3:
        along = rng.uniform(-300, 300)
        deck = _slab(frame, along, along + rng.uniform(8, 25), line - 60, line + wide + 60)
        canvas.fill(deck, [0.5, 0.5, 0.49], 10.0)
    return [
        Edge(frame.at(-far, line), frame.at(far, line)),
        Edge(frame.at(far, line + wide), frame.at(-far, line + wide)),
    ]


def _open_water(canvas: Canvas, frame: Frame, rng: Rng) -> list[Edge]:
    """Sea, at times with a breakwater or an islet."""
    terrain.draw_water(canvas, _slab(frame, -1500, 1500, -1500, 1500), rng)
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        size = rng.uniform(60, 700), rng.uniform(4, 25)
        mole = rectangle(frame.at(*rng.uniform(-350, 350, 2)), *size, rng.uniform(0, np.pi))
        terrain.draw_surface(canvas, mole, GROUNDS["gravel"], rng)
        canvas.mark(mole, TAKEN)
    return []


def _inland(canvas: Canvas, frame: Frame, rng: Rng) -> list[Edge]:
    """No water at all."""
    return []


def _slab(frame: Frame, left: float, right: float, near: float, out: float) -> Points:
    corners = [(left, near), (right, near), (right, out), (left, out)]
    return np.array([frame.at(*corner) for corner in corners])


def _same_water(canvas: Canvas, basin: Points, frame: Frame, line: float) -> None:
    """Extend the water into a basin with the colour that it has outside."""
    wet = canvas.state == WATER
    if not wet.any():
        return
    colour = canvas.albedo[wet].mean(0)
    canvas.fill(basin, colour, -2.5)
    canvas.mark(basin, WATER)


def _jetty(canvas: Canvas, frame: Frame, line: float, rng: Rng) -> None:
    """A narrow jetty, a pontoon or a mooring dolphin line."""
    out, wide = rng.uniform(15, 220), rng.uniform(2, 14)
    along = rng.uniform(-380, 380)
    tone = rng.uniform(0.25, 0.75)
    pier = _slab(frame, along, along + wide, line - 1, line + out)
    canvas.fill(pier, [tone, tone, tone * 0.95], 0.3)
    if rng.random() < 0.5:
        head = rectangle(frame.at(along, line + out), rng.uniform(20, 120), wide, frame.angle)
        canvas.fill(head, [tone, tone, tone * 0.95], 0.3)


def _marina(canvas: Canvas, edges: list[Edge], rng: Rng) -> None:
    """Pontoons with boats too small to count, side by side."""
    if not edges:
        return
    edge = edges[int(rng.integers(len(edges)))]
    start = edge.at(rng.uniform(0.3, 0.7) * edge.length, 0)
    out = edge.angle + np.pi / 2
    tone = rng.uniform(0.4, 0.8)
    boat, reach = rng.uniform(5, 13), rng.uniform(30, 140)
    for row in range(int(rng.integers(1, 6))):
        root = start + np.array([np.cos(edge.angle), np.sin(edge.angle)]) * row * boat * 3.4
        along = np.array([np.cos(out), np.sin(out)])
        pier = rectangle(root + along * reach / 2, reach, 2.2, out)
        if not (canvas.states_in(pier) == WATER).all():
            continue
        canvas.fill(pier, [tone, tone, tone * 0.95], 0.3)
        for step in np.arange(4, reach, boat * 0.42):
            for side in (-1, 1):
                if rng.random() < 0.8:
                    spot = (
                        root + along * step + side * np.array([-along[1], along[0]]) * boat * 0.65
                    )
                    body = rectangle(spot, boat * rng.uniform(0.7, 1), boat * 0.3, edge.angle)
                    canvas.fill(body, vary(rng, np.full(3, 0.75, np.float32), 0.15), 1.0)


def _waterside(canvas: Canvas, edge: Edge, rng: Rng, paints: Paints) -> None:
    """What resembles hulls beside a quay: pontoons, jetties with pipes, boxes at the very edge."""
    for _ in range(int(rng.choice([0, 0, 1, 3, 5]))):
        along = rng.uniform(0.25, 0.75) * edge.length
        if rng.random() < 0.3:
            _box_field(canvas, edge.at(along, -rng.uniform(12, 30)), edge.angle, rng, paints)
            continue
        reach, wide = rng.uniform(20, 160), rng.uniform(2.5, 13)
        turn = edge.angle + (np.pi / 2 if rng.random() < 0.6 else 0.0)
        out = reach / 2 if turn != edge.angle else wide / 2 + rng.uniform(0, 40)
        centre = edge.at(along, out + 1)
        pier = rectangle(centre, reach, wide, turn)
        if not (canvas.states_in(pier) == WATER).all():
            continue
        tone = rng.uniform(0.2, 0.85) * rng.uniform(0.9, 1.1, 3)
        canvas.fill(pier, tone, rng.uniform(0.3, 2.0))
        for _ in range(int(rng.integers(0, 8))):
            step = rng.uniform(-0.45, 0.45) * reach
            spot = centre + step * np.array([np.cos(turn), np.sin(turn)])
            size = rng.uniform(1, 14), rng.uniform(0.5, wide)
            canvas.fill(rectangle(spot, size[0], size[1], turn), rng.uniform(0.1, 0.9, 3), 2.5)


def _land_use(canvas: Canvas, frame: Frame, rng: Rng, paints: Paints) -> None:
    for _ in range(int(rng.integers(0, 5))):
        spot, size = frame.at(*rng.uniform(-380, 380, 2)), rng.uniform(60, 350, 2)
        corners = rectangle(spot, size[0], size[1], frame.angle)
        if canvas.is_free(corners):
            terrain.draw_surface(canvas, corners, GROUNDS[str(rng.choice(_LAND))], rng)
    for _ in range(int(rng.choice([0, 0, 1, 3, 5]))):
        turn = frame.angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
        _road(canvas, frame.at(*rng.uniform(-380, 380, 2)), turn, rng)
    for _ in range(int(rng.choice([0, 0, 1, 3, 6]))):
        _quarter(canvas, frame.at(*rng.uniform(-380, 300, 2)), frame.angle, rng)
    for _ in range(int(rng.choice([0, 6, 15, 30]))):
        _box_field(canvas, frame.at(*rng.uniform(-400, 400, 2)), frame.angle, rng, paints)
    for _ in range(int(rng.integers(3, 70))):
        long = float(np.exp(rng.uniform(np.log(8), np.log(160))))
        corners = rectangle(
            frame.at(*rng.uniform(-400, 400, 2)),
            long,
            long * rng.uniform(0.15, 0.9),
            frame.angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.03),
        )
        if canvas.is_free(corners):
            terrain.draw_building(canvas, corners, rng)
    for _ in range(int(rng.integers(0, 8))):
        spot, radius = frame.at(*rng.uniform(-380, 380, 2)), rng.uniform(6, 35)
        if canvas.is_free(rectangle(spot, 2 * radius, 2 * radius, 0.0)):
            if rng.random() < 0.5:
                terrain.draw_storage_tank(canvas, spot, radius, rng)
            else:
                clutter.draw_mound(canvas, spot, radius * 0.6, rng)
    for _ in range(int(rng.integers(0, 8))):
        spot = frame.at(*rng.uniform(-380, 380, 2))
        if canvas.is_free(rectangle(spot, 50, 50, 0.0)):
            terrain.draw_trees(canvas, spot, rng.uniform(10, 25), rng, int(rng.integers(10, 80)))
    terrain.draw_marks(canvas, frame.angle, rng, 0)


def _road(canvas: Canvas, at: Points, angle: float, rng: Rng) -> None:
    """A road over land only, in pieces."""
    tone = rng.uniform(0.2, 0.6)
    wide = rng.uniform(5, 22)
    along = np.array([np.cos(angle), np.sin(angle)])
    for step in np.arange(-1100, 1100, 20.0):
        piece = rectangle(at + along * step, 20.5, wide, angle)
        if canvas.is_free(piece):
            canvas.paint(piece, [tone, tone, tone])


def _quarter(canvas: Canvas, corner: Points, angle: float, rng: Rng) -> None:
    """Streets of houses or rows of halls."""
    turn = angle + rng.normal(0, 0.3)
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    long, wide = rng.uniform(7, 40), rng.uniform(6, 20)
    streets = rng.uniform(1.2, 2.0)
    low, high = (3, 9) if rng.random() < 0.7 else (8, 30)
    for column in range(int(rng.integers(3, 14))):
        for row in range(int(rng.integers(3, 14))):
            spot = corner + along * column * long * streets + across * row * wide * streets
            shape = long * rng.uniform(0.6, 1.1), wide * rng.uniform(0.6, 1.1)
            body = rectangle(spot, *shape, turn + rng.normal(0, 0.03))
            if rng.random() < 0.85 and canvas.is_free(body):
                terrain.draw_building(canvas, body, rng, rng.uniform(low, high))


def _box_field(canvas: Canvas, corner: Points, angle: float, rng: Rng, paints: Paints) -> None:
    """A container block as a coloured raster, too small to label."""
    bays, rows = int(rng.integers(1, 14)), int(rng.integers(2, 10))
    long = FEET[40] + 0.5
    middle = corner + np.array([np.cos(angle), np.sin(angle)]) * bays * long / 2
    corners = rectangle(middle, bays * long, rows * (WIDTH + 0.15), angle)
    if not canvas.is_free(corners):
        return
    cells = np.stack([paints.pick() for _ in range(bays * rows)]).reshape(rows, bays, 3)
    texture = cells.repeat(4, 0).repeat(12, 1).astype(np.float32)
    texture[:, ::12] *= 0.4
    canvas.fill_texture(corners, texture, 2.6 * float(rng.integers(1, 6)))


def _berths(canvas: Canvas, edge: Edge, paints: Paints) -> None:
    """Ships along a quay, at times two or three side by side."""
    rng = paints.rng
    busy = rng.uniform(0.1, 0.95)
    middle = (edge.start + edge.end) / 2
    half = np.array([canvas.width, canvas.height]) / 2
    along = max(0.0, edge.length / 2 - float(np.hypot(*(middle - half))) - 700)
    stop = min(edge.length, along + 2400)
    along += rng.uniform(0, 60)
    while along < stop - 20:
        heading = edge.angle + np.pi * rng.integers(2) + rng.normal(0, 0.008)
        ship = random_ship(rng, edge.start, heading, edge.length * 0.95)
        out = rng.uniform(0.5, 5)
        if rng.random() < busy and along + ship.length < edge.length + 5:
            for _ in range(int(rng.choice([1, 2, 3], p=[0.78, 0.16, 0.06]))):
                shift = rng.normal(0, ship.length * 0.05)
                centre = edge.at(along + ship.length / 2 + shift, out + ship.beam / 2)
                _launch(canvas, replace(ship, centre=centre), paints)
                out += ship.beam + rng.uniform(0.3, 2.5)
                if rng.random() < 0.6:
                    twin = random_ship(rng, edge.start, heading, ship.length * 1.2)
                    ship = twin if twin.length > ship.length * 0.4 else ship
        along += ship.length + rng.uniform(4, 90)


def _launch(canvas: Canvas, ship: Ship, paints: Paints) -> bool:
    """Draw a ship if it lies on water alone and touches the picture."""
    corners = rectangle(ship.centre, ship.length, ship.beam, ship.heading)
    low, high = corners.min(0), corners.max(0)
    if (high < 0).any() or low[0] > canvas.width or low[1] > canvas.height:
        return False
    found = canvas.states_in(corners, 13)
    if not found.size or (found != WATER).mean() > 0.0:
        return False
    draw_ship(canvas, ship, paints)
    return True


def _afloat(canvas: Canvas, frame: Frame, paints: Paints) -> None:
    """Ships at anchor or under way, boats too small to count, buoys."""
    rng = paints.rng
    for _ in range(int(rng.integers(0, 9))):
        centre = rng.uniform([0, 0], [canvas.width, canvas.height])
        ship = random_ship(rng, centre, rng.uniform(0, 2 * np.pi))
        if _launch(canvas, ship, paints) and rng.random() < 0.35:
            draw_wake(canvas, ship, rng)
    for _ in range(int(rng.choice([0, 5, 20]))):
        centre = rng.uniform([0, 0], [canvas.width, canvas.height])
        boat = rectangle(centre, rng.uniform(3, 10), rng.uniform(1.5, 3), rng.uniform(0, 6.3))
        if (canvas.states_in(boat) == WATER).all():
            canvas.fill(boat, rng.uniform(0.3, 0.9, 3), 0.5)


def _quay_cranes(canvas: Canvas, edge: Edge, rng: Rng) -> None:
    if edge.length < 80 or rng.random() < 0.5:
        return
    for _ in range(int(rng.integers(1, 8))):
        spot = edge.at(rng.uniform(0.2, 0.8) * edge.length, -rng.uniform(8, 16))
        if (spot > 0).all() and spot[0] < canvas.width and spot[1] < canvas.height:
            clutter.draw_quay_crane(canvas, spot, edge.angle + np.pi / 2, rng)
