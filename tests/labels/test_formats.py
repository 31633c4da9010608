"""Which image belongs to which labels, and what a reader refuses rather than guesses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import coco, dota, geojson, label_formats, yolo_obb
from cv.labels.dataset_check import check_dataset
from cv.labels.label_files import LabelText
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, make_dataset
from cv.labels.outline_edits import rectangle_around, with_classes
from tests.fixtures.label_files import noise, upright, world_geojson

SQUARE = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]
GRID = Grid((400, 600), Affine(0.25, 0, 62000, 0, -0.25, 444000), CRS.from_epsg(28992))


def image(name: str, split: str = "", kinds: tuple[str, ...] = ()) -> LabelledImage:
    ring = np.array(SQUARE[:4], dtype=float)
    return LabelledImage(name, None, tuple(LabelledShape(k, ring) for k in kinds), split=split)


@pytest.mark.parametrize(
    ("name", "split", "found"),
    [
        ("a.png", "train", "train/a.png"),
        ("a.png", "val", "val/a.png"),
        ("a.png", "", None),  # it may be either
        ("b.png", "", "train/b.png"),
        ("folder/b.png", "train", "train/b.png"),
        ("b.png", "val", None),  # never an image of another split
        ("b", "train", "train/b.png"),
        ("b.tif", "train", None),  # never an image of another type
        ("twice.png", "", None),
        ("x/twice.png", "", "x/twice.png"),
    ],
)
def test_an_image_is_found_only_where_it_is_certain(name, split, found):
    paths = {("train", "a.png"): Path("train/a.png"), ("val", "a.png"): Path("val/a.png")}
    paths |= {("train", "b.png"): Path("train/b.png")}
    paths |= {("", f"{folder}/twice.png"): Path(folder, "twice.png") for folder in "xy"}
    if not split and name[0] in "ab":
        paths = {("", path.as_posix()): path for path in paths.values()}
    assert label_formats.find_image(image(name, split), paths) == (Path(found) if found else None)


def test_sizes_and_endings_come_from_the_images_and_another_size_is_refused(tmp_path):
    paths = {("", "a.png"): noise(tmp_path / "a.png", 1, (30, 20))}
    dataset = LabelledDataset((), (image("a"), image("missing")))
    done = label_formats.complete_from_images(dataset, paths)
    assert [(i.name, i.size) for i in done.images] == [("a.png", (30, 20)), ("missing", None)]
    wrong = LabelledDataset((), (replace(image("a.png"), size=(20, 30)),))
    with pytest.raises(DatasetError, match=r"30 x 20 px, but its labels are for \(20, 30\) px"):
        label_formats.complete_from_images(wrong, paths)


def test_missing_images_are_named_with_those_that_are_there(tmp_path):
    text = json.dumps(
        {
            "images": [{"id": 1, "file_name": "scene_1.png"}],
            "categories": [{"id": 1, "name": "hull"}],
            "annotations": [],
        }
    )
    (tmp_path / "a.json").write_text(text)
    noise(tmp_path / "images" / "scene-1.png", 1)
    report = check_dataset(tmp_path / "a.json")
    assert report.errors == 1
    (error,) = [finding.text for finding in report.findings if finding.rule == "image"]
    assert error == "its image is not there: expected scene_1.png; found scene-1.png"
    many = [image(f"{number}.png") for number in range(5)]
    assert label_formats.describe_missing(many, {}) == (
        "expected 0.png, 1.png, 2.png, ...; found no image"
    )


def test_classes_are_put_in_order_and_never_mixed_up():
    dataset = make_dataset([image("a.png", kinds=("Ship", "container", "ship"))], "x")
    done = with_classes(dataset, ("container", "SHIP", "crane"))
    assert done.classes == ("container", "SHIP", "crane")
    assert [shape.kind for shape in done.images[0].shapes] == ["SHIP", "container", "SHIP"]
    with pytest.raises(DatasetError, match="objects are of class Ship, ship"):
        with_classes(dataset, ("container",))
    for twice in (("ship", "Ship", "container"), ("container", "", "ship")):
        with pytest.raises(DatasetError, match="each class has a name of its own"):
            with_classes(dataset, twice)


@pytest.mark.parametrize("sense", [1, -1])
def test_rings_of_either_sense_are_the_same_object(tmp_path, sense):
    ring = np.array([[10.0, 10], [58, 12], [57.4, 21], [9.4, 19]])[::sense]
    path = world_geojson(tmp_path / "a.geojson", GRID.transform, [ring], 28992, 28992)
    record = json.loads(path.read_text())
    if sense == -1:
        (coordinates,) = record["features"][0]["geometry"]["coordinates"]
        record["features"][0]["geometry"]["coordinates"] = [coordinates[::-1]]
        path.write_text(json.dumps(record))
    report = check_dataset(path, grid=GRID, scene=Path("scene.tif"))
    assert report.errors == 0
    assert not [f for f in report.findings if f.rule == "images"]


def test_the_gsd_of_labels_on_the_ground_is_that_of_their_image(tmp_path):
    ring = np.array([[10.0, 10], [58, 10], [58, 20], [10, 20]])
    path = world_geojson(tmp_path / "a.geojson", GRID.transform, [ring], None, 28992)
    report = check_dataset(path, grid=GRID, scene=Path("scene.tif"))
    assert report.totals.gsd_m == pytest.approx(GRID.transform.a, rel=2e-3)
    assert "gsd" not in {finding.rule for finding in report.findings}


def test_labels_of_another_place_are_errors_not_objects(tmp_path):
    ring = np.array([[10.0, 10], [58, 10], [58, 20], [10, 20]]) + 5000
    path = world_geojson(tmp_path / "a.geojson", GRID.transform, [ring], None, 28992)
    report = check_dataset(path, grid=GRID, scene=Path("scene.tif"))
    assert [f.rule for f in report.findings if f.severity.value == "error"] == ["outside"]


def test_several_files_cannot_be_of_one_scene(tmp_path):
    for name in ("a", "b"):
        world_geojson(tmp_path / f"{name}.geojson", GRID.transform, [], None, 28992)
    with pytest.raises(DatasetError, match=r"two images are named 'scene\.tif'"):
        label_formats.read_dataset(tmp_path, GRID, Path("scene.tif"))


def feature_text(geometry: object, **properties: object) -> LabelText:
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    return LabelText("a", json.dumps({"type": "FeatureCollection", "features": [feature]}))


@pytest.mark.parametrize("key", ["class", "label", "name"])
def test_multipolygons_of_one_part_are_outlines(key):
    geometry = {"type": "MultiPolygon", "coordinates": [[SQUARE, [[1, 1], [2, 1], [2, 2], [1, 1]]]]}
    in_metres = {"crs": {"type": "name", "properties": {"name": "EPSG:28992"}}}
    text = json.dumps({**json.loads(feature_text(geometry, **{key: "hull"}).text), **in_metres})
    (found,) = geojson.parse(LabelText("a", text), GRID).images[0].shapes
    assert found.kind == "hull"
    assert len(found.outline) == 4  # without the hole
    assert shapely.Polygon(found.outline).area == pytest.approx(81 / 0.25**2)


@pytest.mark.parametrize(
    ("geometry", "skipped"),
    [
        (None, "none"),
        ({"type": "Point", "coordinates": [1, 2]}, "Point"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE]] * 2}, "MultiPolygon"),
    ],
)
def test_what_is_no_outline_is_reported_as_left_out(geometry, skipped):
    parsed = geojson.parse(feature_text(geometry, **{"class": "hull"}), GRID)
    assert parsed.skipped == (f"features of type {skipped!r}",)
    assert len(parsed) == 0


@pytest.mark.parametrize(
    ("geometry", "properties", "text"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE]}, {}, '"class" is missing'),
        ({"type": "Polygon", "coordinates": [SQUARE[:4]]}, {"class": "a"}, "an invalid geometry"),
        ({"type": "Polygon", "coordinates": [["x"]]}, {"class": "a"}, "an invalid geometry"),
        ({"type": "Polygon", "coordinates": []}, {"class": "a"}, "an outline of 0 points"),
    ],
)
def test_features_that_cannot_be_counted_are_refused(geometry, properties, text):
    with pytest.raises(DatasetError, match=text):
        geojson.parse(feature_text(geometry, **properties), GRID)


def test_an_unknown_crs_is_refused():
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:1"}}, "features": []}
    with pytest.raises(DatasetError, match="a CRS that PROJ knows"):
        geojson.parse(LabelText("a", json.dumps({"type": "FeatureCollection", **crs})), GRID)


def coco_text(**changes: object) -> LabelText:
    record = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "hull"}],
        "annotations": [],
    }
    return LabelText("a.json", json.dumps({**record, **changes}))


def test_several_polygons_of_one_object_are_one_outline():
    parts = [[0, 0, 4, 0, 4, 2, 0, 2], [6, 0, 9, 0, 9, 2, 6, 2]]
    annotation = {"image_id": 1, "category_id": 1, "segmentation": parts}
    (shape,) = coco.parse(coco_text(annotations=[annotation])).images[0].shapes
    assert shapely.Polygon(shape.outline).equals(upright(0, 0, 9, 2))


@pytest.mark.parametrize("ids", [(1, 1), (None, 1), ([1], 1)])
def test_images_of_one_id_are_refused(ids):
    images = [{"id": i, "file_name": f"{n}.png"} for n, i in enumerate(ids)]
    with pytest.raises(DatasetError, match="each id is a number of its own"):
        coco.parse(coco_text(images=images))


@pytest.mark.parametrize("write", [yolo_obb.write_yolo, dota.write_dota])
def test_images_that_would_share_a_label_file_are_refused(tmp_path, write):
    dataset = make_dataset([image("a.png", "train"), image("a.jpg", "train")], "x")
    with pytest.raises(DatasetError, match=r"a\.jpg and another image would share"):
        write(dataset, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_rectangle_is_kept_to_the_last_bit():
    ring = np.array([[0.1, 0.2], [10.1, 0.2], [10.1, 5.2], [0.1, 5.2]])
    assert rectangle_around(ring) is ring
    assert rectangle_around(ring[:3]).shape == (4, 2)
