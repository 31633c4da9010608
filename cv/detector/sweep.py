"""A sweep: one pass over a region, tile by tile, until every object is there once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from affine import Affine
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from cv.detector.detections import Detections
from cv.detector.merge import merge
from cv.geometry.tiling import Tile, Tiling

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def sweep(
    tiling: Tiling,
    region: BaseGeometry,
    look_at: Callable[[Tile], Detections],
    overlap: float,
    threads: int = 1,
) -> Detections:
    """What `look_at` finds in the tiles that touch `region` (tile pixels of the plane), merged.

    Merged tile by tile, where threads share the work, and once more over the borders of tiles.
    `look_at` answers in pixels of its tile; the result is in tile pixels from the plane's origin.
    It does not depend on the order of tiles or the number of `threads`. `overlap`: see `merge`.
    """

    def keep(tile: Tile) -> Detections:
        placed = look_at(tile).transformed(Affine.translation(tile.x0, tile.y0))
        return merge(placed[tiling.owned(tile, placed.boxes.centers)], overlap)

    tiles = tiling.tiles(region)
    found = _map(keep, tiles, threads)
    bar = tqdm(found, total=len(tiles), unit="tile", delay=2, disable=None, leave=False)
    return merge(Detections.concatenate(list(bar)), overlap)


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
