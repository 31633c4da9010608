"""Where the containers of a simulated pier stand: those that come together stand together."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from cv.geometry.arrays import Float64Array
from simulated_ports.container_yard import COLUMNS, OUT_OF_LINE_M, PITCH_M, ROWS
from simulated_ports.pier_history import PierHistory

_TOGETHER_D = 0.2
"""Containers that come no farther apart stand side by side, days."""


def draw_container_places(rng: np.random.Generator, history: PierHistory) -> Float64Array:
    """Return where each container of a pier stands (k, 2), metres along and across it."""
    boxes = history.containers
    order = np.argsort(boxes.came_d, kind="stable")
    came, left = boxes.came_d[order], boxes.left_d[order]
    most = int(history.number_at(boxes.came_d).max(initial=0)) if len(boxes) else 0
    slots = max(COLUMNS, -(-2 * most // ROWS)) * ROWS
    starts = rng.integers(slots, size=len(boxes)).tolist()
    chosen = np.empty(len(boxes), dtype=np.int64)
    chosen[order] = _free_slots(came.tolist(), left.tolist(), starts, slots)
    column, row = np.divmod(chosen, ROWS)
    places = (np.stack([column, row], axis=1) + 0.5) * PITCH_M
    return np.asarray(places + rng.normal(0.0, OUT_OF_LINE_M, places.shape))


def _free_slots(
    came_d: list[float], left_d: list[float], starts: list[int], slots: int
) -> list[int]:
    """Return a free slot for each container, by their order of coming.

    Each lot that comes together begins at the slot in `starts` of its first container.
    """
    free = [True] * slots
    leaving: list[tuple[float, int]] = []
    chosen = []
    slot, earlier = 0, -np.inf
    for start, at, until in zip(starts, came_d, left_d, strict=True):
        while leaving and leaving[0][0] <= at:
            free[heappop(leaving)[1]] = True
        if at - earlier > _TOGETHER_D:
            slot = start
        while not free[slot]:
            slot = (slot + 1) % slots
        free[slot] = False
        heappush(leaving, (until, slot))
        chosen.append(slot)
        earlier = at
    return chosen
