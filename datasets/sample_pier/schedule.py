"""The story: what stands on the piers and lies at them, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from port_layout import EXPORT, IMPORT

from cv.rendering.canvas import Colour
from cv.rendering.materials import ContainerPaints, Rng
from cv.synthetic.container_blocks import FEET, WIDTH

FIRST = datetime(2025, 9, 8, tzinfo=UTC)
"""Midnight of the first day."""


class Cover(StrEnum):
    """What the clouds hide."""

    NOTHING = "nothing"
    IMPORT = "import pier"
    EXPORT = "export pier"
    SEA = "sea"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Day:
    """One day as planned; boxes of a stack are those on top."""

    exported: int
    """Boxes in the stack on the export pier."""
    imported: int
    """Boxes in the stack on the import pier."""
    aboard: int = 0
    """Boxes on the ship's deck; counted from the stern while it loads."""
    berth: str = ""
    """Name of the pier at which the ship lies, empty without a ship."""
    train: str = ""
    """"", "full" or "empty": the train in the siding."""
    cover: Cover = Cover.NOTHING
    taken: bool = True
    """False: the satellite took no scene."""


PLAN = (
    Day(9, 6),
    Day(17, 6, train="full"),
    Day(31, 5, train="empty", cover=Cover.IMPORT),
    Day(40, 5),
    Day(52, 5, taken=False),
    Day(61, 4, train="full"),
    Day(72, 4, train="empty", cover=Cover.EVERYTHING),
    Day(84, 4, 16, IMPORT.name),
    Day(92, 21, 6, IMPORT.name),
    Day(76, 24, 10, EXPORT.name),
    Day(48, 24, 24, EXPORT.name, cover=Cover.EXPORT),
    Day(17, 24, 36, EXPORT.name),
    Day(12, 24),
    Day(12, 19, cover=Cover.SEA),
    Day(12, 15),
    Day(14, 15),
)
"""The cycle: cargo gathers, a ship unloads, shifts, loads and leaves."""


@dataclass(frozen=True)
class Slot:
    """A place for one stack of boxes."""

    u: float
    """Along the coast, metres of FRAME."""
    v: float
    """Out to sea, metres of FRAME."""
    feet: int
    """20 or 40."""
    rank: float
    """Its turn when the pier fills; the last one filled is not the first one taken."""
    leave: float
    """Its turn when the pier empties."""


@dataclass(frozen=True, eq=False)
class Box:
    """A stack of boxes that keeps its place and colour while it stands."""

    ident: int
    """Seed of what is random about it."""
    slot: Slot
    tiers: int
    """Boxes above each other."""
    colour: Colour
    """RGB 0..1."""


@dataclass(frozen=True, eq=False)
class Look:
    """A day of the story as it is drawn."""

    number: int
    """From 0."""
    time: datetime
    """Of the scene, UTC."""
    day: Day
    exported: tuple[Box, ...]
    imported: tuple[Box, ...]


def tell(days: int, seed: int) -> Iterator[Look]:
    """The first days of the story, those without a scene included."""
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
        yield Look(number, time, day, stacks[0], stacks[1])


def _blocks(
    rng: Rng, left: float, reach: tuple[float, float], columns: tuple[float, ...]
) -> tuple[Slot, ...]:
    """Slots of a pier: blocks of 3 bays by 6 rows, one column of blocks at each offset in u."""
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
    """Six rows of 40 ft slots, or of pairs of 20 ft ones, some never used."""
    short = rng.random() < 0.25
    slots = []
    for row in range(6):
        u = left + (row + 0.5) * (WIDTH + 0.12) + rng.normal(0, 0.02)
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
    """The stack a day later: boxes added to free slots, or taken away."""
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
