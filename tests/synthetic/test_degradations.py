"""Degradations do what their physics say."""

from __future__ import annotations

import numpy as np
import pytest

from cv.synthetic import degradations as deg
from cv.synthetic.non_scenes import NON_SCENES

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, (160, 200, 3), dtype=np.uint8)
FLAT = np.zeros(IMAGE.shape[:2], np.float32)
GSD = 0.25


def edge_image() -> np.ndarray:
    image = np.zeros((121, 121, 3), np.uint8)
    image[:, 60:] = 240
    return image


def spread_m(image: np.ndarray) -> float:
    """Standard deviation (metres) of the derivative across a vertical edge."""
    line = np.diff(image[60, :, 0].astype(float))
    x = np.arange(len(line))
    middle = (line * x).sum() / line.sum()
    return float(np.sqrt((line * (x - middle) ** 2).sum() / line.sum())) * GSD


def test_a_veil_takes_contrast_in_proportion():
    veiled = deg.blend_scattered_light(IMAGE, 0.75, (0.5, 0.5, 0.5), FLAT)
    assert veiled.std() == pytest.approx(IMAGE.std() / 4, rel=0.02)
    assert np.array_equal(deg.blend_scattered_light(IMAGE, 0.0, (1, 1, 1), FLAT), IMAGE)
    assert (deg.blend_scattered_light(IMAGE, 1.0, (1, 1, 1), FLAT) == 255).all()


def test_a_cloud_field_covers_the_share_that_is_asked_for():
    for cover in (0.2, 0.5, 0.8):
        field = deg.cloud_field(np.random.default_rng(1), (400, 400), GSD, 60, cover, 0.05)
        assert (field > 0).mean() == pytest.approx(cover, abs=0.06)
        assert field.min() == 0
        assert field.max() == 1


def test_exposure_is_a_curve_on_the_signal():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    bright = deg.change_exposure(levels, 2.0)
    assert bright.max() == 255
    assert (bright == 255).mean() == pytest.approx(0.5, abs=0.01)
    assert deg.change_exposure(levels, 0.1).max() == 26
    half = deg.change_exposure(levels, 1.0, gamma=2.0)
    assert half[8, 0, 0] == pytest.approx(255 * (128 / 255) ** 2, abs=1)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_blurs_have_the_spread_that_is_asked_for(sigma):
    edge = edge_image()
    assert spread_m(deg.gaussian_blur(edge, sigma, GSD)) == pytest.approx(sigma, rel=0.05)
    assert spread_m(deg.defocus_blur(edge, 2 * sigma, GSD)) == pytest.approx(sigma, rel=0.12)
    length = sigma * 12**0.5
    assert spread_m(deg.motion_blur(edge, length, 0.0, GSD)) == pytest.approx(sigma, rel=0.15)
    assert spread_m(deg.motion_blur(edge, length, np.pi / 2, GSD)) < 0.2


def test_resampling_leaves_no_detail_below_the_new_gsd():
    for down in deg.KERNELS:
        coarse = deg.resample(IMAGE, 2.0, GSD, down, "nearest")
        blocks = coarse[:160, :200].reshape(20, 8, 25, 8, 3)
        assert (blocks == blocks[:, :1, :, :1]).all(), down


def test_effective_gsd_of_a_sharp_image_is_its_own():
    assert deg.effective_gsd(0.3, 0.0) == 0.3
    assert deg.effective_gsd(0.25, 1.0) == pytest.approx(1.74, abs=0.02)


def test_noise_has_the_deviation_that_is_asked_for():
    grey = np.full((200, 200, 3), 128, np.uint8)
    for grain in (0.0, 1.5):
        noisy = deg.add_noise(grey, 0.05, np.random.default_rng(1), grain)
        assert noisy.std() == pytest.approx(0.05 * 255, rel=0.05)
    speckled = deg.speckle(grey, 25.0, np.random.default_rng(1))
    assert speckled.std() / speckled.mean() == pytest.approx(0.2, rel=0.1)
    lines = deg.stripes(grey, 0.04, 0.0, True, np.random.default_rng(1))
    assert (lines == lines[:1]).all()
    assert lines.std() == pytest.approx(0.04 * 255, rel=0.2)
    dead = deg.dead_lines(grey, 0.1, 2, False, np.random.default_rng(1))
    assert 0.05 < (dead[:, 0, 0] != 128).mean() <= 0.1


def test_snow_hides_colour_on_all_surfaces():
    white = deg.snow_cover(IMAGE, FLAT + 1, 0.9, 0.0, FLAT)
    assert np.ptp(white.reshape(-1, 3), axis=0).max() <= 1
    assert white.mean() == pytest.approx(0.9 * 255, rel=0.02)


def test_bands_move_and_colours_invert():
    moved = deg.shift_bands(IMAGE, ((1.0, 0.0), (0.0, 0.0), (0.0, -0.5)), GSD)
    assert np.array_equal(moved[:, 4:, 0], IMAGE[:, :-4, 0])
    assert np.array_equal(moved[..., 1], IMAGE[..., 1])
    assert np.array_equal(moved[:-2, :, 2], IMAGE[2:, :, 2])
    assert np.array_equal(deg.invert(deg.invert(IMAGE)), IMAGE)
    assert len(np.unique(deg.posterise(IMAGE, 3))) == 3


def test_a_stretch_brings_back_what_haze_compressed():
    hazy = deg.blend_scattered_light(IMAGE, 0.8, (0.7, 0.7, 0.7), FLAT)
    again = deg.stretch_contrast(hazy, deg.percentile_limits(hazy, 1, 99))
    assert again.std() > 0.9 * IMAGE.std()
    assert np.corrcoef(again.ravel(), IMAGE.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("name", NON_SCENES)
def test_pictures_that_are_no_scenes_are_the_same_for_a_seed(name):
    first, again, other = (NON_SCENES[name](np.random.default_rng(s), 128) for s in (1, 1, 2))
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert name == "constant" or not np.array_equal(first, other)
