"""Rendered chips: geometry, labels, visibility, and the dataset on disk."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from cv.errors import InputError
from cv.geometry.container_sizes import WIDTH_M
from cv.labels.dataset_check import check_dataset
from cv.labels.labelled_image import is_rectangle
from cv.labels.outline_edits import visible_part
from cv.labels.yolo_obb import to_yolo_text
from cv.rendering.canvas import Canvas, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints
from cv.rendering.renderer import Sensor, Sun, ViewingAngle, render_picture
from cv.rendering.sunlight import sunlight
from cv.synthetic.chip_dataset import fit_to_image, visible_labels, write_dataset
from cv.synthetic.chip_renderer import CLASSES, render_chip
from cv.synthetic.container_blocks import FEET, ContainerBlock, draw_block, draw_container
from cv.synthetic.render_config import DEFAULT
from cv.synthetic.ships import ShipModel, draw_ship
from cv.synthetic.terrain import draw_ground

PLAIN = Sensor(gsd_x=0.2, gsd_y=0.2, blur=0.0, noise=0.0)
NOON = Sun(azimuth=0.0, elevation=89.0, ambient=1.0)


def blank(side: float = 60.0) -> Canvas:
    return Canvas(side, side, resolution=0.2, margin=10.0)


def paints(seed: int = 0) -> ContainerPaints:
    return ContainerPaints(np.random.default_rng(seed))


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133])
def test_container_covers_its_area(degrees: int) -> None:
    canvas = blank()
    box = draw_container(canvas, np.array([30.0, 30.0]), math.radians(degrees), 40, paints())
    covered = np.count_nonzero(canvas.ids == box.ident) * canvas.resolution**2
    assert covered == pytest.approx(FEET[40] * WIDTH_M, rel=0.08)


@pytest.mark.parametrize("degrees", [7, 30, 83])
def test_label_corners_match_rendered_pixels(degrees: int) -> None:
    canvas = blank()
    canvas.albedo[:] = 0.05
    angle = math.radians(degrees)
    draw_container(canvas, np.array([25.0, 33.0]), angle, 40, paints(), colour=[0.9, 0.9, 0.9])
    view = ViewingAngle(lean_x=0.3, lean_y=-0.2, wall=0.05)
    rng = np.random.default_rng(0)
    image, labels = render_picture(canvas, NOON, view, PLAIN, rng, (300, 300))
    found = cv2.minAreaRect(np.argwhere(image.mean(2) > 60)[:, ::-1].astype(np.float32) + 0.5)
    assert len(labels) == 1
    assert np.allclose(found[0], labels[0].corners.mean(0), atol=0.8)
    assert sorted(found[1]) == pytest.approx([WIDTH_M / 0.2, FEET[40] / 0.2], abs=1.8)


def test_lean_shifts_roofs_by_height_times_tangent() -> None:
    canvas = blank()
    tan = math.tan(math.radians(15))
    box = draw_container(canvas, np.array([30.0, 30.0]), 0.2, 20, paints(), tiers=4)
    upright = render_picture(
        canvas, NOON, ViewingAngle(), PLAIN, np.random.default_rng(0), (300, 300)
    )[1][0]
    leaning = render_picture(
        canvas, NOON, ViewingAngle(tan, 0), PLAIN, np.random.default_rng(0), (300, 300)
    )[1][0]
    moved = (leaning.corners - upright.corners) * 0.2
    assert np.allclose(moved, [[box.height * tan, 0]] * 4)
    assert box.height == pytest.approx(4 * 2.6, abs=0.31)


def test_shadow_falls_opposite_the_sun_as_long_as_its_height_demands() -> None:
    canvas = blank()
    canvas.fill(rectangle([30.0, 30.0], 6, 6, 0.0), [0.5, 0.5, 0.5], 8.0)
    light = sunlight(canvas, Sun(azimuth=90.0, elevation=45.0, ambient=0.2, softness=0.05))
    row = light[round((30 + 10) / 0.2)]
    west = row[round(10 / 0.2) : round((27 + 10) / 0.2)]
    east = row[round((33 + 10) / 0.2) + 5 :]
    dark = np.count_nonzero(west < 0.5) * 0.2
    assert dark == pytest.approx(8.0, abs=0.8)  # 8 m high, sun at 45 degrees
    assert (east > 0.7).all()


def test_visible_share_of_a_half_hidden_roof() -> None:
    canvas = blank()
    draw_container(canvas, np.array([30.0, 30.0]), 0.0, 40, paints())
    half = rectangle([30.0 + FEET[40] / 4, 30.0], FEET[40] / 2, 6, 0.0)
    canvas.add_overhead(half, [0.5, 0.5, 0.5], 12.0)
    labels = render_picture(
        canvas, NOON, ViewingAngle(), PLAIN, np.random.default_rng(0), (300, 300)
    )[1]
    assert labels[0].visible == pytest.approx(0.5, abs=0.06)


def test_roof_in_shadow_stays_visible() -> None:
    canvas = blank()
    draw_container(canvas, np.array([30.0, 30.0]), 0.0, 40, paints(), tiers=1)
    draw_container(canvas, np.array([30.0, 33.0]), 0.0, 40, paints(), tiers=6)
    sun = Sun(azimuth=180.0, elevation=25.0, ambient=0.2)
    labels = render_picture(
        canvas, sun, ViewingAngle(), PLAIN, np.random.default_rng(0), (300, 300)
    )[1]
    assert [item.visible > 0.95 for item in labels] == [True, True]


def test_block_has_one_label_a_slot_and_one_stack() -> None:
    canvas = blank()
    block = ContainerBlock(bays=3, rows=5, fill=1.0, split=0.0, ragged=0.0, tiers=2)
    drawn = draw_block(canvas, np.array([8.0, 10.0]), 0.0, block, paints())
    labels = render_picture(
        canvas, NOON, ViewingAngle(), PLAIN, np.random.default_rng(0), (300, 300)
    )[1]
    assert drawn == len(labels) == 15
    assert {item.stack for item in labels} == {1}
    assert {item.tiers for item in labels} == {2}
    assert not any(item.aboard for item in labels)


def test_containers_on_a_ship_are_aboard_it() -> None:
    canvas = Canvas(240, 240, resolution=0.25)
    ship = ShipModel(
        kind="container",
        length=190,
        beam=28,
        centre=np.array([120.0, 120.0]),
        heading=0.4,
        deck=5.0,
        loaded=1.0,
    )
    hull = draw_ship(canvas, ship, paints(3))
    boxes = [item for item in canvas.placed if item.class_name == "container"]
    assert boxes
    assert all(item.aboard and item.parent == hull.ident for item in boxes)
    edges = np.hypot(*np.diff(hull.corners[:3], axis=0).T)
    assert sorted(edges) == pytest.approx([28, 190])


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    first, again, other = render_chip(11), render_chip(11), render_chip(12)
    assert first.image.tobytes() == again.image.tobytes()
    assert to_yolo_text(visible_labels(first), CLASSES) == to_yolo_text(
        visible_labels(again), CLASSES
    )
    assert first.image.tobytes() != other.image.tobytes()


@pytest.mark.parametrize("coarse", [False, True])
def test_chips_have_their_shape_and_labels_inside(coarse: bool) -> None:
    for seed in range(3):
        chip = render_chip(seed, coarse)
        assert chip.image.shape == (640, 640, 3)
        assert chip.image.dtype == np.uint8
        for item in chip.targets:
            assert (item.corners.mean(0) > 0).all()
            assert (item.corners.mean(0) < 640).all()
            assert 0 < item.visible <= 1
            assert not (coarse and item.class_name == "container")
        for shape in visible_labels(chip).shapes:
            assert is_rectangle(shape.outline)
            middle = shape.outline.mean(0)
            assert (middle > 0).all()
            assert (middle < 640).all()


def test_some_chips_hold_no_container() -> None:
    kinds = [
        any(t.class_name == "container" for t in render_chip(s, False).targets)
        for s in range(50, 80)
    ]
    assert 0 < sum(kinds) < len(kinds)


def test_dataset_on_disk_matches_the_chips(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    done = write_dataset(folder, 22, 25)
    assert done.chips == 3
    assert sorted(p.name for p in (folder / "images" / "val").iterdir()) == ["000023.png"]
    chip = render_chip(24)
    stored = cv2.imread(str(folder / "images" / "train" / "000024.png"))[..., ::-1]
    assert np.array_equal(stored, chip.image)
    text = (folder / "labels" / "train" / "000024.txt").read_text()
    assert text == to_yolo_text(visible_labels(chip), CLASSES)
    assert not check_dataset(folder).errors


def test_ground_covers_everything_and_is_free() -> None:
    canvas = blank()
    draw_ground(canvas, GROUND_MATERIALS["earth"], np.random.default_rng(0))
    assert canvas.is_free(rectangle([30, 30], 20, 20, 0.3))
    assert (canvas.albedo > 0).all()


def test_no_label_is_larger_than_its_chip() -> None:
    """A hull that crosses the chip: its visible part, turned, has a larger upright box."""
    size = (640, 640)
    large = visible_part(rectangle([320, 320], 1200, 90, 0.6), size)
    assert large is not None
    assert np.ptp(large, axis=0).max() > 640 * 1.01
    fits = fit_to_image(large, size)
    assert is_rectangle(fits)
    assert np.ptp(fits, axis=0).max() <= 640 + 1e-9
    small = rectangle([100, 100], 40, 8, 0.6)
    assert np.array_equal(fit_to_image(small, size), small)


def test_chips_of_another_scale_are_not_added_to_a_folder(tmp_path):
    write_dataset(tmp_path, 0, 2, every=2, config=replace(DEFAULT, coarse=1.0))
    before = (tmp_path / "dataset.yaml").read_text()
    assert "gsd_m: 1.2" in before
    for first, every, coarse in ((50, 2, 0.0), (0, 1, 1.0)):
        with pytest.raises(InputError, match="one configuration"):
            write_dataset(tmp_path, first, first + 2, every, config=replace(DEFAULT, coarse=coarse))
    assert (tmp_path / "dataset.yaml").read_text() == before
    write_dataset(tmp_path, 2, 3, every=2, config=replace(DEFAULT, coarse=1.0))
    assert len(list(tmp_path.glob("images/*/*.png"))) == 3


def test_seeds_are_not_negative(tmp_path):
    with pytest.raises(InputError, match="0 <= first"):
        write_dataset(tmp_path / "none", -5, 3)
    assert not (tmp_path / "none").exists()
