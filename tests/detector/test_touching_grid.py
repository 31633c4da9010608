"""Grids of touching containers: perfect detections survive tiling, jitter and NMS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from cv.detector.detections import Detections
from cv.detector.sliced_inference import sliced_inference
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.geometry.tiling import Tile, Tiling

FINE_M, COARSE_M = 0.3, 1.2
FINE, COARSE = Tiling(640, 96), Tiling(640, 360)


def perfect_network(truth: OrientedBoxes, seed: int, jitter: float):
    """Return a network that reports each true box in a tile, clipped to it, with jitter and random
    scores.

    Clipping is by shapely: the minimum rectangle of the intersection with the tile.
    """
    polygons = truth.polygons()

    def infer(tile: Tile) -> Detections:
        rng = np.random.default_rng([seed, tile.y0 + 100_000, tile.x0 + 100_000])
        window = shapely.box(tile.x0, tile.y0, tile.x0 + tile.size, tile.y0 + tile.size)
        seen = shapely.intersection(polygons, window)
        seen = seen[shapely.area(seen) > 0.05 * shapely.area(polygons)]
        if not len(seen):
            return Detections.empty()
        corners = np.array(
            [shapely.get_coordinates(shapely.minimum_rotated_rectangle(s))[:4] for s in seen]
        )
        values = OrientedBoxes.from_corners(corners - [tile.x0, tile.y0]).values.copy()
        values[:, :4] += rng.uniform(-jitter, jitter, values[:, :4].shape)
        values[:, 2:4] = np.maximum(values[:, 2:4], 0.5)
        values[:, 4] += rng.uniform(-0.01, 0.01, len(values))
        boxes = OrientedBoxes.from_values(values)
        return Detections(boxes, rng.uniform(0.3, 1.0, len(boxes)), np.zeros(len(boxes), np.int64))

    return infer


def block(angle_deg: float, gap_m: float, phase: tuple[float, float]) -> OrientedBoxes:
    """10 x 12 boxes of 12.19 x 2.44 m in fine pixels, their centre at `phase`."""
    col, row = np.meshgrid(np.arange(10), np.arange(12))
    x = (col.ravel() - 4.5) * (12.19 + gap_m) / FINE_M
    y = (row.ravel() - 5.5) * (2.44 + gap_m) / FINE_M
    turn = np.radians(angle_deg)
    return OrientedBoxes.from_values(
        np.column_stack(
            [
                x * np.cos(turn) - y * np.sin(turn) + phase[0],
                x * np.sin(turn) + y * np.cos(turn) + phase[1],
                np.full(120, 12.19 / FINE_M),
                np.full(120, 2.44 / FINE_M),
                np.full(120, turn),
            ]
        )
    )


@pytest.mark.parametrize("gap_m", [0.0, 0.2])
@pytest.mark.parametrize("angle_deg", range(0, 91, 5))
def test_a_block_of_120_touching_boxes_stays_120_at_every_seam(angle_deg, gap_m):
    rng = np.random.default_rng(angle_deg)
    stride = FINE.stride
    seams = [(0, 0), (stride / 2, 0), (0, stride / 2), (stride / 2, stride / 2)]
    seams += [tuple(rng.uniform(0, stride, 2)) for _ in range(4)]
    for seed, phase in enumerate(seams):
        truth = block(angle_deg, gap_m, phase)
        infer = perfect_network(truth, seed, jitter=0.3)
        found = sliced_inference(FINE, shapely.union_all(truth.polygons()), infer, overlap=0.5)
        assert len(found) == 120, (angle_deg, gap_m, phase)
        nearest = shapely.STRtree(shapely.points(found.boxes.centers))
        hits = nearest.query_nearest(shapely.points(truth.centers))[1]
        assert len(np.unique(hits)) == 120


@pytest.mark.parametrize("length_m", [40, 90, 150, 250, 330, 400])
@pytest.mark.parametrize("angle_deg", [0, 17, 45, 71, 90, 133])
def test_one_hull_is_one_and_two_side_by_side_are_two_at_any_phase(length_m, angle_deg):
    rng = np.random.default_rng([length_m, angle_deg])
    beam_m, turn = length_m / 6.3, np.radians(angle_deg)
    for phase in rng.uniform(-COARSE.stride, COARSE.stride, (12, 2)):
        aside = np.array([-np.sin(turn), np.cos(turn)]) * beam_m / COARSE_M
        for hulls in (1, 2):
            rows = [
                [*(phase + k * aside), length_m / COARSE_M, beam_m / COARSE_M, turn]
                for k in range(hulls)
            ]
            truth = OrientedBoxes.from_values(rows)
            infer = perfect_network(truth, length_m, jitter=0.3)
            found = sliced_inference(
                COARSE, shapely.union_all(truth.polygons()), infer, overlap=0.5
            )
            assert len(found) == hulls
            assert found.boxes.lengths * COARSE_M == pytest.approx(length_m, rel=0.05)


@pytest.mark.parametrize("threads", [2, 5])
def test_the_result_does_not_depend_on_threads_or_the_order_of_tiles(threads):
    truth = block(33.0, 0.0, (300.0, 40.0))
    region = shapely.union_all(truth.polygons())
    infer = perfect_network(truth, 7, jitter=0.3)
    alone = sliced_inference(FINE, region, infer, 0.5)

    class Backwards(Tiling):
        def tiles(self, region):
            return super().tiles(region)[::-1]

    for other in (
        sliced_inference(FINE, region, infer, 0.5, threads),
        sliced_inference(Backwards(640, 96), region, infer, 0.5),
    ):
        assert other.boxes.values.tobytes() == alone.boxes.values.tobytes()
        assert other.scores.tobytes() == alone.scores.tobytes()
