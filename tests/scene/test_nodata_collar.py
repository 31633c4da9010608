"""Undeclared borders are not seen; shadows, roofs and dark bands are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine

from cv.scene.nodata_collar import MIN_COLLAR_M2
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff

SIDE = 200
GSD_M = 0.5
PLACE = Affine(GSD_M, 0, 500_000, 0, -GSD_M, 4_600_000)
LIMITS = "limits:0-255"


def noise(dtype: str) -> np.ndarray:
    """An image (3, SIDE, SIDE) that has neither black nor white in it."""
    values = np.random.default_rng(7).integers(3, 250, (3, SIDE, SIDE))
    return values.astype(dtype)


def seen_part(write_tiff: WriteTiff, data: np.ndarray, **profile: object) -> shapely.Geometry:
    path = write_tiff(data, transform=PLACE, **profile)
    scene = Scene.open(path, radiometry=None if data.dtype == np.uint8 else LIMITS)
    return scene.visibility(scene.grid.footprint).clear


def corner() -> tuple[np.ndarray, shapely.Geometry]:
    """A border as it comes with a turned image: pixels (rows, columns), and the rest's outline."""
    y, x = np.mgrid[:SIDE, :SIDE]
    mask = x + y < 80
    squares = shapely.box(x[~mask], y[~mask], x[~mask] + 1, y[~mask] + 1)
    return mask, shapely.union_all(squares)


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("uint8", 0),
        ("uint8", 255),
        ("uint16", 0),
        ("uint16", 255),
        ("uint16", 65535),
        ("int16", -32768),
        ("int16", -9999),
        ("int16", 255),
        ("float32", 0),
        ("float32", 255),
        ("float32", 65535),
        ("float32", -9999),
        ("float32", -32768),
        ("float32", float(np.finfo(np.float32).min)),
        ("float32", float(np.finfo(np.float32).max)),
    ],
)
def test_a_collar_is_hidden(write_tiff: WriteTiff, dtype: str, fill: float) -> None:
    data, (mask, rest) = noise(dtype), corner()
    data[:, mask] = fill
    clear = seen_part(write_tiff, data)
    assert clear.symmetric_difference(rest).area == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("fill", [0, 255])
def test_a_shadow_or_a_roof_is_not_a_collar(write_tiff: WriteTiff, fill: int) -> None:
    data = noise("uint8")
    side = int((MIN_COLLAR_M2**0.5 - 1) / GSD_M)
    data[:, 50 : 50 + side, 60 : 60 + side] = fill
    assert seen_part(write_tiff, data).area == SIDE * SIDE


def test_a_grey_area_below_white_is_not_a_collar(write_tiff: WriteTiff) -> None:
    data = noise("uint16") * 4
    data[:, :100] = 255
    assert seen_part(write_tiff, data).area == SIDE * SIDE


def test_one_band_may_be_dark(write_tiff: WriteTiff) -> None:
    data = noise("uint8")
    data[0] = 0
    assert seen_part(write_tiff, data).area == SIDE * SIDE


def test_specks_in_a_collar_belong_to_it(write_tiff: WriteTiff) -> None:
    data = noise("uint8")
    data[:, :, :100] = 0
    data[:, 20:23, 40:43] = 9
    assert seen_part(write_tiff, data).area == SIDE * (SIDE - 100)


def test_a_collar_beside_declared_nodata(write_tiff: WriteTiff) -> None:
    data = noise("uint8")
    data[:, :50] = 0
    data[:, :, :40] = 255
    assert seen_part(write_tiff, data, nodata=0).area == (SIDE - 50) * (SIDE - 40)


def test_single_coarse_pixels_are_collars(write_tiff: WriteTiff) -> None:
    data = noise("uint8")
    data[:, 3, 5] = 0
    path = write_tiff(data, transform=Affine(12, 0, 500_000, 0, -12, 4_600_000))
    scene = Scene.open(path)
    assert scene.visibility(scene.grid.footprint).clear.area == SIDE * SIDE - 1
