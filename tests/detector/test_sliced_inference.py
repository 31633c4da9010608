"""Errands that a sweep does on the way."""

from __future__ import annotations

from functools import partial

import pytest
import shapely

from cv.detector.detections import Detections
from cv.detector.sliced_inference import sliced_inference
from cv.geometry.tiling import Tiling

TILING = Tiling(64, 16)


def way(errands: int, side: int, threads: int = 1) -> list[object]:
    """What is done, in its order, while a square of `side` pixels is looked at."""
    done: list[object] = []

    def look_at(tile):
        done.append(tile)
        return Detections.empty()

    work = [partial(done.append, number) for number in range(errands)]
    region = shapely.box(1, 1, side - 1, side - 1)
    assert len(sliced_inference(TILING, region, look_at, 0.5, threads, work)) == 0
    return done


@pytest.mark.parametrize(("errands", "between"), [(8, 2), (4, 1), (2, 0.5), (0, 0)])
def test_errands_are_spread_evenly_over_the_tiles(errands, between):
    done = way(errands, 96)
    tiles = [place for place, one in enumerate(done) if not isinstance(one, int)]
    assert len(tiles) == 4
    assert [one for one in done if isinstance(one, int)] == list(range(errands))
    before = [place - number for number, place in enumerate(tiles)]
    assert before == [int((number + 1) * between) for number in range(4)]


def test_each_is_done_once_by_any_number_of_threads():
    done = way(100, 48 * 7, threads=4)
    assert sorted(one for one in done if isinstance(one, int)) == list(range(100))
    assert len(done) == 149


def test_without_tiles_none_is():
    done: list[object] = []
    sliced_inference(
        TILING, shapely.Polygon(), lambda _: Detections.empty(), 0.5, 2, [lambda: done.append(1)]
    )
    assert not done


def test_the_error_of_one_is_raised():
    def broken():
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        sliced_inference(
            TILING, shapely.box(1, 1, 95, 95), lambda _: Detections.empty(), 0.5, 2, [broken]
        )
