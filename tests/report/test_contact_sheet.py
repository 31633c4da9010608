"""Contact sheets: what lies where in the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cv.errors import DatasetError, InputError
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, make_dataset
from cv.report.contact_sheet import draw_contact_sheet

YELLOW, CYAN = (255, 230, 0), (0, 229, 255)
LEFT, TOP, TILE = 20, 84, 400
"""Where the first tile lies in the sheet, pixels."""


def black(path, size, colour=(0, 0, 0)):
    Image.new("RGB", size, colour).save(path)
    return path


def box(kind, x, y, w, h, ignore=False):
    return LabelledShape(
        kind, np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], float), ignore
    )


def near(picture, colour):
    """Where in the sheet a colour is, as a mask."""
    return np.abs(picture.astype(int) - colour).max(axis=2) < 40


def drawn(dataset, pictures, path, **options) -> np.ndarray:
    draw_contact_sheet(dataset, pictures, path, **options)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def one(tmp_path, size, *shapes) -> tuple[LabelledDataset, list[tuple[LabelledImage, Path]]]:
    image = LabelledImage("a.png", size, shapes)
    path = black(tmp_path / "a.png", size)
    return make_dataset([image], "x", ("container", "hull")), [(image, path)]


def test_boxes_lie_where_they_are_in_the_image_in_the_colour_of_their_class(tmp_path):
    shapes = box("container", 20, 40, 50, 10), box("hull", 100, 120, 60, 30)
    picture = drawn(*one(tmp_path, (200, 200), *shapes), tmp_path / "sheet.png")
    tile = picture[TOP : TOP + TILE, LEFT : LEFT + TILE]
    for colour, (x, y, w, h) in ((YELLOW, (20, 40, 50, 10)), (CYAN, (100, 120, 60, 30))):
        rows, columns = np.nonzero(near(tile, colour))
        found = [columns.min(), rows.min(), columns.max(), rows.max()]
        assert found == pytest.approx([2 * x, 2 * y, 2 * (x + w), 2 * (y + h)], abs=2)


def test_a_wide_image_lies_in_the_middle_of_its_tile(tmp_path):
    image = LabelledImage("a.png", (200, 100), (box("container", 0, 0, 200, 100),))
    path = black(tmp_path / "a.png", (200, 100), (90, 90, 90))
    picture = drawn(make_dataset([image], "x"), [(image, path)], tmp_path / "sheet.png")
    grey = near(picture[TOP : TOP + TILE, LEFT : LEFT + TILE], (90, 90, 90))
    rows, _ = np.nonzero(grey)
    assert (rows.min(), rows.max()) == pytest.approx((100, 299), abs=2)


def test_of_a_large_image_the_part_around_an_object_is_shown(tmp_path):
    shapes = (box("hull", 2500, 1800, 80, 40),)
    picture = drawn(*one(tmp_path, (3000, 2000), *shapes), tmp_path / "sheet.png")
    tile = near(picture[TOP : TOP + TILE, LEFT : LEFT + TILE], CYAN)
    rows, columns = np.nonzero(tile)
    assert columns.max() - columns.min() == pytest.approx(40, abs=2)
    assert rows.max() - rows.min() == pytest.approx(20, abs=2)


def test_boxes_that_reach_out_are_cut_at_the_edge_of_the_image(tmp_path):
    picture = drawn(*one(tmp_path, (200, 200), box("hull", 150, 50, 200, 20)), tmp_path / "s.png")
    outside = picture[TOP:, LEFT + TILE + 2 :]
    assert not near(outside, CYAN).any()


def test_another_seed_shows_other_images_and_the_same_the_same(tmp_path):
    pairs = []
    for n in range(9):
        image = LabelledImage(f"{n}.png", (40, 40), ())
        pairs.append((image, black(tmp_path / image.name, (40, 40), (n * 25, 0, 0))))
    dataset = make_dataset([image for image, _ in pairs], "x")
    first, same, other = (
        drawn(dataset, pairs, tmp_path / "s.png", chips=2, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_names_that_look_like_formulas_are_drawn_as_they_are(tmp_path):
    image = LabelledImage("$x^{2$_" + "n" * 80 + ".png", (40, 40), (box("$hull", 1, 1, 9, 9),))
    drawn(
        make_dataset([image], "x"), [(image, black(tmp_path / "a.png", (40, 40)))], tmp_path / "s"
    )


def test_unreadable_images_and_unwritable_paths_raise(tmp_path):
    dataset, pairs = one(tmp_path, (40, 40))
    with pytest.raises(InputError, match="cannot be written"):
        draw_contact_sheet(dataset, pairs, tmp_path / "none" / "s.png")
    pairs[0][1].write_bytes(b"x")
    with pytest.raises(DatasetError, match="unreadable image"):
        draw_contact_sheet(dataset, pairs, tmp_path / "s.png")
