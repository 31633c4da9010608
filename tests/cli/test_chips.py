"""`pierwatch datasets cut` and `pierwatch datasets render`."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image
from shapely.geometry import mapping

pytest.importorskip("cv2", reason="needs the extra render")

from cv.cli import main
from cv.labels.label_formats import read_dataset


@pytest.fixture
def labelled(tmp_path):
    """A large image of 0.5 m a pixel, one bright container in it, labelled as COCO."""
    (tmp_path / "images").mkdir()
    image = np.random.default_rng(0).integers(20, 60, (300, 400, 3), np.uint8)
    image[100:105, 50:74] = 220  # 12 m by 2.5 m
    Image.fromarray(image).save(tmp_path / "images" / "port.png")
    outline = [50, 100, 74, 100, 74, 105, 50, 105]
    labels = {
        "images": [{"id": 1, "file_name": "port.png", "width": 400, "height": 300}],
        "categories": [{"id": 1, "name": "Container"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "segmentation": [outline],
                "bbox": [50, 100, 24, 5],
                "area": 120,
                "iscrowd": 0,
            }
        ],
    }
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    return tmp_path


def test_a_large_image_becomes_chips_that_can_be_trained_on(labelled, capsys):
    words = ["datasets", "cut", str(labelled / "labels.json"), str(labelled / "chips")]
    options = ["--gsd", "0.5", "--chip-gsd", "0.25", "--side", "160", "--val-every", "3"]
    assert main([*words, *options, "--classes", "container,hull"]) == 0
    chips = read_dataset(labelled / "chips")
    assert chips.classes == ("container", "hull")
    assert len(chips) == 1
    assert {image.split for image in chips.images} == {"train", "val"}
    (image,) = (one for one in chips.images if one.shapes)
    assert image.gsd_m == 0.25
    assert np.ptp(image.shapes[0].outline, axis=0).tolist() == pytest.approx([48, 10], abs=0.1)
    with Image.open(labelled / "chips/images" / image.split / image.name) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (160, 160, 3)
    left, top = image.shapes[0].outline.min(axis=0).round().astype(int)
    assert (pixels[top + 2 : top + 8, left + 2 : left + 46] > 200).all()
    assert main(["datasets", "check", str(labelled / "chips")]) == 0
    assert "0 errors" in capsys.readouterr().out


def test_an_image_without_a_gsd_is_refused(labelled, capsys):
    words = ["datasets", "cut", str(labelled / "labels.json"), str(labelled / "chips")]
    assert main(words) == 2
    assert "port.png" in capsys.readouterr().err
    assert not (labelled / "chips").exists()


def test_geojson_files_and_their_images_become_one_dataset(tmp_path, capsys):
    corner = 500_000.0, 4_600_000.0
    for folder in ("labels", "images"):
        (tmp_path / folder).mkdir()
    for number, name in enumerate(("a", "b", "c")):
        grid = Affine(0.5, 0.0, corner[0], 0.0, -0.5, corner[1])
        profile = {"width": 200, "height": 200, "count": 3, "dtype": "uint8", "crs": 32652}
        path = tmp_path / "images" / f"{name}.tif"
        with rasterio.open(path, "w", driver="GTiff", transform=grid, **profile) as image:
            image.write(np.full((3, 200, 200), 90, np.uint8))
        boxes = [shapely.box(20 + 20 * i, 20, 32 + 20 * i, 22.5) for i in range(number + 1)]
        moved = [shapely.affinity.translate(one, corner[0], corner[1] - 60) for one in boxes]
        features = [
            {"type": "Feature", "properties": {"class": "container"}, "geometry": mapping(one)}
            for one in moved
        ]
        crs = {"type": "name", "properties": {"name": "EPSG:32652"}}
        labels = {"type": "FeatureCollection", "crs": crs, "features": features}
        (tmp_path / "labels" / f"{name}.geojson").write_text(json.dumps(labels))
    words = ["datasets", "cut", str(tmp_path / "labels"), str(tmp_path / "chips")]
    options = ["--scene", str(tmp_path / "images"), "--side", "400", "--val-every", "3"]
    assert main([*words, *options, "--classes", "container,hull"]) == 0
    assert "6 objects in 3 chips" in capsys.readouterr().out
    chips = read_dataset(tmp_path / "chips")
    numbers = {image.name.split("_")[0]: len(image.shapes) for image in chips.images}
    assert numbers == {"a": 1, "b": 2, "c": 3}
    assert sorted(image.split for image in chips.images) == ["train", "train", "val"]
    (tmp_path / "images" / "b.tif").unlink()
    other = ["datasets", "cut", str(tmp_path / "labels"), str(tmp_path / "others"), *options]
    assert main(other) == 2
    assert "b.geojson" in capsys.readouterr().err


def test_chips_are_rendered_by_their_seeds(tmp_path, capsys):
    words = ["datasets", "render", str(tmp_path / "chips"), "--first", "5", "--last", "7"]
    assert main([*words, "--every", "2", "--coarse", "1"]) == 0
    assert capsys.readouterr().out.startswith("2 chips, 0 containers, ")
    assert (tmp_path / "chips/images/val/000006.png").is_file()
    assert (tmp_path / "chips/labels/train/000005.txt").is_file()
    assert main(["datasets", "render", str(tmp_path / "x"), "--last", "0"]) == 2
    assert "0 <= first < last" in capsys.readouterr().err
