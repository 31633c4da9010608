"""Shifts between two drawn views of the ground, whose truth the test sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from scipy.ndimage import gaussian_filter, map_coordinates

from cv.geometry.grid import Grid
from cv.geometry.image_patch import Patch
from cv.registration.ground_reference import ReferenceWindow, SiteReference
from cv.registration.ground_window import AROUND_M, GroundWindow
from cv.registration.scene_shift import MAX_SHIFT_M, estimate_shift
from cv.site import Pier, PierRole
from tests.fixtures.painted_pier import to_lonlat

PLACE = (130.295, 42.235)
UTM = CRS.from_epsg(32652)
WGS84 = CRS.from_epsg(4326)
CONVERGENCE = np.radians(PLACE[0] - 129) * np.sin(np.radians(PLACE[1]))
"""From true north to the north of the grid, radians clockwise."""
SIDE = 500
"""Of the drawn ground, metres."""


def pier(*bounds: float) -> Pier:
    return Pier("Pier 2", PierRole.EXPORT, to_lonlat(shapely.box(*bounds), PLACE))


def ground(seed: int, blocks: int = 150) -> np.ndarray:
    """(SIDE, SIDE) grey values of rectangles, which stand for buildings and quays."""
    rng = np.random.default_rng(seed)
    values = np.full((SIDE, SIDE), 90.0)
    for _ in range(blocks):
        y, x = rng.integers(0, SIDE, 2)
        height, width = rng.integers(4, 40, 2)
        values[y : y + height, x : x + width] = rng.uniform(20, 235)
    return values


@dataclass(frozen=True)
class DrawnImage:
    """A view of the ground whose middle is at PLACE, on a UTM grid of some GSD."""

    values: np.ndarray
    gsd_m: float = 1.0

    def read(self, to_pixel: Affine, shape: tuple[int, int]) -> Patch:
        rows, columns = np.indices(shape) + 0.5
        x = (to_pixel.a * columns + to_pixel.b * rows + to_pixel.c) * self.gsd_m - 0.5
        y = (to_pixel.d * columns + to_pixel.e * rows + to_pixel.f) * self.gsd_m - 0.5
        grey = map_coordinates(self.values, [y, x], order=1, cval=0.0).round()
        valid = (x >= 0) & (y >= 0) & (x <= SIDE - 1) & (y <= SIDE - 1) & (grey > 0)
        return Patch(np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2), valid)

    def grid(self, east_m: float = 0.0, north_m: float = 0.0) -> Grid:
        """Where its delivery says that it lies, wrong by the shift."""
        here = Grid((1, 1), Affine.identity(), UTM).from_world(np.array(PLACE), WGS84)
        left, top = here[0] - SIDE / 2 + east_m, here[1] + SIDE / 2 + north_m
        step = self.gsd_m
        side = round(SIDE / step)
        return Grid((side, side), Affine(step, 0, left, 0, -step, top), UTM)


def reference(image: DrawnImage, *piers: Pier) -> SiteReference:
    windows = [GroundWindow.around(one, WGS84) for one in piers or (pier(-60, -40, 60, 40),)]
    return SiteReference(
        "first",
        tuple(ReferenceWindow("0", one, one.read(image, image.grid())) for one in windows),
    )


def changed(values: np.ndarray, seed: int, share: float) -> np.ndarray:
    """The same ground where patches of `share` of the area show other things."""
    field = gaussian_filter(np.random.default_rng(seed).normal(size=values.shape), 15)
    other = ground(seed + 1000)
    return np.where(field < np.quantile(field, share), other, values)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (8.0, 3.0), (-15.0, 14.5), (27.0, -30.0)])
@pytest.mark.parametrize("gsd_m", [0.5, 0.9])
def test_a_shift_is_found_although_half_of_the_ground_and_its_light_have_changed(shift, gsd_m):
    before = ground(1)
    now = DrawnImage(255 - 0.6 * changed(before, 2, 0.5), gsd_m)
    found = estimate_shift(reference(DrawnImage(before)), now, now.grid(*shift))
    assert found.sure
    (east, north), turn = shift, CONVERGENCE
    true = east * np.cos(turn) + north * np.sin(turn), north * np.cos(turn) - east * np.sin(turn)
    assert (found.east_m, found.north_m) == pytest.approx(true, abs=0.5)


@pytest.mark.parametrize("seed", range(20))
def test_another_place_is_not_aligned(seed):
    here, elsewhere = DrawnImage(ground(seed)), DrawnImage(ground(seed + 500))
    assert not estimate_shift(reference(here), elsewhere, elsewhere.grid()).sure
    mirrored = DrawnImage(np.ascontiguousarray(here.values[:, ::-1]))
    assert not estimate_shift(reference(here), mirrored, mirrored.grid()).sure


def test_a_shift_beyond_the_largest_one_is_not_sure():
    image = DrawnImage(ground(3))
    too_far = image.grid(0.0, MAX_SHIFT_M + 25.0)
    assert not estimate_shift(reference(image), image, too_far).sure


def test_what_is_the_same_along_a_line_gives_no_shift_along_it():
    stripes = np.repeat(np.random.default_rng(4).uniform(30, 220, SIDE // 5), 5)
    image = DrawnImage(np.tile(stripes, (SIDE, 1)))
    assert not estimate_shift(reference(image), image, image.grid(9.0, 0.0)).sure


@pytest.mark.parametrize("value", [0.0, 120.0], ids=["nodata", "one grey"])
def test_an_image_without_anything_to_see_is_not_aligned(value):
    image = DrawnImage(np.full((SIDE, SIDE), value))
    assert not estimate_shift(reference(DrawnImage(ground(5))), image, image.grid()).sure
    assert not estimate_shift(reference(image), image, image.grid()).sure


def test_the_edge_of_what_is_seen_is_no_structure():
    """Cloud masks of both scenes lie on the same pixels; the ground is shifted."""
    before, now = ground(6), np.roll(ground(6), (0, 12), (0, 1))
    hidden = gaussian_filter(np.random.default_rng(7).normal(size=before.shape), 12)
    hidden = hidden > np.quantile(hidden, 0.6)
    images = [DrawnImage(np.where(hidden, 0, values)) for values in (before, now)]
    found = estimate_shift(reference(images[0]), images[1], images[1].grid())
    assert found.sure
    assert (found.east_m, found.north_m) == pytest.approx((12.0, 0.0), abs=0.8)


def test_one_window_that_is_not_seen_leaves_the_decision_to_the_others():
    before = ground(8)
    here = reference(DrawnImage(before), pier(-60, -40, 0, 40), pier(5000, 0, 5100, 60))
    image = DrawnImage(before)
    found = estimate_shift(here, image, image.grid(5.0, 6.0))
    assert found.sure
    assert (found.east_m, found.north_m) == pytest.approx((5.0, 6.0), abs=0.5)


def test_a_window_reaches_around_pier_and_berth():
    berth = to_lonlat(shapely.box(30, -20, 70, 20), PLACE)
    with_berth = Pier("Pier 2", PierRole.EXPORT, pier(-30, -20, 30, 20).outline, berth)
    window = GroundWindow.around(with_berth, WGS84)
    assert window.shape == pytest.approx((40 + 2 * AROUND_M, 100 + 2 * AROUND_M), abs=1.5)
    middle = to_lonlat(shapely.Point(20, 0), PLACE)
    assert (window.longitude, window.latitude) == pytest.approx((middle.x, middle.y), abs=1e-6)


def test_the_window_of_a_pier_across_the_antimeridian_is_not_wider():
    place = (179.9995, 10.0)
    outline = to_lonlat(shapely.box(-60, -40, 160, 40), place)
    assert outline.geom_type == "MultiPolygon"
    window = GroundWindow.around(Pier("Pier 2", PierRole.EXPORT, outline), WGS84)
    assert window.shape == pytest.approx((80 + 2 * AROUND_M, 220 + 2 * AROUND_M), abs=1.5)
    assert abs(window.longitude) > 179.99
