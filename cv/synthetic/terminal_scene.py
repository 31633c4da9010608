"""Scenes of up to 192 m: yards, quays, gates, rail terminals, and places without containers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import FREE, Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, Rng
from cv.synthetic import (
    clutter,
    container_blocks,
    hard_negatives,
    irregular_stacks,
    terrain,
    train_wagons,
    trucks,
)
from cv.synthetic.container_blocks import ContainerBlock
from cv.synthetic.ships import draw_ship, make_ship, random_ship

_PAVED = ("concrete", "bright concrete", "asphalt", "worn asphalt", "dark asphalt", "gravel")
_ANY = (*_PAVED, "earth", "red earth", "sand", "brick", "snow")


@dataclass(frozen=True)
class LocalFrame:
    """A rotated coordinate system with its origin in the middle of the canvas."""

    centre: Points
    """X, y metres."""
    angle: float
    """Direction of the u axis, radians."""

    def at(self, along: float, across: float) -> Points:
        """Return the canvas position (metres) of u = `along`, v = `across` (metres)."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        step = np.array([cos * along - sin * across, sin * along + cos * across])
        return np.asarray(self.centre + step)


def draw_random_place(
    canvas: Canvas, rng: Rng, look_alikes: float = 1.0, bare: float = 0.0
) -> None:
    """Draw a random place.

    `look_alikes` is the amount of hard negatives, 1 for the default; `bare` is the chance that the
    place has no container, whatever would be drawn otherwise.
    """
    frame = LocalFrame(np.array([canvas.width, canvas.height]) / 2, rng.uniform(0, 2 * np.pi))
    paints = ContainerPaints(rng)
    kinds = (_lanes, _scattered, _irregular_yard, _quay, _gate, _rail, _empty, _few, _depot)
    kind = kinds[int(rng.choice(9, p=[0.18, 0.10, 0.13, 0.16, 0.17, 0.06, 0.07, 0.07, 0.06]))]
    if bare and rng.random() < bare:
        kind = _depot if rng.random() < 0.5 else _empty
    names = _PAVED if kind in (_lanes, _quay, _gate) and rng.random() < 0.8 else _ANY
    terrain.draw_ground(canvas, GROUND_MATERIALS[str(rng.choice(names))], rng)
    _surroundings(canvas, frame, rng)
    terrain.draw_ground_markings(canvas, frame.angle, rng, int(rng.integers(0, 60)))
    kind(canvas, frame, paints)
    _look_alikes(canvas, frame, rng, look_alikes)
    _decorate(canvas, frame, rng, paints)


def draw_yard(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw one yard, gate, rail terminal or depot about 200 m across where the ground is free."""
    kinds = (_scattered, _irregular_yard, _gate, _rail, _few, _depot)
    kinds[int(paints.rng.choice(6, p=[0.30, 0.30, 0.17, 0.10, 0.06, 0.07]))](canvas, frame, paints)


def _look_alikes(canvas: Canvas, frame: LocalFrame, rng: Rng, share: float) -> None:
    """Draw hard negatives (chassis, hatch covers, slabs, sheds ...) on free ground."""
    for _ in range(round(float(rng.choice([0, 2, 5, 10])) * share)):
        turn = frame.angle + rng.choice([0, np.pi / 2])
        spot = frame.at(*rng.uniform(-95, 85, 2))
        if rng.random() < 0.35:
            trucks.draw_parked_chassis(canvas, spot, turn, rng)
        else:
            hard_negatives.HARD_NEGATIVES[int(rng.integers(len(hard_negatives.HARD_NEGATIVES)))](
                canvas, spot, turn, rng
            )
    if rng.random() < 0.06 * share:
        across = rng.uniform(-80, 80)
        terrain.draw_rails(canvas, frame.at(0, across), frame.angle, rng)
        start = frame.at(rng.uniform(-130, 0), across)
        train_wagons.draw_bulk_train(canvas, start, frame.angle, int(rng.integers(3, 16)), rng)


def _surroundings(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    if rng.random() < 0.35:
        side = rng.choice([-1.0, 1.0])
        spot = frame.at(rng.normal(0, 30), side * rng.uniform(70, 130))
        name = str(rng.choice(["grass", "dry grass", "scrub", "earth", "gravel"]))
        turn = frame.angle + (rng.normal(0, 0.3) if rng.random() < 0.4 else 0)
        corners = rectangle(spot, 400, rng.uniform(30, 110), turn)
        terrain.draw_surface(canvas, corners, GROUND_MATERIALS[name], rng)
    if rng.random() < 0.3:
        turn = frame.angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.05)
        terrain.draw_road(canvas, frame.at(*rng.uniform(-90, 90, 2)), turn, rng)
    for _ in range(int(rng.choice([0, 1, 3, 6]))):
        turn = frame.angle + rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.15)
        terrain.draw_tracks(canvas, frame.at(*rng.uniform(-90, 90, 2)), turn, rng)
    for _ in range(int(rng.integers(0, 3))):
        spot, size = frame.at(*rng.uniform(-90, 90, 2)), rng.uniform(15, 90, 2)
        corners = rectangle(spot, size[0], size[1], frame.angle)
        terrain.draw_surface(canvas, corners, GROUND_MATERIALS[str(rng.choice(_PAVED))], rng)


def random_block(rng: Rng, bays: int, rows: int, sparse: bool = False) -> ContainerBlock:
    """Return a random block; a sparse one has a third to two thirds of its slots in use."""
    feet = int(rng.choice([20, 40, 40, 40, 45]))
    across = float(rng.choice([0.02, 0.04, 0.06, 0.12, 0.3, 0.45]))
    runs = float(rng.choice([0.0, 0.25, 0.6, 0.97], p=[0.3, 0.35, 0.2, 0.15]))
    fill = rng.uniform(0.3, 0.7) if sparse else float(np.clip(rng.normal(0.93, 0.1), 0.4, 1.0))
    tiers = int(rng.choice([1, 1, 2, 2, 3, 3, 4, 5]))
    if rng.random() < 0.12:  # deep dark slots between high stacks
        tiers, fill = int(rng.integers(3, 6)), rng.uniform(0.55, 0.9)
    return ContainerBlock(
        bays=bays,
        rows=rows,
        feet=feet,
        gap_along=float(rng.choice([0.08, 0.25, 0.4, 0.6, 1.2])),
        gap_across=across,
        tiers=tiers,
        ragged=rng.uniform(0.0, 1.4),
        fill=fill,
        runs=runs,
        split=rng.uniform(0, 0.35),
    )


def place_block(
    canvas: Canvas, corner: Points, angle: float, block: ContainerBlock, paints: ContainerPaints
) -> bool:
    """Draw a block if its ground is free."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    length, width = block.size
    middle = corner + along * length / 2 + across * width / 2
    if not canvas.is_free(rectangle(middle, length + 1.5, width + 1.0, angle)):
        return False
    container_blocks.draw_block(canvas, corner, angle, block, paints)
    return True


def _lanes(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw rows under yard gantries: long lanes of bays with truck roads between them."""
    rng = paints.rng
    rows = int(rng.integers(3, 13))
    style = random_block(rng, 1, rows)
    across = rng.uniform(-110, -85)
    sparse_yard, painted = rng.random() < 0.2, rng.random() < 0.35
    reach = rng.uniform(60, 140), rng.uniform(60, 140)
    while across < 110:
        along = -reach[0]
        sparse = sparse_yard or rng.random() < 0.2
        if painted:
            pitch = (
                container_blocks.FEET[40] + style.gap_along,
                WIDTH_M + style.gap_across,
            )
            terrain.draw_slots(canvas, frame.at(along, across), frame.angle, (16, rows), pitch)
        while along < reach[1]:
            block = random_block(rng, int(rng.integers(1, 7)), rows, sparse)
            block = replace(block, gap_along=style.gap_along, gap_across=style.gap_across)
            if rng.random() < 0.8:
                place_block(canvas, frame.at(along, across), frame.angle, block, paints)
            along += block.size[0] + (style.gap_along if rng.random() < 0.6 else rng.uniform(1, 14))
        if rng.random() < 0.3:
            spot = frame.at(rng.uniform(-80, 80), across + block.size[1] / 2)
            clutter.draw_gantry(canvas, spot, frame.angle, block.size[1] + rng.uniform(5, 9), rng)
        for _ in range(int(rng.integers(0, 3))):
            spot = frame.at(rng.uniform(-90, 90), across + block.size[1] + 2.4)
            _any_truck(canvas, spot, frame.angle + np.pi * rng.integers(2), paints)
        across += block.size[1] + rng.uniform(3, 16)


def _scattered(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw a reach-stacker yard: blocks of all sizes along two directions."""
    rng = paints.rng
    for _ in range(int(rng.integers(4, 34))):
        turn = frame.angle + rng.choice([0, 0, 0, np.pi / 2]) + rng.normal(0, 0.01)
        bays, rows = int(rng.integers(1, 7)), int(rng.integers(1, 9))
        block = random_block(rng, bays, rows, rng.random() < 0.15)
        corner = frame.at(*rng.uniform(-105, 95, 2))
        place_block(canvas, corner, turn, block, paints)
    for _ in range(int(rng.integers(0, 5))):
        spot = frame.at(*rng.uniform(-90, 90, 2))
        clutter.draw_reach_stacker(canvas, spot, rng.uniform(0, 6.3), rng)
    _singles(canvas, frame, paints, int(rng.integers(0, 12)))


def _irregular_yard(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw the yard of a small port: uneven clusters of mixed containers, few of them in line."""
    rng = paints.rng
    for _ in range(int(rng.integers(2, 7))):
        turn = frame.angle + rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.08)
        start = frame.at(*rng.uniform(-80, 60, 2))
        irregular_stacks.draw_stack_row(canvas, start, turn, rng.uniform(25, 120), paints)
    for _ in range(int(rng.integers(0, 7))):
        turn = frame.angle + rng.uniform(0, np.pi)
        irregular_stacks.draw_stack_cluster(
            canvas, frame.at(*rng.uniform(-85, 85, 2)), turn, paints
        )
    for _ in range(int(rng.integers(0, 6))):
        spot = frame.at(*rng.uniform(-80, 80, 2))
        clutter.draw_reach_stacker(canvas, spot, rng.uniform(0, 6.3), rng)
    for _ in range(int(rng.integers(0, 8))):
        spot = frame.at(*rng.uniform(-80, 80, 2))
        _any_truck(canvas, spot, frame.angle + rng.uniform(0, 6.3), paints)


def _quay(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw water on one side, a ship or two, an apron, containers behind it."""
    rng = paints.rng
    edge = rng.uniform(-60, 60)
    far = 400.0
    water = [frame.at(-far, edge), frame.at(far, edge), frame.at(far, far), frame.at(-far, far)]
    terrain.draw_water(canvas, water, rng)
    if rng.random() < 0.85:
        terrain.draw_quay_edge(canvas, frame.at(-200, edge), frame.at(200, edge), rng)
    along = rng.uniform(-160, 20)
    for _ in range(int(rng.choice([0, 1, 1, 2]))):
        heading = frame.angle + np.pi * rng.integers(2) + rng.normal(0, 0.006)
        ship = random_ship(rng, frame.at(0, 0), heading, 300)
        if rng.random() < 0.65:
            ship = make_ship(rng, "container", float(rng.uniform(90, 320)), ship.centre, heading)
        centre = frame.at(along + ship.length / 2, edge + ship.beam / 2 + rng.uniform(0.6, 4))
        draw_ship(canvas, replace(ship, centre=centre), paints)
        along += ship.length + rng.uniform(5, 40)
    for _ in range(int(rng.integers(0, 3))):
        spot = frame.at(rng.uniform(-90, 90), edge - rng.uniform(8, 18))
        clutter.draw_quay_crane(canvas, spot, frame.angle + np.pi / 2, rng)
    behind = edge - rng.uniform(12, 40)
    while behind > -120:
        rows = int(rng.integers(1, 9))
        along = rng.uniform(-120, -60)
        while along < 110:
            block = random_block(rng, int(rng.integers(1, 6)), rows)
            if rng.random() < 0.6:
                corner = frame.at(along, behind - block.size[1])
                place_block(canvas, corner, frame.angle, block, paints)
            along += block.size[0] + rng.uniform(0.3, 15)
        behind -= rows * 2.6 + rng.uniform(6, 22)
    for _ in range(int(rng.integers(0, 6))):
        spot = frame.at(rng.uniform(-90, 90), edge - rng.uniform(4, 25))
        _any_truck(canvas, spot, frame.angle + np.pi * rng.integers(2), paints)


def _gate(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw a gate: lorries in oblique rows and queues, many without a container."""
    rng = paints.rng
    for _ in range(int(rng.integers(1, 5))):
        start = frame.at(*rng.uniform(-90, 40, 2))
        turn = frame.angle + rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.1)
        slant = turn + rng.choice([np.pi / 2, 0.9, 1.1, -0.9])
        along = np.array([np.cos(turn), np.sin(turn)])
        pitch = rng.uniform(3.3, 4.6) / abs(np.sin(slant - turn))
        slots, full = int(rng.integers(5, 26)), rng.uniform(0.2, 0.9)
        if rng.random() < 0.7:
            terrain.draw_parking_lines(canvas, start, turn, slots, rng)
        facing = np.pi * rng.integers(2)
        for slot in range(slots):
            if rng.random() < full:
                spot = start + along * (slot + 0.5) * pitch
                _any_truck(canvas, spot, slant + facing + rng.normal(0, 0.02), paints)
    for _ in range(int(rng.integers(2, 14))):
        turn = frame.angle + rng.choice([0, np.pi / 2, np.pi]) + rng.normal(0, 0.3)
        _any_truck(canvas, frame.at(*rng.uniform(-95, 95, 2)), turn, paints)
    if rng.random() < 0.4:
        _scattered_few(canvas, frame, paints)


def _rail(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw parallel tracks with trains, a gantry over them, some blocks beside."""
    rng = paints.rng
    across = rng.uniform(-60, 20)
    loaded = rng.uniform(0.2, 1.0)
    for _ in range(int(rng.integers(1, 8))):
        terrain.draw_rails(canvas, frame.at(0, across), frame.angle, rng)
        if rng.random() < 0.75:
            start = frame.at(rng.uniform(-130, -20), across)
            train_wagons.draw_wagons(
                canvas, start, frame.angle, int(rng.integers(2, 18)), loaded, paints
            )
        across += rng.uniform(4.4, 7)
    if rng.random() < 0.5:
        spot = frame.at(rng.uniform(-70, 70), across - 10)
        clutter.draw_gantry(canvas, spot, frame.angle, rng.uniform(20, 45), rng)
    _scattered_few(canvas, frame, paints)


def _few(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw single containers among other objects."""
    rng = paints.rng
    _singles(canvas, frame, paints, int(rng.integers(1, 14)))
    _industry(canvas, frame, rng)


def _empty(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw a place without containers, but with what resembles them."""
    rng = paints.rng
    if rng.random() < 0.35:
        edge, far = rng.uniform(-80, 60), 400.0
        water = [frame.at(-far, edge), frame.at(far, edge), frame.at(far, far), frame.at(-far, far)]
        terrain.draw_water(canvas, water, rng)
        terrain.draw_quay_edge(canvas, frame.at(-200, edge), frame.at(200, edge), rng)
    _industry(canvas, frame, rng)
    for _ in range(int(rng.integers(0, 10))):
        load = str(rng.choice(["trailer", "empty", "flat"]))
        spot = frame.at(*rng.uniform(-90, 90, 2))
        trucks.draw_truck(canvas, spot, frame.angle + rng.normal(0, 0.5), load, paints)
    if rng.random() < 0.4:
        terrain.draw_rails(canvas, frame.at(0, rng.uniform(-60, 60)), frame.angle, rng)


def _depot(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    """Draw a depot of chassis in rows, slabs and hatch covers, without containers."""
    rng = paints.rng
    for _ in range(int(rng.integers(2, 9))):
        turn = frame.angle + rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.02)
        trucks.draw_parked_chassis(canvas, frame.at(*rng.uniform(-90, 60, 2)), turn, rng)
    for _ in range(int(rng.integers(2, 10))):
        draw = hard_negatives.HARD_NEGATIVES[int(rng.integers(len(hard_negatives.HARD_NEGATIVES)))]
        turn = frame.angle + rng.choice([0, np.pi / 2])
        draw(canvas, frame.at(*rng.uniform(-90, 80, 2)), turn, rng)


def _industry(canvas: Canvas, frame: LocalFrame, rng: Rng) -> None:
    draws = (clutter.draw_car_rows, clutter.draw_pipes_and_coils, clutter.draw_flat_piles)
    for _ in range(int(rng.integers(2, 9))):
        spot = frame.at(*rng.uniform(-95, 80, 2))
        turn = frame.angle + rng.choice([0, np.pi / 2])
        pick = rng.random()
        if pick < 0.75:
            draws[int(rng.integers(3))](canvas, spot, turn, rng)
        elif pick < 0.9:
            radius = rng.uniform(4, 18)
            if canvas.is_free(rectangle(spot, radius * 2, radius * 2, turn)):
                clutter.draw_bulk_heap(canvas, spot, radius, rng)
        elif canvas.is_free(rectangle(spot, 24, 24, turn)):
            terrain.draw_storage_tank(canvas, spot, rng.uniform(4, 12), rng)


def _scattered_few(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints) -> None:
    rng = paints.rng
    for _ in range(int(rng.integers(0, 7))):
        block = random_block(rng, int(rng.integers(1, 5)), int(rng.integers(1, 6)))
        turn = frame.angle + rng.choice([0, np.pi / 2])
        place_block(canvas, frame.at(*rng.uniform(-100, 90, 2)), turn, block, paints)


def _singles(canvas: Canvas, frame: LocalFrame, paints: ContainerPaints, amount: int) -> None:
    rng = paints.rng
    for _ in range(amount):
        turn = frame.angle + rng.choice([0, 0, np.pi / 2, rng.uniform(0, np.pi)])
        spot = frame.at(*rng.uniform(-95, 95, 2))
        feet = int(rng.choice([20, 40, 40, 45]))
        if canvas.is_free(rectangle(spot, container_blocks.FEET[feet] + 0.6, 3.0, turn)):
            container_blocks.draw_container(canvas, spot, turn, feet, paints)


def _any_truck(canvas: Canvas, spot: Points, angle: float, paints: ContainerPaints) -> None:
    loads = ["40", "45", "20", "2x20", "empty", "trailer", "flat"]
    load = str(paints.rng.choice(loads, p=[0.42, 0.08, 0.12, 0.08, 0.16, 0.10, 0.04]))
    trucks.draw_truck(canvas, spot, angle, load, paints, bool(paints.rng.random() < 0.8))


def _decorate(canvas: Canvas, frame: LocalFrame, rng: Rng, paints: ContainerPaints) -> None:
    """Draw buildings, trees, cars, lamps and small objects on free ground."""
    for _ in range(int(rng.choice([0, 0, 1, 2, 4]))):
        size = rng.uniform(8, 60), rng.uniform(6, 30)
        turn = frame.angle + rng.choice([0, np.pi / 2])
        corners = rectangle(frame.at(*rng.uniform(-95, 95, 2)), *size, turn)
        if canvas.is_free(corners):
            terrain.draw_building(canvas, corners, rng)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 5))):
            spot = frame.at(*rng.uniform(-100, 100, 2))
            if canvas.is_free(rectangle(spot, 14, 14, 0.0)):
                terrain.draw_trees(canvas, spot, rng.uniform(3, 9), rng, int(rng.integers(3, 50)))
    for _ in range(int(rng.choice([0, 4, 15, 40]))):
        turn = frame.angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
        clutter.draw_car(canvas, frame.at(*rng.uniform(-95, 95, 2)), turn, rng)
    for _ in range(int(rng.choice([0, 3, 10, 25]))):
        spot, turn = frame.at(*rng.uniform(-95, 95, 2)), frame.angle + rng.normal(0, 0.6)
        clutter.draw_miscellaneous(canvas, spot, turn, rng)
    for _ in range(int(rng.integers(0, 6))):
        spot = frame.at(*rng.uniform(-95, 95, 2))
        if (canvas.states_in(rectangle(spot, 2, 2, 0.0)) == FREE).all():
            clutter.draw_light_mast(canvas, spot, rng)
