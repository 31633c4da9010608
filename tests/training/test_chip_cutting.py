"""Large labelled images are cut into chips: pixels and labels stay together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image

from cv.errors import DatasetError, SceneError
from cv.labels.label_formats import read_dataset
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape
from cv.training.chip_cutting import (
    ChipCutting,
    SourceImage,
    cut_dataset,
    cut_image,
    find_sources,
    region_mask,
)

SIDE = 64
CUTTING = ChipCutting(gsd_m=0.5, side_px=SIDE)
BOX = np.array([[50.0, 20], [90, 20], [90, 30], [50, 30]])


def image_of(shapes, split=""):
    return LabelledImage("port.png", (128, 128), tuple(shapes), None, split)


@pytest.fixture
def picture(tmp_path):
    """128 px of grey noise with a bright box, at 0.5 m a pixel."""
    pixels = np.random.default_rng(0).integers(20, 60, (128, 128, 3), np.uint8)
    pixels[20:30, 50:90] = 220
    Image.fromarray(pixels).save(tmp_path / "port.png")
    return tmp_path / "port.png"


def source(picture, shapes, **more):
    return SourceImage(labels=image_of(shapes), path=picture, gsd_m=(0.5, 0.5), **more)


def test_a_box_across_two_chips_is_labelled_where_enough_of_it_is_visible(picture):
    chips = list(cut_image(source(picture, [LabelledShape("container", BOX)]), CUTTING))
    assert [chip.labels.stem for chip in chips] == [
        "port_x0_y0", "port_x64_y0", "port_x0_y64", "port_x64_y64",
    ]  # fmt: skip
    left, right, *others = chips
    assert not left.labels.shapes  # 14 of 40 px
    assert not any(chip.labels.shapes for chip in others)
    (shape,) = right.labels.shapes
    assert shape.outline.min(axis=0) == pytest.approx([0, 20])
    assert shape.outline.max(axis=0) == pytest.approx([26, 30])
    assert (right.image[20:30, :26] == 220).all()


def test_chips_have_the_requested_sampling_distance(picture):
    finer = ChipCutting(gsd_m=0.25, side_px=128)
    chips = list(cut_image(source(picture, [LabelledShape("container", BOX)]), finer))
    (shape,) = (shape for chip in chips for shape in chip.labels.shapes)
    assert len(chips) == 4
    assert np.ptp(shape.outline, axis=0).max() == pytest.approx(52)  # 26 px of 0.5 m
    assert {chip.labels.gsd_m for chip in chips} == {0.25}


def test_what_is_not_labelled_and_what_is_ignored_is_black(picture):
    ignored = LabelledShape("container", BOX, ignore=True)
    region = shapely.box(0, 0, 128, 64)
    chips = list(cut_image(source(picture, [ignored], region=region), CUTTING))
    assert [chip.labels.stem for chip in chips] == ["port_x0_y0", "port_x64_y0"]
    assert not any(chip.labels.shapes for chip in chips)
    assert not chips[1].image[21:29, :25].any()
    assert chips[1].image[35:].all()


def test_a_region_with_a_hole_leaves_the_hole_out():
    region = shapely.box(0, 0, 60, 60) - shapely.box(20, 20, 40, 40)
    mask = region_mask(region, Affine.translation(10, 0), SIDE)
    assert mask[5, 5]
    assert not mask[30, 20]  # pixel 30, 30 of the image
    assert not mask[30, 55]  # beyond pixel 60


def test_a_georeferenced_image_has_its_own_sampling_distance(tmp_path):
    pixels = np.random.default_rng(1).integers(1, 255, (3, 128, 128), np.uint8)
    path = tmp_path / "port.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=128, height=128, count=3, dtype="uint8",
        crs="EPSG:32652", transform=Affine(0.5, 0, 500_000, 0, -0.5, 4_680_000),
        photometric="RGB",
    ) as dataset:  # fmt: skip
        dataset.write(pixels)
    labels = LabelledImage("port.tif", (128, 128), (LabelledShape("container", BOX),), 9.0)
    dataset = LabelledDataset(("container",), (labels,))
    (found,) = find_sources(dataset, {("", "port.tif"): path}, (7.0, 7.0))
    assert found.gsd_m is None
    assert len(list(cut_image(found, CUTTING))) == 4


def test_a_dataset_keeps_splits_and_holds_back_every_nth_chip_of_the_others(picture, tmp_path):
    shapes = [LabelledShape("container", BOX)]
    held_back = replace(image_of(shapes, "val"), name="second/port.png")
    own = SourceImage(labels=held_back, path=picture, gsd_m=(0.5, 0.5))
    both = [source(picture, shapes), own]
    cut_dataset(both, ("container", "hull"), tmp_path / "cut", CUTTING, 4)
    found = {image.name: image.split for image in read_dataset(tmp_path / "cut").images}
    assert list(found.values()).count("val") == 4 + 1
    assert all(split == "val" for name, split in found.items() if name.startswith("second_port_"))
    with pytest.raises(
        DatasetError, match=r"4 chips, val would.*fewer than 5 chips use --val-every 2"
    ):
        cut_dataset(both[:1], ("container",), tmp_path / "out", CUTTING, 5)


def test_what_cannot_be_cut_is_refused(picture, tmp_path):
    small = ChipCutting(gsd_m=4.0, side_px=SIDE)  # a chip of 256 m, an image of 64 m
    with pytest.raises(DatasetError, match="no chip was cut"):
        cut_dataset([source(picture, [])], ("container",), tmp_path / "out", small)
    assert not (tmp_path / "out").exists()
    with pytest.raises(SceneError):
        list(cut_image(SourceImage(labels=image_of([]), path=picture), CUTTING))
    with pytest.raises(DatasetError, match="none of its images"):
        find_sources(LabelledDataset(("container",), (image_of([]),)), {})
