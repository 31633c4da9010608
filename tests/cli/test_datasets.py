"""`pierwatch datasets`: its output, its files and its errors."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image
from pyproj import CRS

from cv.cli import main
from cv.labels import dota, yolo_obb
from cv.labels.dataset_check import check_dataset
from tests.fixtures.label_files import (
    BOX,
    SIZE,
    cvat_box,
    cvat_xml,
    noise,
    world_geojson,
    yolo_folder,
)


@pytest.fixture
def chips(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return yolo_folder(Path("chips"))


def test_check_prints_findings_and_totals(chips, capsys):
    assert main(["datasets", "check", "chips"]) == 0
    out = capsys.readouterr().out
    assert "container          3  short side 12.0 px (90 % within 12.0 to 12.0)" in out
    assert out.endswith("chips: 0 errors, 2 warnings\n")
    (chips / "labels/train/a.txt").write_text(BOX * 2)
    assert main(["datasets", "check", "chips"]) == 2
    out = capsys.readouterr().out
    assert "chips/labels/train/a.txt:2: the same container as line 1 (IoU 1.00)" in out


def test_check_prints_ten_findings_of_a_kind_unless_all_are_requested(chips, capsys):
    (chips / "labels/train/a.txt").write_text("0 1\n" * 13)
    assert main(["datasets", "check", "chips"]) == 2
    out = capsys.readouterr().out
    assert out.count("2 columns instead of 9") == 10
    assert "3 more of the kind 'line'; see --all" in out
    main(["datasets", "check", "chips", "--all"])
    assert capsys.readouterr().out.count("2 columns instead of 9") == 13


def test_convert_writes_the_requested_classes(chips, capsys):
    text = (chips / "dataset.yaml").read_text().replace("[container, hull]", "[Hull, CONTAINER]")
    (chips / "dataset.yaml").write_text(text)
    arguments = ["datasets", "convert", "chips", "--to", "yolo-obb"]
    assert main([*arguments, "out", "--classes", "container,hull"]) == 0
    before, after = (yolo_obb.read_yolo(Path(p) / "dataset.yaml") for p in ("chips", "out"))
    assert after.classes == ("container", "hull")
    kinds = [[s.kind for i in d.images for s in i.shapes] for d in (before, after)]
    assert kinds[1] == [kind.lower() for kind in kinds[0]]
    capsys.readouterr()
    for classes, words in (("container", "objects are of class Hull"), ("a,A", "name of its own")):
        assert main([*arguments, "other", "--classes", classes]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("target", ["yolo-obb", "dota", "coco", "geojson"])
def test_a_dataset_survives_a_conversion(chips, capsys, target):
    out = "out" if target in ("yolo-obb", "dota") else "out.json"
    assert main(["datasets", "convert", "chips", "--to", target, out]) == 0
    assert "3 objects in 3 images" in capsys.readouterr().out
    assert main(["datasets", "check", out, "--images", "chips/images"]) == 0, capsys.readouterr()
    if target == "yolo-obb":
        assert check_dataset(Path(out)).errors == 0
        first, again = (yolo_obb.read_yolo(Path(p) / "dataset.yaml") for p in ("chips", out))
        pairs = zip(first.images, again.images, strict=True)
        assert all(np.allclose(a.shapes[0].outline, b.shapes[0].outline) for a, b in pairs)


def test_an_export_becomes_a_training_dataset(chips, capsys):
    shapes = [cvat_box(10, 10, 30, 8, 12.5), '<polygon label="hull" points="1,1;9,1;9,5;5,7;1,5"/>']
    Path("task.xml").write_text(cvat_xml("a.png", SIZE, [*shapes, '<points points="1,2"/>']))
    noise(Path("drone/a.png"), 3)
    noise(Path("drone/b.png"), 4)
    arguments = ["datasets", "convert", "task.xml", "--to", "yolo-obb", "out", "--images", "drone"]
    assert main([*arguments, "--val-every", "1"]) == 0
    printed = capsys.readouterr().out
    assert "left out: 1 shapes of type 'points'" in printed
    assert (
        "1 outline replaced by the smallest rectangle around each; none moved by more than"
        in printed
    )
    assert Path("out/images/val/a.png").read_bytes() == Path("drone/a.png").read_bytes()
    assert len(Path("out/labels/val/a.txt").read_text().splitlines()) == 2
    assert "train has no images" in str(check_dataset(Path("out")).findings[0])


def test_objects_beyond_the_image_are_cut_if_requested(chips, capsys):
    shapes = [cvat_box(50, 10, 40, 8), cvat_box(200, 10, 20, 8), cvat_box(10, 10, 20, 8)]
    Path("task.xml").write_text(cvat_xml("a.png", SIZE, shapes))
    assert main(["datasets", "check", "task.xml"]) == 2
    assert main(["datasets", "convert", "task.xml", "--cut", "--to", "coco", "a.json"]) == 0
    assert "1 object cut at the edge of an image, 1 outside of it" in capsys.readouterr().out
    assert main(["datasets", "check", "a.json"]) == 0


def test_geojson_in_world_coordinates_is_converted_to_pixels_of_its_scene(
    tmp_path, monkeypatch, capsys
):
    import rasterio

    monkeypatch.chdir(tmp_path)
    transform, crs = Affine(0.25, 0, 62000, 0, -0.25, 444000), CRS.from_epsg(28992)
    with rasterio.open(
        "scene.tif", "w", driver="GTiff", width=60, height=40, count=3, dtype="uint8",
        crs=crs.to_wkt(), transform=transform,
    ) as out:  # fmt: skip
        out.write(np.full((3, 40, 60), 90, dtype=np.uint8))
    ring = np.array([[10, 10], [40, 12], [39.4, 21], [9.4, 19.0]])
    world_geojson(Path("a.geojson"), transform, [ring], None, 28992)
    assert main(["datasets", "check", "a.geojson"]) == 2
    assert "Name the georeferenced image with --scene" in capsys.readouterr().out
    assert main(["datasets", "check", "a.geojson", "--scene", "scene.tif"]) == 0
    assert main(["datasets", "check", "a.geojson", "--scene", "scene.tif", "--images", "."]) == 0
    arguments = ["datasets", "convert", "a.geojson", "--scene", "scene.tif", "--to", "dota", "out"]
    assert main(arguments) == 0
    (shape,) = dota.read_dota(Path("out/labelTxt/scene.txt")).images[0].shapes
    assert np.abs(np.sort(shape.outline, axis=0) - np.sort(ring, axis=0)).max() < 0.7


def test_the_sheet_is_the_same_for_the_same_seed(chips, capsys):
    for name, seed in (("1.png", "5"), ("2.png", "5")):
        assert main(["datasets", "sheet", "chips", "--picture", name, "--seed", seed]) == 0
    assert capsys.readouterr().out.startswith("1.png: 3 of 3 images\n")
    assert Path("1.png").read_bytes() == Path("2.png").read_bytes()
    with Image.open("1.png") as picture:
        assert picture.width == 3 * 420 + 20


BAD = [
    ["check", "none"],
    ["sheet", "none", "--picture", "p.png"],
    ["sheet", "chips", "--picture", "nowhere/p.png"],
    ["sheet", "labels.json", "--picture", "labels.json"],
    ["sheet", "labels.json", "--picture", "p.png"],
    ["convert", "chips", "--to", "coco", "nowhere/a.json"],
    ["convert", "chips", "--to", "dota", "chips"],
    ["convert", "labels.json", "--to", "coco", "labels.json"],
    ["convert", "labels.json", "--to", "coco", "a.json", "--images", "none"],
    ["convert", "page.xml", "--to", "coco", "a.json"],
    ["convert", "world.geojson", "--to", "coco", "a.json"],
    ["convert", "world.geojson", "--to", "coco", "a.json", "--scene", "chips/images/val/c.png"],
]


@pytest.mark.parametrize("arguments", BAD, ids=lambda a: " ".join(a))
def test_bad_input_exits_with_2_and_writes_nothing(chips, capsys, arguments):
    record = {"images": [{"id": 1, "file_name": "a.png"}], "categories": [], "annotations": []}
    Path("labels.json").write_text(json.dumps(record))
    Path("page.xml").write_text("<!DOCTYPE html><html></html>")
    Path("world.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    before = {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()}
    assert main(["datasets", *arguments]) == 2
    captured = capsys.readouterr()
    if arguments[0] != "check":
        assert captured.err.startswith("pierwatch: ")
        assert captured.err.count("\n") == 1
    assert {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("option", ["--chips 0", "--chips -3", "--chips x", "--seed -1"])
def test_numbers_out_of_range_are_refused(option, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["datasets", "sheet", "a", "--picture", "b.png", *option.split()])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    "command",
    [
        "datasets convert chips --to coco chips/dataset.yaml",
        "datasets convert chips --to coco chips/labels.json",
        "datasets convert chips --to coco coco.txt",
        "datasets sheet chips --picture chips/dataset.yaml",
        "datasets sheet chips --picture chips/images/val/c.png",
        "evaluate chips --gsd 0.3 --picture chips/images/val/c.png",
        "evaluate chips --gsd 0.3 --page chips/dataset.yaml",
    ],
)
def test_a_dataset_is_never_overwritten(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    yolo_folder(Path("chips"))
    Path("chips/labels.json").write_text("{}")
    before = {path: path.read_bytes() for path in Path("chips").rglob("*") if path.is_file()}
    assert main(shlex.split(command)) == 2
    assert capsys.readouterr().err.startswith("pierwatch: ")
    after = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert after == before


def test_an_image_without_labels_is_not_treated_as_empty(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    yolo_folder(Path("chips"))
    next(Path("chips/labels").rglob("*.txt")).unlink()
    assert main(["datasets", "convert", "chips", "--to", "yolo-obb", "copy"]) == 2
    assert "no label file" in capsys.readouterr().err
    assert not Path("copy").exists()
