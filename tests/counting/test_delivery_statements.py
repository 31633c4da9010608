"""What a delivery says, and masks that were not used, in the counts of a scene."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from cv.counting.pier_count import UNKNOWN, CountStatus
from cv.pipeline.batch import count
from cv.report.counts_text import count_cells, counts_table
from cv.scene.scene import Scene
from cv.timeseries.series import Series
from tests.fixtures.fake_detectors import CONTAINER_RGB, painted_detector

ITEM = "20240310_011234_ssc4_u0001"
NOON, DAY = datetime(2024, 3, 10, 12, tzinfo=UTC), timedelta(days=1)


@pytest.fixture
def image(tmp_path):
    """An image of 60 x 60 m with one container."""
    rgb = np.random.default_rng(0).integers(100, 120, (3, 200, 200), dtype=np.uint8)
    rgb[:, 90:98, 90:130] = np.array(CONTAINER_RGB, np.uint8)[:, None, None]
    path = tmp_path / f"{ITEM}_visual.tif"
    place = rasterio.Affine(0.3, 0, 500_000, 0, -0.3, 4_600_000)
    options = {"width": 200, "height": 200, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", crs="EPSG:32652", transform=place, **options) as dataset:
        dataset.write(rgb)
    return path


def counted(image, **properties):
    document = {"id": ITEM, "properties": properties}
    image.with_name(f"{ITEM}_metadata.json").write_text(json.dumps(document))
    return count(Scene.open(image), None, painted_detector())[0]


def test_a_delivery_that_says_nothing_against_itself_is_counted(image):
    found = counted(image, gsd=0.3, cloud_cover=0.2, sun_elevation=40, ground_control=True)
    assert (found.status, found.reason) == (CountStatus.COUNTED, "")
    assert found.containers.value == 1


def test_a_mask_that_was_not_used_is_named_and_not_all_is_seen(image):
    plain = counted(image)
    image.with_name(f"{ITEM}_cloud_mask.tif").write_bytes(b"II*\0")
    found = counted(image)
    assert found.status is CountStatus.PARTIAL
    assert found.reason == f"mask {ITEM}_cloud_mask.tif beside the image was not used"
    assert found.containers == plain.containers
    assert found.settings != plain.settings


def test_what_a_mask_hides_that_was_not_used_is_unknown(image):
    """Neither number nor picture says 100 %, and nothing is taken for the whole pier."""
    image.with_name(f"{ITEM}_cloud_mask.tif").write_bytes(b"II*\0")
    with Scene.open(image) as scene:
        counts = count(scene, None, painted_detector())
    found = counts[0]
    assert found.visible_fraction is None
    assert found.berth_visible_fraction is None
    assert found.unseen is None
    assert "100%" not in counts_table(counts)
    assert "100%" not in " ".join(count_cells(found))
    dated = replace(found, acquired=NOON)
    series = Series(found.pier, (replace(dated, acquired=NOON - DAY), dated))
    assert "100%" not in series.to_text()
    assert series.observations["visible_fraction"].isna().all()
    assert series.whole == (UNKNOWN, UNKNOWN)


def test_a_part_that_is_seen_is_the_most_where_a_mask_was_not_used(image):
    with rasterio.open(image, "r+") as dataset:
        dataset.nodata = 0
        dataset.write(np.zeros((3, 200, 50), np.uint8), window=Window(0, 0, 50, 200))
    assert counted(image).reason == "seen: 75% of the image (25% nodata or fill)"
    image.with_name(f"{ITEM}_cloud_mask.tif").write_bytes(b"II*\0")
    assert counted(image).reason.startswith("seen: at most 75% of the image")


@pytest.mark.parametrize(
    ("properties", "status", "reason"),
    [
        ({"gsd": 3.0}, CountStatus.OUT_OF_RANGE, "the delivery says: GSD 3 x 3 m is outside"),
        ({"cloud_percent": 99.5}, CountStatus.UNFIT, "cloud cover 99.5 %"),
        ({"sun_elevation": -12}, CountStatus.UNFIT, "the sun is at -12 degrees"),
        ({"view_angle": 45}, CountStatus.UNFIT, "45 degrees off nadir"),
        ({"quality_category": "test"}, CountStatus.UNFIT, 'quality category "test"'),
    ],
)
def test_no_number_where_the_delivery_says_so(image, properties, status, reason):
    found = counted(image, **properties)
    assert found.status is status
    assert reason in found.reason
    assert not found.containers.known
    assert not found.hulls.known


def test_without_ground_control_the_count_says_that_the_position_is_not_sure(image):
    found = counted(image, ground_control=False)
    assert found.status is CountStatus.COUNTED
    assert "position is not sure" in found.reason
    assert found.containers.value == 1
