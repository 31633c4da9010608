"""Images that cannot carry a number get none; clear ones are counted as if nobody judged them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS
from rasterio.transform import from_origin

from cv.counting.pier_count import UNKNOWN
from cv.counting.scene_counter import SceneCounter
from cv.detector.detector import Detector
from cv.image_fitness.ground_fitness import NOT_JUDGED
from cv.image_fitness_training.scene_pairs import rendered_pair
from cv.pipeline.batch import count
from cv.scene.scene import Scene
from cv.site import Pier, PierRole, Site
from cv.synthetic import degradations as deg

UTM = CRS.from_epsg(32652)
GSD, SIDE = 0.25, 640
FLAT = np.zeros((SIDE, SIDE), np.float32)
EAST, NORTH = 4e5, 4.6e6


def place(left, top, right, bottom):
    """A rectangle, metres from the upper left corner of the image."""
    return shapely.box(EAST + left, NORTH - bottom, EAST + right, NORTH - top)


SITE = Site(
    "port", (Pier("P", PierRole.YARD, place(0, 0, 160, 120), place(0, 120, 160, 160)),), UTM
)


@pytest.fixture(scope="module")
def detector():
    return Detector.load(threads=1)


@pytest.fixture(scope="module")
def clear():
    """A rendered place (rows, columns, RGB) with containers, sharp and in clear air."""
    return rendered_pair(44).reference


@pytest.fixture
def counted(tmp_path, detector):
    def run(image, gsd_m=GSD):
        path = tmp_path / "scene.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=image.shape[1], height=image.shape[0], count=3,
            dtype="uint8", crs=UTM.to_wkt(), transform=from_origin(EAST, NORTH, gsd_m, gsd_m),
        ) as file:  # fmt: skip
            file.write(np.moveaxis(image, 2, 0))
        with Scene.open(path) as scene:
            return count(scene, SITE, detector)["P"]

    return run


def cloud(opacity):
    mottle = 0.04 * deg.cloud_field(np.random.default_rng(1), (SIDE, SIDE), GSD, 100, 1.0, 1.5)
    return lambda image: deg.blend_scattered_light(image, opacity, (0.93, 0.94, 0.96), mottle)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(cloud(0.995), id="cloud"),
        pytest.param(
            lambda image: deg.blend_scattered_light(image, 0.99, (0.75, 0.77, 0.8), FLAT), id="fog"
        ),
        pytest.param(lambda image: deg.change_exposure(image, 0.005), id="night"),
        pytest.param(lambda image: np.full_like(image, 128), id="grey"),
    ],
)
def test_an_image_that_shows_nothing_gets_no_number(counted, clear, harm):
    found = counted(harm(clear))
    assert found.status == "unfit"
    assert found.containers == found.teu == found.hulls == found.aboard == UNKNOWN
    assert "cannot be judged: " in found.reason
    assert found.visibility == "pixels"
    assert not found.unseen.is_empty


def test_in_a_blurred_image_containers_are_unknown_whatever_is_known_of_ships(counted, clear):
    found = counted(deg.gaussian_blur(clear, 2.5, GSD))
    assert found.containers == found.teu == found.aboard == UNKNOWN
    assert "100% of the pier cannot be judged: blurred" in found.reason


def test_a_clear_image_is_counted_as_if_nobody_judged_it(counted, clear, monkeypatch):
    judged = counted(clear)
    assert judged.containers.value > 20
    assert judged.interval_calibrated
    assert judged.unseen.is_empty
    assert "stretched" not in judged.radiometry
    monkeypatch.setattr("cv.counting.judged_image.judge_ground", lambda *_: NOT_JUDGED)
    blind = counted(clear)
    assert replace(judged, visibility="") == replace(blind, visibility="")


def test_a_cloud_over_one_half_leaves_the_other(counted, clear):
    opacity = FLAT.copy()
    opacity[:, : SIDE // 2] = 1.0
    found, whole = counted(cloud(opacity)(clear)), counted(clear)
    assert found.status in ("partial", "unfit")
    assert found.visible_fraction == pytest.approx(0.5, abs=0.13)
    if found.containers.known:
        assert found.containers.value < whole.containers.value
    hidden = found.unseen.centroid.x, found.unseen.envelope.bounds[2]
    assert hidden[0] < hidden[1]


def test_haze_is_taken_away_before_the_count(counted, clear):
    """Oracle: the count of the same place in clear air."""
    hazy = counted(deg.blend_scattered_light(clear, 0.9, (0.75, 0.77, 0.8), FLAT))
    assert "stretched" in hazy.radiometry
    assert hazy.containers.value == pytest.approx(counted(clear).containers.value, rel=0.15)


def test_of_a_coarse_image_on_a_fine_grid_a_count_says_how_coarse_it_is(counted, clear):
    coarse = deg.resample(clear, 3.0, GSD, "area", "cubic")
    found = counted(coarse[::3, ::3], 0.75)
    assert found.containers == found.aboard == UNKNOWN
    assert "finest detail is that of about" in found.reason
    metres = float(found.reason.split("about ")[1].split(" m")[0])
    assert 1.5 <= metres <= 6  # a factor of two


def test_boxes_that_fit_no_container_reveal_a_wrong_gsd(counted, clear):
    found = counted(clear, 0.7 * GSD)
    assert found.status == "unfit"
    assert found.containers == UNKNOWN
    assert "0.17 m declared, about 0.2" in found.reason or "0.18 m declared" in found.reason


def test_the_judge_is_part_of_the_settings(tmp_path, counted, clear, detector):
    counted(clear)
    with Scene.open(tmp_path / "scene.tif") as scene:
        one = SceneCounter.of(scene, SITE, detector)
    assert one.settings == counted(clear).settings


def test_undeclared_fill_in_an_image_spoils_nothing_beside_it(counted, clear):
    """A third of the pier is black; the rest is judged as if it went on there."""
    filled = clear.copy()
    filled[160:320] = 0
    found = counted(filled)
    assert found.status == "partial"
    assert found.visible_fraction == pytest.approx(2 / 3, abs=0.01)
    assert "cannot be judged" not in found.reason
