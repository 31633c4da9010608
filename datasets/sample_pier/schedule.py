"""The schedule of the sample port: cargo, ship and train, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from port_layout import EXPORT, IMPORT

from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import Colour
from cv.rendering.materials import ContainerPaints, Rng
from cv.synthetic.container_blocks import FEET

FIRST = datetime(2025, 9, 8, tzinfo=UTC)
"""Midnight of the first day."""


class Cover(StrEnum):
    """What clouds hide on a day."""

    NOTHING = "nothing"
    IMPORT = "import pier"
    EXPORT = "export pier"
    SEA = "sea"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class DayPlan:
    """The plan of one day; of a stack, only the topmost container is counted."""

    exported: int
    """Stacks on the export pier."""
    imported: int
    """Stacks on the import pier."""
    aboard: int = 0
    """Stacks on the ship's deck; from the stern on while it loads."""
    berth: str = ""
    """Name of the pier where the ship lies; "" without a ship."""
    train: str = ""
    """"", "full" or "empty": the train in the siding."""
    cover: Cover = Cover.NOTHING
    taken: bool = True
    """Whether the satellite took a scene."""


PLAN = (
    DayPlan(9, 6),
    DayPlan(17, 6, train="full"),
    DayPlan(31, 5, train="empty", cover=Cover.IMPORT),
    DayPlan(40, 5),
    DayPlan(52, 5, taken=False),
    DayPlan(61, 4, train="full"),
    DayPlan(72, 4, train="empty", cover=Cover.EVERYTHING),
    DayPlan(84, 4, 16, IMPORT.name),
    DayPlan(92, 21, 6, IMPORT.name),
    DayPlan(76, 24, 10, EXPORT.name),
    DayPlan(48, 24, 24, EXPORT.name, cover=Cover.EXPORT),
    DayPlan(17, 24, 36, EXPORT.name),
    DayPlan(12, 24),
    DayPlan(12, 19, cover=Cover.SEA),
    DayPlan(12, 15),
    DayPlan(14, 15),
)
"""One cycle: cargo accumulates, a ship unloads, shifts, loads and leaves."""


@dataclass(frozen=True)
class Slot:
    """A place for one stack of containers."""

    u: float
    """Along the coast, metres of FRAME."""
    v: float
    """Out to sea, metres of FRAME."""
    feet: int
    """20 or 40."""
    rank: float
    """Order in which slots are filled."""
    leave: float
    """Order in which slots are emptied, which is not the reverse of `rank`."""


@dataclass(frozen=True, eq=False)
class Box:
    """A stack of containers, which keeps its place and colour while it stands."""

    ident: int
    """Seed of its random properties."""
    slot: Slot
    tiers: int
    """Height of the stack, containers."""
    colour: Colour
    """RGB 0..1."""


@dataclass(frozen=True, eq=False)
class PortState:
    """The port on one day."""

    number: int
    """From 0."""
    time: datetime
    """Acquisition time of the scene, UTC."""
    day: DayPlan
    exported: tuple[Box, ...]
    imported: tuple[Box, ...]


def daily_states(days: int, seed: int) -> Iterator[PortState]:
    """Yield the port on the first `days` days, including days without a scene."""
    rng = np.random.default_rng([seed, 1])
    paints = ContainerPaints(rng)
    yards = (
        _blocks(rng, 49.0, (-48.0, 110.0), (0.0, 25.0)),
        _blocks(rng, -178.0, (-40, 100), (0,)),
    )
    stacks: list[tuple[Box, ...]] = [(), ()]
    for number, day in enumerate(PLAN[:days]):
        for pier, wanted in enumerate((day.exported, day.imported)):
            stacks[pier] = _evolve(stacks[pier], wanted, yards[pier], paints)
        minutes = float(rng.uniform(75, 235))
        time = FIRST + timedelta(days=number, seconds=round(minutes * 60))
        yield PortState(number, time, day, stacks[0], stacks[1])


def _blocks(
    rng: Rng, left: float, reach: tuple[float, float], columns: tuple[float, ...]
) -> tuple[Slot, ...]:
    """Return the slots of a pier: blocks of 3 bays by 6 rows, one column at each offset."""
    slots, block = [], 0
    pitch = FEET[40] + 0.4
    v = reach[0]
    while v + 3 * pitch < reach[1] + 3:
        for offset in columns:
            for bay in range(3):
                middle = v + (bay + 0.5) * pitch
                slots += _bay(rng, left + offset, middle, block * 18 + bay * 2)
            block += 1
        v += 3 * pitch + 3.0
    return tuple(slots)


def _bay(rng: Rng, left: float, v: float, turn: float) -> list[Slot]:
    """Return six rows of 40 ft slots, or of pairs of 20 ft ones; some slots are left out."""
    short = rng.random() < 0.25
    slots = []
    for row in range(6):
        u = left + (row + 0.5) * (WIDTH_M + 0.12) + rng.normal(0, 0.02)
        shift = rng.normal(0, 0.05)
        for half in (-1, 1) if short else (0,):
            rank = turn + row + rng.normal(0, 3.0)
            leave = rank * 0.4 + rng.uniform(0, 40)
            if rng.random() < 0.92:
                at = v + shift + half * (FEET[20] / 2 + 0.05)
                slots.append(Slot(u, at, 20 if short else 40, rank, leave))
    return slots


def _evolve(
    stack: tuple[Box, ...], wanted: int, slots: tuple[Slot, ...], paints: ContainerPaints
) -> tuple[Box, ...]:
    """Return the stacks a day later: some added in free slots, or taken away."""
    if wanted <= len(stack):
        return tuple(sorted(stack, key=lambda box: -box.slot.leave)[:wanted])
    used = {box.slot for box in stack}
    free = sorted((slot for slot in slots if slot not in used), key=lambda slot: slot.rank)
    rng, colour = paints.rng, paints.pick()
    added = []
    for slot in free[: wanted - len(stack)]:
        if rng.random() > 0.45:
            colour = paints.pick()
        shade = np.clip(colour * rng.uniform(0.94, 1.06), 0, 1)
        tiers = int(rng.choice([1, 2, 3], p=[0.35, 0.4, 0.25]))
        added.append(Box(int(rng.integers(2**31)), slot, tiers, shade))
    return (*stack, *added)
