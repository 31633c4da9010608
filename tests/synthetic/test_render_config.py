"""Settings of the renderer, and the command that renders a dataset."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from cv.cli import main
from cv.rendering.camera_response import Sensor, apply_camera_response
from cv.rendering.canvas import Canvas
from cv.rendering.renderer import RenderedLabel
from cv.rendering.weather import draw_clouds
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD, render_chip
from cv.synthetic.render_config import DEFAULT, SWITCHES

SEED = 2012


def fingerprint(seed: int) -> str:
    chip = render_chip(seed)
    corners = np.array([item.corners for item in chip.labels])
    return hashlib.sha256(chip.image.tobytes() + corners.tobytes()).hexdigest()


def test_a_seed_gives_the_same_bytes_in_another_process_and_order():
    here = [fingerprint(seed) for seed in (5, 6, 7)]
    code = (
        "from cv.synthetic.chip_renderer import render_chip; import hashlib, numpy as np\n"
        "for seed in (7, 6, 5):\n"
        "    chip = render_chip(seed)\n"
        "    corners = np.array([item.corners for item in chip.labels])\n"
        "    print(hashlib.sha256(chip.image.tobytes() + corners.tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == here[::-1]


def test_chips_are_rendered_fast():
    render_chip(0)
    start = time.process_time()
    for seed in range(1, 9):
        render_chip(seed)
    assert (time.process_time() - start) / 8 < 1.2  # seconds: several times what it takes


@pytest.mark.parametrize("switch", ["shadows", "optics", "exposures"])
def test_what_only_concerns_light_and_camera_leaves_the_labels_alone(switch):
    usual = render_chip(SEED, False)
    without = render_chip(SEED, False, DEFAULT.without([switch]))
    assert usual.image.tobytes() != without.image.tobytes()
    assert len(usual.labels) == len(without.labels) > 5
    for one, other in zip(usual.labels, without.labels, strict=True):
        assert np.array_equal(one.corners, other.corners)


def test_without_lean_roofs_stand_over_their_ground():
    config = DEFAULT.without(["lean"])
    moved = [
        float(np.abs(one.corners - other.corners).max())
        for seed in range(2008, 2014)
        for one, other in zip(
            render_chip(seed, False, config).labels, render_chip(seed, False).labels, strict=False
        )
        if one.corners.shape == other.corners.shape
    ]
    assert max(moved) > 3.0  # pixels


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_switch_has_a_chip_that_shows_it(switch):
    config = DEFAULT.without([switch])
    seeds = range(2000, 2060)
    assert any(
        render_chip(s, False).image.tobytes() != render_chip(s, False, config).image.tobytes()
        for s in seeds
    )


def test_dataset_without_shadows_from_the_shell(tmp_path, capsys):
    folder = tmp_path / "chips"
    assert (
        main(
            [
                "datasets",
                "render",
                str(folder),
                "--first",
                "3",
                "--last",
                "4",
                "--without",
                "shadows",
            ]
        )
        == 0
    )
    assert "1 chip, " in capsys.readouterr().out


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_share_of_chips_for_hulls_is_an_option(share, tmp_path):
    assert (
        main(
            [
                "datasets",
                "render",
                str(tmp_path),
                "--first",
                "3",
                "--last",
                "5",
                "--coarse",
                str(share),
            ]
        )
        == 0
    )
    for seed in (3, 4):
        written = cv2.imread(str(next(tmp_path.rglob(f"images/*/{seed:06d}.png"))))
        chip = render_chip(seed, config=replace(DEFAULT, coarse=share))
        assert chip.gsd == (COARSE_GSD if share else FINE_GSD)
        np.testing.assert_array_equal(written[..., ::-1], chip.image)


def test_bare_places_hold_no_container():
    bare = replace(DEFAULT, coarse=0.0, bare=1.0)
    kinds = {o.class_name for s in range(40, 48) for o in render_chip(s, config=bare).labels}
    assert "container" not in kinds
    usual = replace(DEFAULT, coarse=0.0)
    assert any(
        o.class_name == "container"
        for s in range(40, 48)
        for o in render_chip(s, config=usual).labels
    )


def test_chips_of_another_configuration_and_broken_ones_are_refused(tmp_path, capsys):
    command = ["datasets", "render", str(tmp_path), "--first", "3", "--last", "4"]
    assert main(command) == 0
    assert main(command) == 0
    capsys.readouterr()
    assert main([*command, "--without", "shadows"]) == 2
    assert "differs from what would be rendered now" in capsys.readouterr().err
    picture = next(tmp_path.rglob("000003.png"))
    picture.write_bytes(picture.read_bytes()[:2000])
    assert main(command) == 2


def test_nothing_to_render_is_refused(tmp_path, capsys):
    assert main(["datasets", "render", str(tmp_path), "--first", "5", "--last", "5"]) == 2
    assert "0 <= first < last" in capsys.readouterr().err


def test_every_zeroth_chip_cannot_be_held_back(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["datasets", "render", str(tmp_path), "--every", "0"])
    assert "is not a whole number from 1" in capsys.readouterr().err


def test_a_share_of_more_than_all_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["datasets", "render", str(tmp_path), "--coarse", "1.5"])
    assert "not between 0 and 1" in capsys.readouterr().err


def test_stretch_blackens_and_whitens_the_shares_it_names():
    rng = np.random.default_rng(0)
    radiance = rng.uniform(0.1, 0.5, (200, 200, 3)).astype(np.float32)
    canvas = Canvas(40, 40, resolution=0.2, margin=0.0)
    sensor = Sensor(gsd_x=0.2, gsd_y=0.2, blur=0.0, noise=0.0, bits=11, stretch=(2.0, 99.0))
    image = apply_camera_response(radiance, canvas, sensor, rng, (200, 200))
    assert (image == 0).mean() == pytest.approx(0.02, abs=0.012)
    assert (image == 255).mean() == pytest.approx(0.01, abs=0.008)


def test_clouds_hide_labels_where_the_picture_is_white():
    grey = np.full((640, 640, 3), 60, np.uint8)
    spots = [np.array([x, y]) for x in range(20, 620, 40) for y in range(20, 620, 40)]
    square = np.array([[-8, -8], [8, -8], [8, 8], [-8, 8]])
    labels = [
        RenderedLabel(
            class_name="container",
            corners=spot + square,
            visible=1.0,
            aboard=False,
            stack=0,
            tiers=1,
        )
        for spot in spots
    ]
    hidden = clear = 0
    for seed in range(12):
        image, kept = draw_clouds(grey, labels, np.random.default_rng(seed))
        for spot, item in zip(spots, kept, strict=True):
            patch = image[spot[1] - 6 : spot[1] + 6, spot[0] - 6 : spot[0] + 6]
            if item.visible == 0:
                hidden += 1
                assert patch.mean() > 105
            elif item.visible == 1:
                clear += 1
                assert patch.mean() < 190
    assert hidden > 20 < clear
