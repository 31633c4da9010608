"""Side tasks that are done between tiles."""

from __future__ import annotations

from functools import partial

import pytest
import shapely

from cv.detector.detections import Detections
from cv.detector.sliced_inference import sliced_inference
from cv.geometry.tiling import Tiling

TILING = Tiling(64, 16)


def run(side_tasks: int, side: int, threads: int = 1) -> list[object]:
    """Return tiles and side tasks in the order in which a square of `side` pixels runs them."""
    done: list[object] = []

    def infer(tile):
        done.append(tile)
        return Detections.empty()

    work = [partial(done.append, number) for number in range(side_tasks)]
    region = shapely.box(1, 1, side - 1, side - 1)
    assert len(sliced_inference(TILING, region, infer, 0.5, threads, work)) == 0
    return done


@pytest.mark.parametrize(("side_tasks", "between"), [(8, 2), (4, 1), (2, 0.5), (0, 0)])
def test_side_tasks_are_spread_evenly_over_the_tiles(side_tasks, between):
    done = run(side_tasks, 96)
    tiles = [place for place, one in enumerate(done) if not isinstance(one, int)]
    assert len(tiles) == 4
    assert [one for one in done if isinstance(one, int)] == list(range(side_tasks))
    before = [place - number for number, place in enumerate(tiles)]
    assert before == [int((number + 1) * between) for number in range(4)]


def test_each_side_task_is_done_once_by_any_number_of_threads():
    done = run(100, 48 * 7, threads=4)
    assert sorted(one for one in done if isinstance(one, int)) == list(range(100))
    assert len(done) == 149


def test_without_tiles_no_side_task_is_done():
    done: list[object] = []
    sliced_inference(
        TILING, shapely.Polygon(), lambda _: Detections.empty(), 0.5, 2, [lambda: done.append(1)]
    )
    assert not done


def test_the_error_of_a_side_task_is_raised():
    def broken():
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        sliced_inference(
            TILING, shapely.box(1, 1, 95, 95), lambda _: Detections.empty(), 0.5, 2, [broken]
        )
