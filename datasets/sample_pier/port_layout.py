"""The sample port: where its piers lie, and the ground that is the same on every day.

Places are in u (along the coast) and v (out to sea) metres of FRAME, a frame turned against the
picture; `FRAME.at` takes them to metres of the picture from its top-left corner (x right, y down).
The port is fictitious: its coordinates lie in open water.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cv.rendering.canvas import FREE, WATER, Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, Rng
from cv.synthetic import terrain
from cv.synthetic.clutter import draw_car, draw_light_mast, draw_quay_crane
from cv.synthetic.terminal_scene import LocalFrame

EPSG = 32652
"""UTM zone 52 N."""
ORIGIN = (632000.0, 4662000.0)
"""Easting, northing of the picture's top-left corner, metres."""
SIZE = (640.0, 400.0)
"""Width and height of the picture, metres."""
GSD = 0.5
"""Metres a pixel."""
SHAPE = (round(SIZE[1] / GSD), round(SIZE[0] / GSD))
"""Rows and columns of a scene."""
FRAME = LocalFrame(np.array(SIZE) / 2, math.radians(7.0))
SHORE = -60.0
"""v of the shoreline, metres."""
_CANVAS_M = 0.25
"""Resolution of the canvas, metres a pixel."""
_SEA = (0.11, 0.19, 0.20)
"""RGB reflectance of the water, 0..1."""


@dataclass(frozen=True)
class Span:
    """A rectangle of the frame."""

    left: float
    """Smallest u, metres."""
    right: float
    """Largest u, metres."""
    near: float
    """Smallest v, metres."""
    far: float
    """Largest v, metres."""

    @property
    def corners(self) -> Points:
        """(4, 2) x, y metres of the picture."""
        spots = [(self.left, self.near), (self.right, self.near)]
        spots += [(self.right, self.far), (self.left, self.far)]
        return np.array([FRAME.at(*spot) for spot in spots])


@dataclass(frozen=True)
class Quay:
    """A pier of the port."""

    name: str
    role: str
    """As in cv.site.PierRole."""
    aliases: tuple[str, ...]
    outline: Span
    """Where containers stand."""
    berth: Span | None
    """Where ships lie."""


IMPORT = Quay(
    "Import pier", "import", ("Pier 1",), Span(-205, -145, -60, 115), Span(-144.5, -109, -55, 113)
)
EXPORT = Quay(
    "Export pier", "export", ("Pier 2",), Span(30, 100, -60, 120), Span(-6, 29.5, -55, 118)
)
RAIL = Quay("Rail siding", "rail", (), Span(-150, 235, -98, -80), None)
QUAYS = (IMPORT, EXPORT, RAIL)
"""All piers, in the order of the site file."""
TRACKS = (-86.0, -92.5)
"""v of the tracks, metres."""


def new_canvas() -> Canvas:
    """Return an empty canvas of the picture's size."""
    return Canvas(*SIZE, resolution=_CANVAS_M, margin=10.0)


def draw_port() -> Canvas:
    """The port without cargo, ships and weather; the same for every seed of the sample."""
    rng = np.random.default_rng(4)
    canvas = new_canvas()
    _draw_land(canvas, rng)
    _draw_sea(canvas, rng)
    for start, end in _edges():
        terrain.draw_quay_edge(canvas, FRAME.at(*start), FRAME.at(*end), rng)
    for v in TRACKS:
        terrain.draw_rails(canvas, FRAME.at(0, v), FRAME.angle, rng)
    _draw_buildings(canvas, rng)
    _draw_objects(canvas, rng)
    return canvas


def _draw_land(canvas: Canvas, rng: Rng) -> None:
    """Ground, a road, the town's earth; the piers' own surfaces and marks."""
    terrain.draw_ground(canvas, GROUND_MATERIALS["worn asphalt"], rng)
    terrain.draw_surface(
        canvas, Span(-420, 420, -330, -118).corners, GROUND_MATERIALS["earth"], rng
    )
    terrain.draw_surface(
        canvas, Span(-420, 420, -115, -104).corners, GROUND_MATERIALS["asphalt"], rng
    )
    for quay in (IMPORT, EXPORT):
        terrain.draw_surface(canvas, quay.outline.corners, GROUND_MATERIALS["concrete"], rng)
    terrain.draw_surface(canvas, Span(-420, 420, -97, -81).corners, GROUND_MATERIALS["gravel"], rng)
    for u in np.arange(-330.0, 330.0, 9.0):
        dash = rectangle(FRAME.at(u, -109.5), 3.5, 0.3, FRAME.angle)
        canvas.paint(dash, (0.75, 0.75, 0.72))
    terrain.draw_ground_markings(canvas, FRAME.angle, rng, 60)


def _draw_sea(canvas: Canvas, rng: Rng) -> None:
    """Water beyond the shoreline, except where the finger piers are."""
    land = canvas.albedo.copy()
    found = terrain.draw_water(canvas, Span(-700, 700, SHORE, 700).corners, rng)
    wet = canvas.state == WATER
    canvas.albedo[wet] *= np.array(_SEA, np.float32) / found
    for quay in (IMPORT, EXPORT):
        canvas.mark(quay.outline.corners, FREE)
    dry = wet & (canvas.state == FREE)
    canvas.albedo[dry] = land[dry]
    canvas.relief[dry] = 0.0


def _edges() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Quay lines from u, v to u, v with the land on their left: coast and finger piers."""
    edges, u = [], -420.0
    for pier in (IMPORT.outline, EXPORT.outline):
        edges += [
            ((u, SHORE), (pier.left, SHORE)),
            ((pier.left, SHORE), (pier.left, pier.far)),
            ((pier.left, pier.far), (pier.right, pier.far)),
            ((pier.right, pier.far), (pier.right, SHORE)),
        ]
        u = pier.right
    return [*edges, ((u, SHORE), (420.0, SHORE))]


def _draw_buildings(canvas: Canvas, rng: Rng) -> None:
    """A transit shed on the import pier, warehouses behind the road, houses beyond."""
    spans = [(Span(-202, -184, -40, 60), 8.0)]
    spans += [(Span(u, u + 62, -146, -124), 7.5) for u in (-230.0, -150.0, 70.0, 150.0)]
    for span, height in spans:
        terrain.draw_building(canvas, span.corners, rng, height)
    for u in np.arange(-330.0, 330.0, 27.0):
        for v in (-165.0, -185.0, -205.0):
            size = rng.uniform(9, 20), rng.uniform(7, 11)
            house = rectangle(FRAME.at(u + rng.uniform(-4, 4), v), *size, FRAME.angle)
            if rng.random() < 0.75 and canvas.is_free(house):
                terrain.draw_building(canvas, house, rng, float(rng.uniform(4, 8)))


def _draw_objects(canvas: Canvas, rng: Rng) -> None:
    """Trees, tanks, parked cars, lamps and a crane on each pier."""
    for u, v in ((-70.0, -140.0), (-20.0, -150.0), (30.0, -135.0), (240.0, -140.0)):
        terrain.draw_trees(canvas, FRAME.at(u, v), 8.0, rng, 24)
    for u in (262.0, 286.0):
        terrain.draw_storage_tank(canvas, FRAME.at(u, -80.0), 9.0, rng)
    for u in np.arange(120.0, 200.0, 2.9):
        if rng.random() < 0.6:
            draw_car(canvas, FRAME.at(u, -70.0), FRAME.angle + math.pi / 2, rng)
    for u, v in ((66.0, -54.0), (66.0, 116.0), (-158.0, 111.0), (-60.0, -66.0)):
        draw_light_mast(canvas, FRAME.at(u, v), rng)
    draw_quay_crane(canvas, FRAME.at(-155.0, 100.0), FRAME.angle, rng)
    draw_quay_crane(canvas, FRAME.at(40.0, 104.0), FRAME.angle + math.pi, rng)
