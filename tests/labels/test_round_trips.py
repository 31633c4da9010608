"""Datasets that are written and read again are the same, within 0.01 px."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import coco, dota, geojson, label_formats, yolo_obb
from cv.labels.label_files import LabelText
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, make_dataset
from cv.labels.outline_edits import signed_area
from tests.fixtures.label_files import noise, turned, upright, world_geojson, yolo_folder

TOLERANCE_PX = 0.01
CLASSES = ("container", "hull", "Größe 20 ft")
DOTA_CLASSES = ("container", "hull", "Größe")


@st.composite
def outlines(draw, width, height):
    """A rotated box in any order of corners, also partly outside; sometimes a quadrilateral."""
    middle = draw(st.floats(-40, width + 40)), draw(st.floats(-40, height + 40))
    w, h = draw(st.floats(0.5, 3000)), draw(st.floats(0.5, 3000))
    box = upright(middle[0] - w / 2, middle[1] - h / 2, w, h)
    corners = turned(box, draw(st.floats(-720, 720)), "center")
    if draw(st.booleans()):
        corners = corners[::-1]
    corners = np.roll(corners, draw(st.integers(0, 3)), axis=0)
    if draw(st.integers(0, 4)) == 0:
        shift = draw(st.lists(st.floats(-0.2, 0.2), min_size=8, max_size=8))
        corners = corners + np.reshape(shift, (4, 2)) * min(w, h)
    return corners


@st.composite
def images(draw, classes=CLASSES, name="a/b c.png"):
    width, height = draw(st.integers(1, 20000)), draw(st.integers(1, 20000))
    rings = draw(st.lists(outlines(width, height), max_size=6))
    shapes = tuple(
        LabelledShape(draw(st.sampled_from(classes)), ring, draw(st.booleans())) for ring in rings
    )
    gsd = draw(st.none() | st.floats(0.01, 30))
    return LabelledImage(name, (width, height), shapes, gsd)


def assert_same(left: LabelledImage, right: LabelledImage, ordered: bool = True) -> None:
    assert [s.kind for s in left.shapes] == [s.kind for s in right.shapes]
    for one, other in zip(left.shapes, right.shapes, strict=True):
        if ordered:
            assert np.abs(one.outline - other.outline).max() <= TOLERANCE_PX
        else:
            turns = [
                np.roll(ring, k, axis=0)
                for ring in (other.outline, other.outline[::-1])
                for k in range(4)
            ]
            assert min(np.abs(one.outline - turn).max() for turn in turns) <= TOLERANCE_PX


@given(images())
def test_yolo_obb(image):
    kept = replace(image, shapes=tuple(s for s in image.shapes if not s.ignore))
    text = yolo_obb.to_yolo_text(image, CLASSES)
    again = yolo_obb.parse(LabelText("a.txt", text), image.size, CLASSES)
    assert_same(kept, replace(kept, shapes=again))


@given(images(DOTA_CLASSES))
def test_dota(image):
    again = dota.parse(LabelText("a.txt", dota.to_dota_text(image)), image.name)
    assert_same(image, again)
    assert [s.ignore for s in again.shapes] == [s.ignore for s in image.shapes]
    assert again.gsd_m == image.gsd_m


@given(images(), images(name="other.png"))
def test_coco(first, second):
    dataset = LabelledDataset(CLASSES, (first, replace(second, split="val")))
    again = coco.parse(LabelText("a.json", coco.to_coco_json(dataset)))
    assert tuple(again.classes) == CLASSES
    for left, right in zip(dataset.images, again.images, strict=True):
        assert_same(left, right)
        assert (left.name, left.size, left.split) == (right.name, right.size, right.split)
        assert left.gsd_m == right.gsd_m
        assert [s.ignore for s in left.shapes] == [s.ignore for s in right.shapes]


@given(images())
def test_rotated_box_of_coco_is_the_same_rectangle(image):
    """Read by detectron2's own formula, written here independently."""
    record = json.loads(coco.to_coco_json(LabelledDataset(CLASSES, (image,))))
    for annotation, shape in zip(record["annotations"], image.shapes, strict=True):
        low, high = shape.outline.min(axis=0), shape.outline.max(axis=0)
        assert annotation["bbox"] == pytest.approx([*low, *(high - low)], abs=1e-4)
        assert annotation["area"] == pytest.approx(shapely.Polygon(shape.outline).area, abs=1e-3)
        if "rotated_box" not in annotation:
            continue
        cx, cy, w, h, angle = annotation["rotated_box"]
        theta = math.radians(angle)
        corners = []
        for dx, dy in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)):
            y = math.cos(theta) * dy - math.sin(theta) * dx + cy
            x = math.sin(theta) * dy + math.cos(theta) * dx + cx
            corners.append([x, y])
        rotated = replace(shape, outline=np.array(corners))
        kept = replace(image, shapes=(shape,))
        if np.abs(shape.outline).max() < 1e5:
            slack = replace(image, shapes=(rotated,))
            assert_nearly(kept, slack)


def assert_nearly(left: LabelledImage, right: LabelledImage) -> None:
    """A quadrilateral within 0.01 px of a rectangle may differ from it by twice as much."""
    one, other = left.shapes[0].outline, right.shapes[0].outline
    turns = [np.roll(ring, k, axis=0) for ring in (other, other[::-1]) for k in range(4)]
    assert min(np.abs(one - turn).max() for turn in turns) <= 2 * TOLERANCE_PX


@given(images(), images(name="other.png"))
@settings(max_examples=50)
def test_geojson_in_pixels(first, second):
    dataset = LabelledDataset(CLASSES, (first, replace(second, split="val")))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.geojson"
        geojson.write_geojson(dataset, path)
        again = label_formats.read_dataset(path)
    assert tuple(again.classes) == CLASSES
    for left, right in zip(dataset.images, again.images, strict=True):
        assert_same(left, right)
        assert (left.name, left.size, left.split) == (right.name, right.size, right.split)
        assert left.gsd_m == right.gsd_m


GRIDS = {
    "UTM": Grid((20000, 20000), Affine(0.1, 0, 5e5, 0, -0.1, 4.6e6), CRS.from_epsg(32652)),
    "turned": Grid((20000, 20000), Affine(0.2, 0.1, 5e5, 0.1, -0.2, 4.6e6), CRS.from_epsg(32652)),
    "RD": Grid((1460, 1088), Affine(0.25, 0, 62000, 0, -0.25, 444000), CRS.from_epsg(28992)),
    "degrees": Grid((9000, 9000), Affine(3e-6, 0, 130.2, 0, -3e-6, 42.2), CRS.from_epsg(4326)),
    "antimeridian": Grid((900, 900), Affine(3e-6, 0, 179.9995, 0, -3e-6, 2), CRS.from_epsg(4326)),
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("in_crs", [False, True])
@given(image=images())
@example(image=LabelledImage("a.png", (9, 9), ()))
@settings(max_examples=25, deadline=None)
def test_geojson_in_world_coordinates(image, name, in_crs):
    """Written with pyproj alone; antimeridian: longitudes beyond 180 degrees."""
    grid = GRIDS[name]
    epsg = int(grid.crs.to_epsg() or 0)
    rings = [shape.outline for shape in image.shapes if shapely.Polygon(shape.outline).is_valid]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.geojson"
        world_geojson(path, grid.transform, rings, epsg if in_crs else None, epsg)
        (again,) = label_formats.read_dataset(path, grid).images
        (named,) = label_formats.read_dataset(path, grid, Path(folder) / "scene.tif").images
        with pytest.raises(DatasetError, match="coordinates in the world"):
            label_formats.read_dataset(path)
    assert (again.name, named.name) == ("a", "scene.tif")
    assert again.size == named.size == (grid.shape[1], grid.shape[0])
    shapes = tuple(LabelledShape("container", ring) for ring in rings)
    assert_same(replace(image, shapes=shapes), again, ordered=False)
    assert all(signed_area(shape.outline) > 0 for shape in again.shapes)


def test_a_whole_yolo_dataset(tmp_path):
    first = yolo_obb.read_yolo(yolo_folder(tmp_path / "one") / "dataset.yaml")
    noise(tmp_path / "one" / "images" / "val" / "empty.png", 9)
    with pytest.raises(DatasetError, match=r"no label file empty\.txt"):
        yolo_obb.read_yolo(tmp_path / "one" / "dataset.yaml")
    (tmp_path / "one" / "labels" / "val" / "empty.txt").touch()
    first = yolo_obb.read_yolo(tmp_path / "one" / "dataset.yaml")

    def source(image):
        return tmp_path / "one" / "images" / image.split / image.name

    yolo_obb.write_yolo(first, tmp_path / "two", source)
    again = yolo_obb.read_yolo(tmp_path / "two" / "dataset.yaml")
    assert again.classes == first.classes == ("container", "hull")
    assert [(i.split, i.name, i.size) for i in again.images] == [
        (i.split, i.name, i.size) for i in first.images
    ]
    assert [len(i.shapes) for i in again.images] == [1, 1, 1, 0]
    assert (tmp_path / "two/labels/val/empty.txt").read_text() == ""
    with pytest.raises(DatasetError, match="it exists already"):
        yolo_obb.write_yolo(first, tmp_path / "two")


def test_a_whole_dota_dataset(tmp_path):
    shape = LabelledShape("hull", np.array([[1, 2], [9, 2], [9, 5], [1, 5.0]]), ignore=True)
    images = [
        LabelledImage("a.png", None, (shape,), 0.3, "train"),
        LabelledImage("b.png", None, (), None, "val"),
    ]
    dota.write_dota(make_dataset(images, "x"), tmp_path / "out")
    noise(tmp_path / "out/train/images/a.png", 1)
    again = dota.read_dota(tmp_path / "out")
    assert [(i.name, i.size, i.split) for i in again.images] == [
        ("a.png", (64, 48), "train"),
        ("b", None, "val"),
    ]
    assert again.images[0].gsd_m == 0.3
    assert again.images[0].shapes[0].ignore


@pytest.mark.parametrize(("kind", "corners"), [("two words", 4), ("hull", 5)])
def test_shapes_that_dota_cannot_hold_are_refused(kind, corners):
    ring = np.array([[0, 0], [4, 0], [5, 2], [4, 4], [0, 4.0]])[-corners:]
    with pytest.raises(DatasetError, match="four corners and class names without spaces"):
        dota.to_dota_text(LabelledImage("a.png", None, (LabelledShape(kind, ring),)))
