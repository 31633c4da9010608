"""Regions and hulls from the output of a coarse model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from cv.coarse_training.coarse_cameras import random_camera
from cv.coarse_training.coarse_samples import taken_sample
from cv.coarse_training.rendered_grounds import RenderedGround
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.rendering.canvas import rectangle
from cv.rendering.sensor_sampling import PixelAxis

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets" / "real"))
import coarse_accuracy
from coarse_accuracy import FineScene, RegionResult, corrected, evaluate_scene
from coarse_estimates import CellMaps, CoarseModel, TeuEstimate


def test_the_deviation_of_a_region_has_an_own_and_a_common_part():
    cells = np.ones((10, 10), np.float32)
    none = cells * 0
    maps = CellMaps(
        {
            "teu_ashore": cells * 0.5,
            "teu_aboard": none,
            "variance_ashore": cells * 0.04,
            "variance_aboard": none,
            "relative_error_ashore": cells * 0.1,
            "relative_error_aboard": none,
        }
    )
    share = none.copy()
    share[:, :4] = 1
    estimate = maps.teu(share)
    assert estimate.value == pytest.approx(20)
    assert estimate.deviation == pytest.approx(np.sqrt(40 * 0.04 + (0.1 * 20) ** 2))
    assert estimate.low < 20 < estimate.high


def test_hulls_are_found_again_from_their_own_targets():
    hulls = np.stack(
        [rectangle([150, 120], 200, 30, 0.4), rectangle([170, 230], 120, 40, np.pi / 2 + 0.1)]
    )
    ground = RenderedGround(
        np.zeros((320, 320, 3), np.uint8),
        np.zeros((320, 320), np.uint16),
        np.zeros(0),
        np.zeros(0, bool),
        hulls,
    )
    camera = random_camera(np.random.default_rng(0))
    axis = PixelAxis(53, 6.0, 0.0)
    targets = taken_sample(ground, camera, axis, axis, np.random.default_rng(0)).targets
    found, _ = CellMaps(vars(targets)).hulls()
    truth = OrientedBoxes.from_corners(hulls / 2)
    order = np.argsort(found.centers[:, 1])
    assert found.values[order] == pytest.approx(truth.values, rel=0.06, abs=0.7)


class _Knowing(CoarseModel):
    """A model that counts bright cells."""

    def __init__(self):
        pass

    def maps(self, image, gsd_m):
        bright = np.repeat(np.repeat(image[..., 0] / 255.0, 3, 0), 3, 1).astype(np.float32)
        names = ("teu", "variance", "relative_error")
        return CellMaps(
            {f"{n}_{p}": bright * (p == "ashore") for n in names for p in ("ashore", "aboard")}
        )


def test_regions_are_laid_on_the_cells_at_every_phase():
    image = np.zeros((240, 300, 3), np.uint8)
    image[60:180, 120:240] = 255
    region = shapely.box(60, 30, 270, 210)
    scene = FineScene("one", image, (0.5, 0.5), np.array([]), np.array([]), (region,))
    results = list(evaluate_scene(scene, _Knowing(), 3.0, 1.0))
    assert [one.phase for one in results] == list(coarse_accuracy.PHASES)
    for one in results:
        assert one.estimate.value == pytest.approx(60 * 60 / 1.0, rel=0.01)  # cells of a metre


def test_the_factor_of_a_scene_is_that_of_the_others():
    rows = [
        RegionResult(name, 0.0, 60, teu, TeuEstimate(value, 5))
        for name, teu, value in (("a", 100.0, 50.0), ("b", 100.0, 50.0), ("c", 100.0, 200.0))
    ]
    values = [one.estimate.value for one in corrected(rows)]
    assert values == pytest.approx([50 * 200 / 250, 50 * 200 / 250, 400])
