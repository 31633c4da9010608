"""Patches against analytic pictures: a shift of half a pixel would show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from affine import Affine
from rasterio.enums import Resampling
from rasterio.shutil import copy as raster_copy

from cv.geometry.image_patch import Patch
from cv.geometry.oriented_boxes import map_points
from cv.scene.raster_reader import average_blocks
from cv.scene.resampling import (
    SourceWindow,
    _interpolated,
    _warp,
    empty_patch,
    resample_patch,
    source_window,
)
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff

SHAPE = (301, 403)
LINEAR = "limits:0-255"


def centres(shape: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    return np.stack([x, y], axis=-1)


def ramps(points: np.ndarray) -> np.ndarray:
    """Red rises with x, green with y, blue falls with both; 0.5 to 0.8 steps a pixel."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([20 + 0.5437 * x, 15 + 0.7519 * y, 240 - 0.3137 * x - 0.3313 * y])


def waves(points: np.ndarray) -> np.ndarray:
    x, y = points[..., 0], points[..., 1]
    wave = 128 + 100 * np.sin(2 * math.pi * x / 48) * np.cos(2 * math.pi * y / 60)
    return np.stack([wave] * 3)


MAPS = {
    "same": Affine.identity(),
    "shifted by a third": Affine.translation(0.33, 0.66),
    "up": Affine.translation(20, 30) @ Affine.scale(0.4),
    "down a little": Affine.translation(10.2, 5.7) @ Affine.scale(1.2),
    "down": Affine.translation(10.2, 5.7) @ Affine.scale(2.5),
    "down a lot": Affine.translation(11, 17) @ Affine.scale(5.3),
    "flipped": Affine.translation(390, 280) @ Affine.scale(-0.9, -1.1),
    "mirrored": Affine.translation(390, 10) @ Affine.scale(-1.7, 0.6),
    "pixels not square": Affine.translation(5, 5) @ Affine.scale(3.4, 0.8),
    "turned a quarter": Affine(0.0, 1.3, 20.0, -2.2, 0.0, 290.0),
    "rotated": Affine.translation(200, 60) @ Affine.rotation(40) @ Affine.scale(0.9),
    "rotated, down": Affine.translation(200, 60) @ Affine.rotation(40) @ Affine.scale(2.6),
    "sheared": Affine.translation(30, 20) @ Affine.shear(15, 0) @ Affine.scale(1.2, 0.9),
}


@pytest.fixture
def wave_scene(write_tiff: WriteTiff) -> Scene:
    data = waves(centres(SHAPE)).astype(np.float32)
    return Scene.open(write_tiff(data, compress="deflate", tiled=True), radiometry=LINEAR)


def shift(patch: Patch, at: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """By how many pixels x, y of the scene the patch is off, by least squares.

    Averaging weakens the waves, but symmetrically: the third unknown takes that up.
    """
    step = 1e-3
    columns = [
        (waves(at + step * np.array(axis)) - waves(at - step * np.array(axis)))[0] / (2 * step)
        for axis in ((1, 0), (0, 1))
    ]
    truth = waves(at)[0]
    design = np.stack([column[inner] for column in (*columns, truth - 128)], axis=1)
    return np.linalg.lstsq(design, (patch.rgb[..., 0] - truth)[inner], rcond=None)[0][:2]


@pytest.mark.parametrize("name", MAPS)
def test_no_shift(wave_scene: Scene, name: str) -> None:
    to_pixel = MAPS[name]
    patch = wave_scene.read(to_pixel, (60, 70))
    at = map_points(to_pixel, centres((60, 70)))
    size = math.hypot(to_pixel.a, to_pixel.d), math.hypot(to_pixel.b, to_pixel.e)
    reach = 6 * max(1.0, *size)
    inner = np.all((at > reach) & (at < np.array(SHAPE[::-1]) - reach), axis=-1)
    assert inner.sum() > 300
    assert patch.valid_mask[inner].all()
    assert np.abs(shift(patch, at, inner)).max() < 0.02 * min(1.0, *size)


@pytest.mark.parametrize("name", ["same", "shifted by a third", "up", "down a little", "rotated"])
def test_upsampling_interpolates(wave_scene: Scene, name: str) -> None:
    at = map_points(MAPS[name], centres((60, 70)))
    inner = (at > 6).all(axis=-1) & (at < np.array(SHAPE[::-1]) - 6).all(axis=-1)
    error = wave_scene.read(MAPS[name], (60, 70)).rgb[..., 0] - waves(at)[0]
    assert np.abs(error[inner]).max() < 1.5


@pytest.mark.parametrize("factor", [2, 3, 4, 7])
def test_downsampling_averages(write_tiff: WriteTiff, factor: int) -> None:
    data = np.random.default_rng(3).integers(0, 2, (3, 210, 252)).astype(np.uint8) * 200 + 20
    scene = Scene.open(write_tiff(data))
    shape = (210 // factor, 252 // factor)
    patch = scene.read(Affine.scale(factor), shape)
    cut = data[:, : shape[0] * factor, : shape[1] * factor].astype(float)
    means = cut.reshape(3, shape[0], factor, shape[1], factor).mean(axis=(2, 4))
    assert np.abs(np.moveaxis(patch.rgb, 2, 0) - means).max() <= 0.51


def test_a_checkerboard_does_not_alias(write_tiff: WriteTiff) -> None:
    y, x = np.mgrid[0:300, 0:300]
    board = np.where((x + y) % 2, 255, 0).astype(np.uint8)
    scene = Scene.open(write_tiff(np.stack([board] * 3)))
    for factor in (2.0, 2.7, 3.3):
        rgb = scene.read(Affine.translation(30, 30) @ Affine.scale(factor), (50, 50)).rgb
        assert np.abs(rgb.astype(float) - 127.5).max() < 12


def test_overviews_do_not_change_a_patch(write_tiff: WriteTiff) -> None:
    data = ramps(centres(SHAPE)).astype(np.uint8)
    plain = write_tiff(data, "plain.tif")
    cog = plain.with_name("cog.tif")
    raster_copy(plain, cog, driver="COG", blocksize=128, overview_resampling="nearest")
    to_pixel = Affine.scale(4.4)
    one, other = (Scene.open(path).read(to_pixel, (60, 80)) for path in (plain, cog))
    assert np.array_equal(one.rgb, other.rgb)
    assert np.array_equal(one.valid_mask, other.valid_mask)


def test_neighbouring_patches_agree(wave_scene: Scene) -> None:
    to_pixel = Affine.translation(3.7, 4.1) @ Affine.scale(2.3)
    whole = wave_scene.read(to_pixel, (100, 120))
    part = wave_scene.read(to_pixel @ Affine.translation(40, 30), (50, 60))
    assert np.array_equal(part.rgb, whole.rgb[30:80, 40:100])
    assert np.array_equal(part.valid_mask, whole.valid_mask[30:80, 40:100])


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5, 2.0, 3.7])
def test_pixels_beyond_the_raster_are_not_valid(write_tiff: WriteTiff, scale: float) -> None:
    scene = Scene.open(write_tiff(np.full((3, 80, 90), 77, np.uint8)))
    to_pixel = Affine.translation(-30.25, -20.5) @ Affine.scale(scale)
    shape = (round(140 / scale), round(150 / scale))
    patch = scene.read(to_pixel, shape)
    low = map_points(to_pixel, centres(shape) - 0.5)
    high = low + scale
    covered = np.clip(np.minimum(high, (90, 80)) - np.maximum(low, 0), 0, scale) / scale
    share = covered.prod(axis=-1)
    clear_cut = np.abs(share - 0.5) > 0.1
    assert np.array_equal(patch.valid_mask[clear_cut], (share > 0.5)[clear_cut])
    assert (patch.rgb[patch.valid_mask] == 77).all()
    assert (patch.rgb[~patch.valid_mask] == 0).all()


def test_far_from_the_raster(wave_scene: Scene) -> None:
    for to_pixel in (Affine.translation(1e9, 0), Affine.translation(-500, 0), Affine.scale(1e-9)):
        patch = wave_scene.read(to_pixel @ Affine.translation(-100, -100), (30, 40))
        assert patch.rgb.shape == (30, 40, 3)
        assert not patch.valid_mask.any()
    assert not empty_patch((3, 4)).valid_mask.any()


def test_masked_pixels_do_not_bleed(write_tiff: WriteTiff) -> None:
    data = np.full((3, 90, 90), 150, np.float32)
    data[:, 30:60, 30:33] = np.nan
    data[0, 10, 10] = np.inf
    data[:, 70:, 70:] = -9999
    scene = Scene.open(write_tiff(data, nodata=-9999), radiometry=LINEAR)
    for scale in (0.5, 0.8, 1.0, 1.3, 2.0, 2.9):
        patch = scene.read(Affine.scale(scale), (round(90 / scale), round(90 / scale)))
        assert (patch.rgb[patch.valid_mask] == 150).all()
        assert (patch.rgb[~patch.valid_mask] == 0).all()
    patch = scene.read(Affine.identity(), (90, 90))
    assert np.array_equal(patch.valid_mask, np.isfinite(data).all(axis=0) & (data[0] != -9999))


def test_a_valid_pixel_is_valid_by_half_at_least(write_tiff: WriteTiff) -> None:
    rng = np.random.default_rng(5)
    mask = rng.random((80, 80)) < 0.5
    data = np.where(mask, 100, 0).astype(np.uint8)
    scene = Scene.open(write_tiff(np.stack([data] * 3), nodata=0))
    patch = scene.read(Affine.scale(4), (20, 20))
    share = mask.reshape(20, 4, 20, 4).mean(axis=(1, 3))
    assert np.array_equal(patch.valid_mask, share >= 0.5)
    assert (patch.rgb[patch.valid_mask] == 100).all()


def test_one_dark_band_is_not_nodata(write_tiff: WriteTiff) -> None:
    data = np.full((3, 20, 20), 50, np.uint8)
    data[0, 5, 5] = 0
    data[:, 9, 9] = 0
    patch = Scene.open(write_tiff(data, nodata=0)).read(Affine.identity(), (20, 20))
    assert patch.valid_mask[5, 5]
    assert list(patch.rgb[5, 5]) == [0, 50, 50]
    assert not patch.valid_mask[9, 9]
    assert patch.valid_mask.sum() == 399


def test_windows_lie_on_a_fixed_lattice() -> None:
    window = source_window(Affine.translation(101, 57) @ Affine.scale(3.2), (10, 10), (500, 500))
    assert window == SourceWindow(window.x, window.y, window.columns, window.rows, (3, 3))
    assert window.x % 3 == window.y % 3 == 0


@pytest.mark.parametrize("place", [(0, 0), (37, 21), (-9, -14), (380, 290), (-5, 250)])
def test_aligned_pixels_are_copied(write_tiff: WriteTiff, place: tuple[int, int]) -> None:
    data = np.random.default_rng(1).integers(1, 256, (3, *SHAPE)).astype(np.uint8)
    data[:, 100:120, 90:110] = 0
    scene = Scene.open(write_tiff(data, nodata=0))
    to_pixel = Affine.translation(*place)
    patch = scene.read(to_pixel, (60, 70))
    window = source_window(to_pixel, (60, 70), SHAPE)
    assert window is not None
    samples = average_blocks(scene._reader, window, 3, scene._convert)
    slow = resample_patch(samples, ~window.to_pixel @ to_pixel, np.ones((60, 70), np.float32))
    assert np.array_equal(patch.rgb, slow.rgb)
    assert np.array_equal(patch.valid_mask, slow.valid_mask)


@pytest.mark.parametrize("scale", [(0.4, 0.4), (0.83, 0.83), (1.0004, 0.9996), (1.2, 1.9)])
def test_pillow_interpolates_as_gdal_does(scale: tuple[float, float]) -> None:
    values = np.random.default_rng(2).uniform(0, 255, (3, 140, 150)).astype(np.float32)
    step = Affine.translation(6.3, 7.7) @ Affine.scale(*scale)
    quick = _interpolated(values, step, (60, 70))
    assert np.abs(quick - _warp(values, step, (60, 70), Resampling.cubic)).max() < 0.1


@pytest.mark.parametrize("strip_pixels", [1, 1000, 10**6])
@pytest.mark.parametrize("block", [(1, 1), (3, 5), (7, 2)])
def test_a_block_is_the_mean_of_its_valid_pixels(
    write_tiff: WriteTiff,
    monkeypatch: pytest.MonkeyPatch,
    strip_pixels: int,
    block: tuple[int, int],
) -> None:
    """However many rows are read at once, also where blocks reach beyond the raster."""
    monkeypatch.setattr("cv.scene.raster_reader._STRIP_PIXELS", strip_pixels)
    data = np.random.default_rng(3).integers(0, 256, (3, 41, 53)).astype(np.uint8)
    data[:, 10:20, 5:30] = 0
    scene = Scene.open(write_tiff(data, nodata=0))
    columns, rows = 53 // block[0] + 3, 41 // block[1] + 3
    window = SourceWindow(-block[0], -block[1], columns, rows, block)
    samples = average_blocks(scene._reader, window, 3, scene._convert)
    shown = np.zeros((3, rows * block[1], columns * block[0]))
    valid = np.zeros(shown.shape[1:], bool)
    place = np.s_[block[1] : block[1] + 41, block[0] : block[0] + 53]
    valid[place] = (data > 0).any(axis=0)
    shown[(slice(None), *place)] = data
    apart = (rows, block[1], columns, block[0])
    counts = valid.reshape(apart).sum(axis=(1, 3))
    sums = (shown * valid).reshape(3, *apart).sum(axis=(2, 4))
    assert np.allclose(samples.share, counts / (block[0] * block[1]))
    assert np.allclose(samples.values, sums / np.maximum(counts, 1))
