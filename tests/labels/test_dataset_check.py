"""Statistics and warnings of valid datasets."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from cv.errors import DatasetError
from cv.labels import yolo_obb
from cv.labels.check_report import Severity
from cv.labels.dataset_check import check_dataset
from cv.labels.dataset_statistics import check_statistics, dataset_statistics
from cv.labels.dataset_yaml import label_path, read_dataset_yaml
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape
from tests.fixtures.label_files import BOX, YAML, upright, yolo_folder


def warnings(report):
    return {f.rule: f.text for f in report.findings if f.severity is Severity.WARNING}


def boxes(length: float, width: float, count: int = 20, kind: str = "container"):
    """Return `count` boxes that do not overlap."""
    return tuple(
        LabelledShape(kind, np.array(upright(10, 10 + 40 * i, length, width).exterior.coords)[:4])
        for i in range(count)
    )


def dataset_warnings(shapes, gsd_m):
    image = LabelledImage("a.png", (1000, 1000), shapes, gsd_m)
    dataset = LabelledDataset(("container", "hull"), (image,))
    return {f.rule: f.text for f in check_statistics(dataset, dataset_statistics(dataset), "x")}


def test_statistics_of_a_valid_dataset(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "labels/train/b.txt").write_text("")
    (folder / "dataset.yaml").write_text(YAML + "gsd_m: 0.38\n")
    report = check_dataset(folder)
    assert report.errors == 0
    totals = report.totals
    assert (totals.images, totals.empty, totals.per_image) == (3, 1, (0, 1, 1))
    assert totals.classes == (("container", 2), ("hull", 0))
    assert totals.widths_px == (("container", 12, 12, 12),)
    assert totals.gsd_m == 0.38
    assert check_dataset(folder / "dataset.yaml") == report
    found = warnings(report)
    assert found["balance"] == "0 of 2 objects of class 'hull'"
    assert "median container has 12.16 x 4.56 m" in found["gsd"]


@pytest.mark.parametrize("length_m", [6.06, 12.19, 13.72])
def test_no_warning_where_containers_have_a_standard_size(length_m):
    assert "gsd" not in dataset_warnings(boxes(length_m / 0.3, 2.44 / 0.3), 0.3)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4, 2.0])
def test_wrong_gsd_is_reported_even_where_the_length_is_twice_a_standard_one(factor):
    text = dataset_warnings(boxes(12.19 / 0.3, 2.44 / 0.3), 0.3 * factor)["gsd"]
    assert f"{12.19 * factor:.2f} x {2.44 * factor:.2f} m" in text


def test_missing_gsd_is_reported_only_with_containers():
    assert dataset_warnings(boxes(40, 8), None)["gsd"].startswith("no GSD is declared")
    assert "gsd" not in dataset_warnings(boxes(400, 80, 1, "hull"), None)


def test_narrow_containers_and_other_quadrilaterals_are_counted():
    crooked = LabelledShape(
        "container", np.array([[500, 500], [540, 500], [560, 520], [500, 520.0]])
    )
    found = dataset_warnings((*boxes(20, 5.9, 3), *boxes(24, 6.1, 2), crooked), 0.4)
    assert found["narrow"] == "3 of 6 containers narrower than 6 px"
    assert found["rectangle"].startswith("1 outline not rectangular")


def test_hull_and_container_in_one_place_are_not_duplicates(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "labels/train/a.txt").write_text(BOX + BOX.replace("0 ", "1 ", 1))
    assert check_dataset(folder).errors == 0


def test_folder_named_like_an_image_is_not_an_image(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "images/train/old.png").mkdir()
    assert check_dataset(folder).errors == 0


def test_copy_within_a_split_is_a_warning(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "images/train/b.png").write_bytes((folder / "images/train/a.png").read_bytes())
    report = check_dataset(folder)
    assert report.errors == 0
    assert "the same bytes as" in warnings(report)["copy"]


def test_split_may_be_a_list_of_images(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "train.txt").write_text("./images/train/a.png\n\nimages/train/b.png\n")
    (folder / "dataset.yaml").write_text(YAML.replace("train: images/train", "train: [train.txt]"))
    assert check_dataset(folder).errors == 0
    names = [image.name for image in yolo_obb.read_yolo(folder / "dataset.yaml").images]
    assert names == ["a.png", "b.png", "c.png"]


def test_last_images_folder_of_a_path_is_replaced_by_labels(tmp_path):
    path = tmp_path / "images" / "x" / "images" / "a.b.png"
    assert label_path(path) == tmp_path / "images" / "x" / "labels" / "a.b.txt"


def test_without_pyyaml_the_error_names_the_package_to_install(tmp_path, monkeypatch):
    folder = yolo_folder(tmp_path)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(DatasetError, match=r'pip install "pierwatch\[render\]"'):
        read_dataset_yaml(folder / "dataset.yaml")
