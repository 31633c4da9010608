"""Sliced inference: run a network over a region tile by tile, without duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeVar

from affine import Affine
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from cv.detector.detections import Detections
from cv.detector.nms import non_maximum_suppression
from cv.geometry.tiling import Tile, Tiling

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

SideTask = Callable[[], object]
"""Work that is done between tiles."""


def sliced_inference(
    tiling: Tiling,
    region: BaseGeometry,
    infer: Callable[[Tile], Detections],
    overlap: float,
    threads: int = 1,
    side_tasks: Sequence[SideTask] = (),
) -> Detections:
    """Return the detections in all tiles that cover `region`, each object once.

    Non-maximum suppression runs for each tile, which threads do in parallel, and once more for all
    tiles together. The result does not depend on the order of tiles or the number of threads.

    Args:
        tiling: Size and overlap of tiles.
        region: What to cover, tile pixels from the origin of the plane.
        infer: Returns the detections in a tile, pixels of the tile.
        overlap: Threshold of `non_maximum_suppression`.
        threads: Tiles at once.
        side_tasks: Work done between tiles, in order and evenly spread; none without tiles.

    Returns:
        Detections in tile pixels from the origin of the plane.
    """

    def process(step: _Step) -> Detections:
        for task in step.side_tasks:
            task()
        tile = step.tile
        placed = infer(tile).transformed(Affine.translation(tile.x0, tile.y0))
        return non_maximum_suppression(placed[tiling.owns(tile, placed.boxes.centers)], overlap)

    steps = _steps(tiling.tiles(region), side_tasks)
    by_tile = _map(process, steps, threads)
    bar = tqdm(by_tile, total=len(steps), unit="tile", delay=2, disable=None, leave=False)
    return non_maximum_suppression(Detections.concatenate(list(bar)), overlap)


@dataclass(frozen=True)
class _Step:
    """A tile, and the side tasks that are done before it."""

    tile: Tile
    side_tasks: Sequence[SideTask]


def _steps(tiles: Sequence[Tile], side_tasks: Sequence[SideTask]) -> list[_Step]:
    """Return `tiles` with an even share of `side_tasks` each."""
    shares = pairwise(k * len(side_tasks) // max(1, len(tiles)) for k in range(len(tiles) + 1))
    return [_Step(t, side_tasks[start:end]) for t, (start, end) in zip(tiles, shares, strict=True)]


def _map(
    function: Callable[[_Item], _Result], items: Iterable[_Item], threads: int
) -> Iterator[_Result]:
    """Yield `function` of each item, in order; at most `2 * threads` results wait at once."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        remaining = iter(items)
        pending = [pool.submit(function, item) for item in islice(remaining, 2 * threads)]
        try:
            while pending:
                yield pending.pop(0).result()
                pending += [pool.submit(function, item) for item in islice(remaining, 1)]
        finally:
            for future in pending:
                future.cancel()
