"""Sliced inference: run a network over a region tile by tile, without duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from affine import Affine
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from cv.detector.detections import Detections
from cv.detector.nms import non_maximum_suppression
from cv.geometry.tiling import Tile, Tiling


def sliced_inference(
    tiling: Tiling,
    region: BaseGeometry,
    infer: Callable[[Tile], Detections],
    overlap: float,
    threads: int = 1,
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

    Returns:
        Detections in tile pixels from the origin of the plane.
    """

    def process(tile: Tile) -> Detections:
        placed = infer(tile).transformed(Affine.translation(tile.x0, tile.y0))
        return non_maximum_suppression(placed[tiling.owns(tile, placed.boxes.centers)], overlap)

    tiles = tiling.tiles(region)
    by_tile = _map(process, tiles, threads)
    bar = tqdm(by_tile, total=len(tiles), unit="tile", delay=2, disable=None, leave=False)
    return non_maximum_suppression(Detections.concatenate(list(bar)), overlap)


def _map(
    function: Callable[[Tile], Detections], tiles: Iterable[Tile], threads: int
) -> Iterator[Detections]:
    """Yield `function` of each tile, in order; at most `2 * threads` results wait at once."""
    with ThreadPoolExecutor(threads) as pool:
        remaining = iter(tiles)
        pending = [pool.submit(function, tile) for tile in islice(remaining, 2 * threads)]
        try:
            while pending:
                yield pending.pop(0).result()
                pending += [pool.submit(function, tile) for tile in islice(remaining, 1)]
        finally:
            for future in pending:
                future.cancel()
