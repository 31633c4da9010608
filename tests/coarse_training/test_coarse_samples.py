"""Coarse images and their targets: sums are kept, phases move, turns agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cv.coarse_training.coarse_cameras import random_camera
from cv.coarse_training.coarse_samples import ENLARGEMENT, coarse_sample, taken_sample
from cv.coarse_training.rendered_grounds import (
    GROUND_GSD,
    MIN_ROOF_VISIBLE,
    RenderedGround,
    ground_of,
    write_grounds,
)
from cv.rendering.canvas import Canvas, rectangle
from cv.rendering.materials import ContainerPaints
from cv.rendering.renderer import Sun, ViewingAngle, render_radiance
from cv.rendering.sensor_sampling import PixelAxis, PixelSampler
from cv.synthetic.container_blocks import ContainerBlock, draw_block
from cv.synthetic.container_terminal import draw_terminal_scene
from cv.synthetic.ships import draw_ship, make_ship

SIDE = 96.0
SHOWN = np.array([20.0, 24.0])


@pytest.fixture(scope="module")
def ground():
    """Two blocks of one tier on land, 18 containers of 40 ft and 4 of 20 ft, and a ship."""
    rng = np.random.default_rng(5)
    canvas = Canvas(SIDE, SIDE, resolution=GROUND_GSD, margin=6.0)
    paints = ContainerPaints(rng)
    block = ContainerBlock(
        bays=3, rows=6, feet=40, tiers=1, ragged=0, fill=1, split=0, max_tiers=1, gap_across=0.4
    )
    draw_block(canvas, SHOWN, 0.3, block, paints)
    block = replace(block, bays=2, rows=2, feet=20)
    draw_block(canvas, np.array([20.0, 70.0]), 0.0, block, paints)
    draw_ship(canvas, make_ship(rng, "tanker", 50.0, np.array([60.0, 70.0]), 0.2), paints)
    view = ViewingAngle()
    light, idents = render_radiance(canvas, Sun(120.0, 50.0), view)
    return ground_of(canvas, light, idents, view)


def camera(gsd_m=3.0):
    drawn = random_camera(np.random.default_rng(1))
    return replace(drawn, gsd_m=gsd_m, band_shifts=np.zeros((3, 2)), veil=0.0)


def taken(ground, gsd_m=3.0, phase=0.0, number=32):
    axis = PixelAxis(number, gsd_m / GROUND_GSD, phase * gsd_m / GROUND_GSD)
    return taken_sample(ground, camera(gsd_m), axis, axis, np.random.default_rng(2))


def test_weights_keep_sums_at_any_phase_and_blur():
    rng = np.random.default_rng(0)
    raster = np.zeros((80, 90))
    raster[30:50, 30:60] = rng.random((20, 30))
    for start, sigma in ((0.0, 0.0), (1.7, 0.0), (-3.3, 0.0), (2.4, 2.2)):
        rows, columns = PixelAxis(14, 6.1, start), PixelAxis(15, 6.1, start)
        sums = PixelSampler(rows, columns, raster.shape, sigma).sums(raster)
        assert sums.sum() == pytest.approx(raster.sum(), rel=1e-4)


def test_a_phase_moves_what_is_seen():
    raster = np.zeros((60, 60))
    raster[20:30, 20:30] = 1
    centres = []
    for start in (0.0, 2.0):
        axis = PixelAxis(9, 6.0, start)
        seen = PixelSampler(axis, axis, raster.shape, 3.0).means(raster)
        centres.append((seen * (np.arange(9) + 0.5)).sum() / seen.sum() * 6.0 + start)
    assert centres == pytest.approx([25.0, 25.0], abs=0.05)


def test_blur_has_the_deviation_that_is_stated():
    raster = np.zeros((101, 101))
    raster[50, 50] = 1
    axis = PixelAxis(101, 1.0, 0.0)
    seen = PixelSampler(axis, axis, raster.shape, 4.0).sums(raster)
    variance = (seen.sum(0) * (np.arange(101) - 50) ** 2).sum()
    # besides the optics, the fine and the coarse pixel's squares
    assert variance == pytest.approx(16 + 2 / 12, rel=0.01)


@pytest.mark.parametrize(("gsd_m", "phase"), [(3.0, 0.0), (2.8, 0.4), (6.5, -0.3), (9.7, 0.1)])
def test_teu_and_areas_are_kept_at_any_scale_and_phase(ground, gsd_m, phase):
    targets = taken(ground, gsd_m, phase, int(SIDE / gsd_m) + 1).targets
    assert targets.teu_ashore.sum() == pytest.approx(18 * 2 + 4, rel=0.01)
    assert targets.teu_aboard.sum() == 0
    cell = (gsd_m / ENLARGEMENT) ** 2
    roofs = 18 * 12.19 * 2.44 + 4 * 6.06 * 2.44
    assert targets.cover_ashore.sum() * cell == pytest.approx(roofs, rel=0.06)
    ship = np.hypot(*(ground.hulls[0, 1] - ground.hulls[0, 0])) * np.hypot(
        *(ground.hulls[0, 3] - ground.hulls[0, 0])
    )
    area = targets.hull.sum() * cell / GROUND_GSD**2
    assert area == pytest.approx(ship, rel=0.02)
    assert 0 < targets.core.sum() < 0.5 * targets.hull.sum()


def test_teu_lie_where_the_containers_stand(ground):
    targets = taken(ground).targets
    y, x = np.indices(targets.teu_ashore.shape) + 0.5
    inside = (x < 64) & (y < 64)
    middle = np.array([(field * targets.teu_ashore)[inside].sum() for field in (x, y)])
    middle /= targets.teu_ashore[inside].sum()
    block = ContainerBlock(bays=3, rows=6, feet=40, gap_across=0.4)
    half = np.array(block.size) / 2
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    assert middle == pytest.approx(SHOWN + turn @ half, abs=0.5)  # cells of a metre


def test_direction_is_that_of_the_hull(ground):
    targets = taken(ground).targets
    twice = np.arctan2(targets.sin.sum(), targets.cos.sum())
    assert twice == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize(("quarters", "mirror"), [(1, False), (2, False), (3, True), (0, True)])
def test_a_turned_sample_is_that_of_turned_ground(ground, quarters, mirror):
    turned = taken(ground).turned(quarters, mirror)
    angle = 0.2 - quarters * np.pi / 2  # counter-clockwise as seen; y points down
    angle = np.pi - angle if mirror else angle
    twice = np.arctan2(turned.targets.sin.sum(), turned.targets.cos.sum())
    assert np.exp(1j * twice) == pytest.approx(np.exp(2j * angle), abs=1e-3)
    assert turned.targets.teu_ashore.sum() == pytest.approx(taken(ground).targets.teu_ashore.sum())


def test_hidden_containers_have_no_teu():
    canvas = Canvas(60.0, 60.0, resolution=GROUND_GSD, margin=6.0)
    paints = ContainerPaints(np.random.default_rng(0))
    block = ContainerBlock(bays=1, rows=4, feet=40, tiers=1, ragged=0, fill=1, split=0, max_tiers=1)
    draw_block(canvas, np.array([20.0, 20.0]), 0.0, block, paints)
    roof = canvas.placed[0].corners.mean(0)
    canvas.fill(rectangle(roof, 13.0, 2.6, 0.0), [0.5, 0.5, 0.5], 5.0)
    view = ViewingAngle()
    light, idents = render_radiance(canvas, Sun(120.0, 50.0), view)
    teu = ground_of(canvas, light, idents, view).teu
    assert MIN_ROOF_VISIBLE > 0
    assert teu.tolist() == [0.0, 2.0, 2.0, 2.0]


def test_grounds_are_written_once_and_read_back(tmp_path, monkeypatch, ground):
    rendered = []

    def render(seed):
        rendered.append(seed)
        return ground

    monkeypatch.setattr("cv.coarse_training.rendered_grounds.render_ground", render)
    write_grounds(tmp_path, 3, 2)
    paths = write_grounds(tmp_path, 3, 3)
    assert rendered == [3, 4, 5]
    again = RenderedGround.load(paths[0])
    for name, value in vars(ground).items():
        assert np.array_equal(getattr(again, name), value), name
    assert np.abs(again.light**0.5 * 255 - again.pixels).max() < 1


def test_terminals_hold_yards_of_many_containers():
    numbers = []
    for seed in range(6):
        canvas = Canvas(300.0, 300.0, resolution=0.8, margin=12.0)
        draw_terminal_scene(canvas, np.random.default_rng(seed))
        numbers.append(sum(i.class_name == "container" and not i.aboard for i in canvas.placed))
    assert max(numbers) > 200
    assert min(numbers) < 60


def test_samples_of_one_seed_are_the_same(ground):
    wide = replace(camera(), gsd_m=2.7)
    first, again = (coarse_sample(ground, wide, 32, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.targets.teu_ashore, again.targets.teu_ashore)
