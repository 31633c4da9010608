"""Radiometry: declared, and computed as the formula says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from cv.errors import RadiometryError
from cv.scene.providers.sensor_profiles import PROFILES
from cv.scene.radiometry import PercentileStretch, Radiometry, parse_stretch, reflectance_limits
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff

WHOLE = Affine.identity()


@pytest.mark.parametrize("gamma", [1.0, 1.5])
def test_apply_is_the_formula(gamma: float) -> None:
    radiometry = Radiometry("limits", (1, 2, 3), (0, 100, -50), (1000, 300, 50), gamma)
    values = np.array([[-5, 0, 1, 500, 1000, 2000]] * 3, np.float32)
    expected = [
        [
            math.floor(min(max((v - low) / (high - low), 0), 1) ** (1 / gamma) * 255 + 0.5)
            for v in values[0]
        ]
        for low, high in zip(radiometry.low, radiometry.high, strict=True)
    ]
    assert radiometry.apply(values).tolist() == expected
    assert radiometry.apply(np.array([[np.nan]] * 3)).tolist() == [[0]] * 3


def test_eight_bit_colours_stay_as_they_are(colours: np.ndarray) -> None:
    radiometry = Radiometry("visual", (1, 2, 3), (0, 0, 0), (255, 255, 255))
    assert np.array_equal(radiometry.apply(colours), colours)
    assert np.array_equal(radiometry.apply(colours.astype(np.float32)), colours)


def test_different_radiometries_have_different_summaries() -> None:
    one = Radiometry("limits", (1, 2, 3), (0, 0, 0), (1, 1, 1))
    others = [
        Radiometry("x", (1, 2, 3), (0, 0, 0), (1, 1, 1)),
        Radiometry("limits", (3, 2, 1), (0, 0, 0), (1, 1, 1)),
        Radiometry("limits", (1, 2, 3), (0, 0, 0.5), (1, 1, 1)),
        Radiometry("limits", (1, 2, 3), (0, 0, 0), (1, 2, 1)),
        Radiometry("limits", (1, 2, 3), (0, 0, 0), (1, 1, 1), 1.2),
    ]
    assert len({item.summary for item in [one, *others]}) == 6
    assert one.summary == "limits bands 1,2,3 limits 0-1 0-1 0-1 gamma 1"


@pytest.mark.parametrize(
    ("bands", "low", "high", "gamma"),
    [
        ((1, 2, 3), (5, 0, 0), (5, 1, 1), 1.0),
        ((1, 2, 3), (0, 0, math.nan), (1, 1, 1), 1.0),
        ((1, 2, 3), (0, 0, 0), (1, 1, math.inf), 1.0),
        ((0, 2, 3), (0, 0, 0), (1, 1, 1), 1.0),
        ((1, 2, 3), (0, 0, 0), (1, 1, 1), 0.0),
    ],
)
def test_invalid_limits(
    bands: tuple[int, int, int],
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    gamma: float,
) -> None:
    with pytest.raises(RadiometryError):
        Radiometry("limits", bands, low, high, gamma)


def test_texts() -> None:
    assert parse_stretch("visual") is None
    assert parse_stretch("percentile") == PercentileStretch(0.5, 99.5, ())
    assert parse_stretch("percentile:2-98") == PercentileStretch(2, 98, ())
    assert parse_stretch("percentile:2-98:3,2,1") == PercentileStretch(2, 98, (3, 2, 1))
    assert parse_stretch("percentile:4") == PercentileStretch(0.5, 99.5, (4, 4, 4))
    assert parse_stretch("limits:0-3000") == Radiometry("limits", (), (0,) * 3, (3000,) * 3)
    assert parse_stretch("limits:-1-1,0-2,-3--1.5:3,2,1") == Radiometry(
        "limits", (3, 2, 1), (-1, 0, -3), (1, 2, -1.5)
    )


@pytest.mark.parametrize(
    "text",
    [
        "limits",
        "limits:",
        "limits:5",
        "limits:0-1,0-1",
        "limits:0-1:1,2",
        "limits:0-1:a,b,c",
        "limits:0-1:1,2,3:4",
        "percentile:98-2",
        "percentile:-1-99",
        "percentile:1-2,3-4,5-6",
        "percentile:x",
    ],
)
def test_texts_that_are_refused(text: str) -> None:
    with pytest.raises(RadiometryError) as caught:
        parse_stretch(text)
    assert text in str(caught.value)


ORDER = {1: (0, 0, 0), 3: (0, 1, 2), 4: (2, 1, 0), 8: (5, 3, 1)}


@pytest.mark.parametrize(
    ("name", "bands", "dtype", "order"),
    [
        ("visual", 3, "uint8", (0, 1, 2)),
        ("grey", 1, "uint8", (0, 0, 0)),
        ("planetscope-sr-4b", 4, "uint16", (2, 1, 0)),
        ("planetscope-sr-8b", 8, "uint16", (5, 3, 1)),
        ("skysat-visual", 3, "uint8", (0, 1, 2)),
        ("skysat-sr", 4, "uint16", (2, 1, 0)),
        ("skysat-analytic", 4, "uint16", (2, 1, 0)),
        ("worldview-11bit", 1, "uint16", (0, 0, 0)),
        ("worldview-11bit", 3, "uint16", (0, 1, 2)),
        ("worldview-11bit", 4, "uint16", (2, 1, 0)),
        ("worldview-11bit", 8, "uint16", (4, 2, 1)),
        ("worldview-16bit", 8, "uint16", (4, 2, 1)),
        ("pan-11bit", 1, "uint16", (0, 0, 0)),
        ("pan-16bit", 1, "uint16", (0, 0, 0)),
    ],
)
def test_profiles_pick_their_bands(
    write_tiff: WriteTiff, name: str, bands: int, dtype: str, order: tuple[int, int, int]
) -> None:
    steps = np.arange(1, bands + 1, dtype=float)[:, None, None] / 10 * np.ones((1, 4, 5))
    profile = next(profile for profile in PROFILES if profile.name == name)
    stored = np.round(steps * profile.high).astype(dtype)
    scene = Scene.open(write_tiff(stored), radiometry=name)
    expected = [255 * ((n + 1) / 10) ** (1 / profile.gamma) for n in order]
    rgb = scene.read(WHOLE, (4, 5)).rgb
    assert np.abs(rgb - np.array(expected)).max() <= 0.75
    assert (scene.radiometry.name, scene.radiometry.bands) == (name, tuple(n + 1 for n in order))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_misfit_is_refused(write_tiff: WriteTiff, profile: object) -> None:
    name = getattr(profile, "name")  # noqa: B009
    for data in (np.zeros((2, 4, 5), np.uint16), np.zeros((3, 4, 5), np.float32)):
        with pytest.raises(RadiometryError) as caught:
            Scene.open(write_tiff(data), radiometry=name)
        for part in ("scene.tif", f"{len(data)} band", name, "Declare another"):
            assert part in str(caught.value)


@pytest.mark.parametrize(
    ("bands", "dtype"),
    [(3, "uint16"), (1, "uint16"), (4, "uint16"), (8, "int16"), (3, "float32"), (2, "uint8")],
)
def test_undeclared_values_are_refused(write_tiff: WriteTiff, bands: int, dtype: str) -> None:
    with pytest.raises(RadiometryError, match="without a declared radiometry") as caught:
        Scene.open(write_tiff(np.zeros((bands, 4, 5), dtype)))
    assert all(profile.name in str(caught.value) for profile in PROFILES)


def test_an_unknown_name_is_refused(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    with pytest.raises(RadiometryError, match="'sentinel'"):
        Scene.open(write_tiff(colours), radiometry="sentinel")


def test_bands_beyond_the_last_one(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    path = write_tiff(colours)
    for radiometry in ("limits:0-255:1,2,4", "percentile:5", parse_stretch("limits:0-255:9")):
        with pytest.raises(RadiometryError, match="3 bands; the radiometry"):
            Scene.open(path, radiometry=radiometry)


def test_a_percentile_is_that_of_all_valid_pixels(write_tiff: WriteTiff) -> None:
    data = np.random.default_rng(2).integers(300, 1900, (4, 90, 80)).astype(np.uint16)
    data[:, :, :30] = 0
    path = write_tiff(data, nodata=0)
    scene = Scene.open(path, radiometry="percentile:2-98:3,2,1")
    valid = data[[2, 1, 0], :, 30:].reshape(3, -1)
    low, high = np.percentile(valid, [2, 98], axis=1)
    assert scene.radiometry.name == "percentile:2-98"
    assert scene.radiometry.low == pytest.approx(low)
    assert scene.radiometry.high == pytest.approx(high)
    assert scene.radiometry == Scene.open(path, radiometry="percentile:2-98:3,2,1").radiometry
    # A tile is stretched by the scene's numbers, not by its own.
    tile = scene.read(Affine.translation(40, 40), (10, 10)).rgb
    assert np.array_equal(
        np.moveaxis(tile, 2, 0), scene.radiometry.apply(data[[2, 1, 0], 40:50, 40:50])
    )


def test_percentile_bands(write_tiff: WriteTiff) -> None:
    rng = np.random.default_rng(2)
    data = rng.integers(1, 2000, (4, 20, 20)).astype(np.uint16)
    with pytest.raises(RadiometryError, match="none declared red"):
        Scene.open(write_tiff(data, photometric="MINISBLACK"), radiometry="percentile")
    path = write_tiff(data, photometric="RGB")
    assert Scene.open(path, radiometry="percentile").radiometry.bands == (1, 2, 3)
    for count, bands in ((1, (1, 1, 1)), (3, (1, 2, 3))):
        path = write_tiff(data[:count], photometric="MINISBLACK")
        assert Scene.open(path, radiometry="percentile").radiometry.bands == bands
    assert ColorInterp.undefined.name == "undefined"


def test_a_percentile_of_the_few_valid_pixels_that_a_sample_misses(write_tiff: WriteTiff) -> None:
    data = np.zeros((3, 2051, 2051), np.uint16)
    data[:, 1001, 1001:1003] = [[500, 900]] * 3
    scene = Scene.open(
        write_tiff(data, nodata=0, compress="deflate"), radiometry="percentile:0-100"
    )
    assert (scene.radiometry.low, scene.radiometry.high) == ((500,) * 3, (900,) * 3)


def test_a_percentile_without_valid_pixels(write_tiff: WriteTiff) -> None:
    empty = Scene.open(
        write_tiff(np.zeros((3, 9, 9), np.uint16), nodata=0), radiometry="percentile"
    )
    assert empty.visibility(empty.grid.footprint).fraction == 0
    flat = Scene.open(write_tiff(np.full((1, 9, 9), 7, np.uint16)), radiometry="percentile")
    assert (flat.radiometry.low, flat.radiometry.high) == ((7, 7, 7), (8, 8, 8))


def test_a_declared_order_of_colours_is_used(write_tiff: WriteTiff) -> None:
    path = write_tiff(np.full((3, 9, 9), [[[10]], [[20]], [[30]]], np.uint8), photometric="rgb")
    with rasterio.open(path, "r+") as out:
        out.colorinterp = (ColorInterp.blue, ColorInterp.green, ColorInterp.red)
    for radiometry in (None, "visual", "limits:0-255", "percentile"):
        assert Scene.open(path, radiometry=radiometry).radiometry.bands == (3, 2, 1)
    assert Scene.open(path, radiometry="limits:0-255:1,2,3").radiometry.bands == (1, 2, 3)


def test_limits_without_bands_need_a_file_that_declares_them(write_tiff: WriteTiff) -> None:
    path = write_tiff(np.ones((4, 9, 9), np.uint16), photometric="MINISBLACK")
    with pytest.raises(RadiometryError, match="none declared red"):
        Scene.open(path, radiometry="limits:0-3000")
    with pytest.raises(RadiometryError, match="bands count from 1"):
        Scene.open(path, radiometry="percentile:1-99:0")


REFLECTANCES = st.floats(-0.2, 1.2)


@given(st.floats(1e-5, 0.01), st.floats(-1, 1), st.tuples(REFLECTANCES, REFLECTANCES))
def test_reflectances_become_colours_whatever_their_scale(
    scale: float, offset: float, reflectances: tuple[float, float]
) -> None:
    radiometry = reflectance_limits("r", (1, 2, 3), [scale] * 3, [offset] * 3)
    stored = (np.array(reflectances, np.float64) - offset) / scale
    shown = radiometry.apply(np.stack([stored] * 3))[0]
    expected = 255 * np.clip(np.array(reflectances) / 0.5, 0, 1) ** (1 / 1.5)
    dark = np.array(reflectances) < 0.02  # where the gamma curve is steep
    assert (np.abs(shown - expected)[~dark] <= 1).all()
    assert (np.diff(shown[np.argsort(reflectances)].astype(int)) >= 0).all()


def pan(low: int = 300, high: int = 1900) -> np.ndarray:
    values = np.random.default_rng(2).integers(low, high, (1, 200, 200))
    return values.astype(np.uint16).repeat(3, axis=0)


@pytest.mark.parametrize(
    ("limits", "colour"),
    [("limits:0-0.5", "white"), ("limits:0-255", "white"), ("limits:10000-20000", "black")],
)
def test_a_radiometry_that_hides_everything_is_refused(
    write_tiff: WriteTiff, limits: str, colour: str
) -> None:
    path = write_tiff(pan(), nodata=0)
    scene = Scene.open(path, radiometry=limits)
    with pytest.raises(RadiometryError) as caught:
        scene.check_radiometry(scene.grid.footprint)
    assert f"are {colour}" in caught.value.found
    fitting = caught.value.remedy.split('"')[1]
    better = Scene.open(path, radiometry=fitting)
    better.check_radiometry(better.grid.footprint)
    assert better.radiometry.low == pytest.approx((308,) * 3, abs=8)
    assert better.radiometry.high == pytest.approx((1892,) * 3, abs=8)


def test_only_the_valid_pixels_of_the_region_are_judged(write_tiff: WriteTiff) -> None:
    data = pan(300, 1000)
    data[:, :, 100:] = 60_000
    data[:, :, 60:100] = 0  # a collar, which is not judged
    scene = Scene.open(write_tiff(data), radiometry="limits:0-1200")
    scene.check_radiometry(shapely.box(0, 0, 90, 200))
    scene.check_radiometry(shapely.box(300, 0, 400, 200))
    with pytest.raises(RadiometryError):
        scene.check_radiometry(shapely.box(110, 0, 200, 200))


def test_eight_bits_as_they_are_hide_nothing(write_tiff: WriteTiff) -> None:
    scene = Scene.open(write_tiff(np.zeros((3, 200, 200), np.uint8)))
    scene.check_radiometry(scene.grid.footprint)


@pytest.mark.parametrize(("dtype", "fill"), [("uint16", 0), ("uint16", 65535), ("int16", -9999)])
def test_a_percentile_ignores_fill(write_tiff: WriteTiff, dtype: str, fill: int) -> None:
    data = pan().astype(dtype)
    clean = Scene.open(write_tiff(data), radiometry="percentile").radiometry
    data[:, :, :150] = fill
    filled = Scene.open(write_tiff(data), radiometry="percentile").radiometry
    assert filled.low == pytest.approx(clean.low, abs=10)
    assert filled.high == pytest.approx(clean.high, abs=10)
