"""What a check says of datasets that are not broken."""

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
from cv.labels.image_files import read_size
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape
from tests.fixtures.label_files import BOX, YAML, noise, upright, yolo_folder


def warnings(report):
    return {f.rule: f.text for f in report.findings if f.severity is Severity.WARNING}


def boxes(length: float, width: float, count: int = 20, kind: str = "container"):
    """`count` boxes apart from each other."""
    return tuple(
        LabelledShape(kind, np.array(upright(10, 10 + 40 * i, length, width).exterior.coords)[:4])
        for i in range(count)
    )


def odd(shapes, gsd_m):
    image = LabelledImage("a.png", (1000, 1000), shapes, gsd_m)
    dataset = LabelledDataset(("container", "hull"), (image,))
    return {f.rule: f.text for f in check_statistics(dataset, dataset_statistics(dataset), "x")}


def test_a_sound_dataset_has_totals(tmp_path):
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
    assert found["balance"] == "0 of 2 objects are of class 'hull'"
    assert "median container has 12.16 x 4.56 m" in found["gsd"]


@pytest.mark.parametrize("length_m", [6.06, 12.19, 13.72])
def test_the_declared_gsd_is_believed_where_containers_have_their_size(length_m):
    assert "gsd" not in odd(boxes(length_m / 0.3, 2.44 / 0.3), 0.3)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4, 2.0])
def test_a_wrong_gsd_is_told_although_two_20_ft_boxes_are_as_long_as_a_40_ft_box(factor):
    text = odd(boxes(12.19 / 0.3, 2.44 / 0.3), 0.3 * factor)["gsd"]
    assert f"{12.19 * factor:.2f} x {2.44 * factor:.2f} m" in text


def test_no_gsd_is_told_only_where_there_are_containers():
    assert odd(boxes(40, 8), None)["gsd"].startswith("no GSD is declared")
    assert "gsd" not in odd(boxes(400, 80, 1, "hull"), None)


def test_narrow_and_crooked_boxes_are_counted():
    crooked = LabelledShape(
        "container", np.array([[500, 500], [540, 500], [560, 520], [500, 520.0]])
    )
    found = odd((*boxes(20, 5.9, 3), *boxes(24, 6.1, 2), crooked), 0.4)
    assert found["narrow"] == "3 of 6 containers are narrower than 6 px"
    assert found["rectangle"].startswith("1 outlines are no rectangles")


def test_a_hull_and_a_container_in_one_place_are_no_duplicates(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "labels/train/a.txt").write_text(BOX + BOX.replace("0 ", "1 ", 1))
    assert check_dataset(folder).errors == 0


def test_a_folder_called_like_an_image_is_none(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "images/train/old.png").mkdir()
    assert check_dataset(folder).errors == 0


def test_a_copy_within_a_split_is_a_warning(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "images/train/b.png").write_bytes((folder / "images/train/a.png").read_bytes())
    report = check_dataset(folder)
    assert report.errors == 0
    assert "the same bytes as" in warnings(report)["copy"]


def test_a_list_of_images_may_stand_for_a_folder(tmp_path):
    folder = yolo_folder(tmp_path)
    (folder / "train.txt").write_text("./images/train/a.png\n\nimages/train/b.png\n")
    (folder / "dataset.yaml").write_text(YAML.replace("train: images/train", "train: [train.txt]"))
    assert check_dataset(folder).errors == 0
    names = [image.name for image in yolo_obb.read(folder / "dataset.yaml").images]
    assert names == ["a.png", "b.png", "c.png"]


def test_the_last_folder_called_images_gives_way_to_labels(tmp_path):
    path = tmp_path / "images" / "x" / "images" / "a.b.png"
    assert label_path(path) == tmp_path / "images" / "x" / "labels" / "a.b.txt"


def test_without_pyyaml_it_says_what_to_install(tmp_path, monkeypatch):
    folder = yolo_folder(tmp_path)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(DatasetError, match=r'pip install "pierwatch\[render\]"'):
        read_dataset_yaml(folder / "dataset.yaml")


def test_an_image_of_absurd_size_is_refused_by_its_header(tmp_path):
    path = noise(tmp_path / "a.png", 0)
    data = bytearray(path.read_bytes())
    data[16:24] = (1 << 17).to_bytes(4, "big") * 2
    path.write_bytes(bytes(data))
    with pytest.raises(DatasetError, match="unreadable image"):
        read_size(path)


def test_a_large_image_is_no_bomb(tmp_path):
    from PIL import Image

    path = tmp_path / "a.png"
    Image.new("1", (20000, 20000)).save(path)
    assert read_size(path) == (20000, 20000)
