"""A sweep: one pass over a region, tile by tile, until every object is there once."""

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
"""Something to be done on the way."""


def sliced_inference(
    tiling: Tiling,
    region: BaseGeometry,
    look_at: Callable[[Tile], Detections],
    overlap: float,
    threads: int = 1,
    errands: Sequence[SideTask] = (),
) -> Detections:
    """What `look_at` finds in the tiles that touch `region` (tile pixels of the plane), merged.

    Merged tile by tile, where threads share the work, and once more over the borders of tiles.
    `look_at` answers in pixels of its tile; the result is in tile pixels from the plane's origin.
    It does not depend on the order of tiles or the number of `threads`. `overlap`: see `merge`.
    `errands` are done on the way, in their order and evenly spread; without tiles none is.
    """

    def keep(stop: _Stop) -> Detections:
        for errand in stop.errands:
            errand()
        tile = stop.tile
        placed = look_at(tile).transformed(Affine.translation(tile.x0, tile.y0))
        return non_maximum_suppression(placed[tiling.owns(tile, placed.boxes.centers)], overlap)

    stops = _stops(tiling.tiles(region), errands)
    found = _map(keep, stops, threads)
    bar = tqdm(found, total=len(stops), unit="tile", delay=2, disable=None, leave=False)
    return non_maximum_suppression(Detections.concatenate(list(bar)), overlap)


@dataclass(frozen=True)
class _Stop:
    """A tile, and what is done before it is looked at."""

    tile: Tile
    errands: Sequence[SideTask]


def _stops(tiles: Sequence[Tile], errands: Sequence[SideTask]) -> list[_Stop]:
    """`tiles` with an even share of `errands` each."""
    shares = pairwise(k * len(errands) // max(1, len(tiles)) for k in range(len(tiles) + 1))
    return [_Stop(t, errands[start:end]) for t, (start, end) in zip(tiles, shares, strict=True)]


def _map(
    function: Callable[[_Item], _Result], items: Iterable[_Item], threads: int
) -> Iterator[_Result]:
    """`function` of each item, in order; at most `2 * threads` are in memory at once."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        source = iter(items)
        waiting = [pool.submit(function, item) for item in islice(source, 2 * threads)]
        try:
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(function, item) for item in islice(source, 1)]
        finally:
            for future in waiting:
                future.cancel()
