"""A dataset with one fault gets exactly one clear error."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cv.labels.check_report import Severity
from cv.labels.dataset_check import check_dataset
from tests.fixtures.label_files import (
    BOX,
    SIZE,
    YAML,
    anylabeling_json,
    noise,
    studio_box,
    studio_json,
    yolo_folder,
)

A = "labels/train/a.txt"


def line(text: str):
    """Return a function that writes `text` as the second line of a label file."""
    return lambda folder: (folder / A).write_text(BOX + text + "\n")


def manifest(text: str):
    return lambda folder: (folder / "dataset.yaml").write_text(text)


def without(name: str):
    return lambda folder: (folder / name).unlink()


def holding(name: str, content: bytes):
    return lambda folder: (folder / name).write_bytes(content)


def truncated(folder: Path) -> None:
    path = folder / "images/train/a.png"
    path.write_bytes(path.read_bytes()[:2000])


def listed_outside(folder: Path) -> None:
    noise(folder.parent / "other.png", 77)
    (folder / "train.txt").write_text("images/train/a.png\n../other.png\n")
    (folder / "dataset.yaml").write_text(YAML.replace("train: images/train", "train: train.txt"))


def one_folder(folder: Path) -> None:
    (folder / "images/train/b.png").unlink()
    (folder / "labels/train/b.txt").unlink()
    (folder / "dataset.yaml").write_text(YAML.replace("images/val", "images/train"))


def same_bytes(folder: Path) -> None:
    shutil.copy(folder / "images/train/a.png", folder / "images/val/c.png")


def linked_outside(folder: Path) -> None:
    shutil.move(folder / "images/val", folder.parent / "elsewhere")
    (folder / "images/val").symlink_to(folder.parent / "elsewhere")


def sixteen_bits(folder: Path) -> None:
    deep = np.full((48, 64), 3000, np.uint16)
    Image.fromarray(deep).save(folder / "images/train/a.png")


CASES = {
    "16 bit image": (sixteen_bits, "a.png: unreadable image (its values are of the kind 'I;16')"),
    "box outside": (line("0 1.1 0.2 1.3 0.2 1.3 0.4 1.1 0.4"), f"{A}:2: the box lies outside"),
    "middle outside": (
        line("0 0.8 0.2 1.4 0.2 1.4 0.4 0.8 0.4"),
        f"{A}:2: the middle of the box lies 6.4 px outside the image of 64 x 48 px",
    ),
    "too large": (
        line("0 -0.1 0.2 1.1 0.2 1.1 0.4 -0.1 0.4"),
        f"{A}:2: the box is larger than the image of 64 x 48 px",
    ),
    "point": (line("0 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5"), f"{A}:2: a box without area"),
    "line": (line("0 0.1 0.6 0.4 0.9 0.4 0.9 0.1 0.6"), f"{A}:2: a box without area"),
    "crossing": (line("0 0.1 0.6 0.4 0.6 0.1 0.9 0.4 0.9"), f"{A}:2: corners in the wrong order"),
    "mirrored": (line("0 0.1 0.6 0.1 0.9 0.4 0.9 0.4 0.6"), "they run counter-clockwise"),
    "duplicate": (
        line("0 0.7501 0.25 0.7501 0.5 0.25 0.5 0.25 0.25"),
        f"{A}:2: the same container as line 1 (IoU 1.00)",
    ),
    "class too high": (
        line("2 0.1 0.6 0.4 0.6 0.4 0.9 0.1 0.9"),
        f"{A}:2: class index 2, but there are the classes 0 to 1",
    ),
    "class below 0": (line("-1 0.1 0.6 0.4 0.6 0.4 0.9 0.1 0.9"), "class index -1"),
    "class by name": (
        line("hull 0.1 0.6 0.4 0.6 0.4 0.9 0.1 0.9"),
        f"{A}:2: the class index is 'hull', not a whole number",
    ),
    "axis-aligned YOLO": (line("0 0.5 0.5 0.1 0.1"), f"{A}:2: 5 columns instead of 9"),
    "a column too many": (line("0 0.1 0.6 0.4 0.6 0.4 0.9 0.1 0.9 0.8"), "10 columns instead of 9"),
    "nan": (line("0 nan 0.6 0.4 0.6 0.4 0.9 0.1 0.9"), f"{A}:2: a coordinate is not finite"),
    "overflow": (line("0 1e999 0.6 0.4 0.6 0.4 0.9 0.1 0.9"), "a coordinate is not finite"),
    "word": (line("0 left 0.6 0.4 0.6 0.4 0.9 0.1 0.9"), f"{A}:2: a coordinate is not a number"),
    "labels missing": (without(A), "images/train/a.png: no label file a.txt"),
    "image missing": (without("images/train/a.png"), f"{A}: no image a.* belongs to this label"),
    "labels not UTF-8": (holding(A, b"\xff\xfe0\x00"), f"{A}: not UTF-8 (byte 0)"),
    "image truncated": (truncated, "images/train/a.png: unreadable image"),
    "image is a page": (holding("images/train/a.png", b"<html>"), "a.png: unreadable image"),
    "image is empty": (holding("images/train/a.png", b""), "a.png: unreadable image"),
    "the same image twice": (same_bytes, "c.png: the same bytes as"),
    "train is val": (one_folder, "the same file as"),
    "no manifest": (without("dataset.yaml"), "no dataset.yaml"),
    "empty manifest": (manifest(""), "dataset.yaml: no list of keys"),
    "no names": (manifest("train: images/train\nval: images/val\n"), "dataset.yaml: no names"),
    "no val": (manifest("train: images/train\nnames: [a]\n"), "dataset.yaml: no val"),
    "folder not there": (
        manifest(YAML.replace("images/val", "images/vla")),
        "images/vla, which is not there",
    ),
    "split not a path": (manifest(YAML + "test: 0\n"), "test is not a path"),
    "GSD not a number": (manifest(YAML + "gsd_m: true\n"), "gsd_m is True"),
    "folder empty": (without("images/val/c.png"), "val has no images in"),
    "path leads out": (manifest(YAML.replace("path: .", "path: ..")), "path leads out of"),
    "absolute": (manifest(YAML.replace("images/val", "/usr")), "val leads out of the dataset"),
    "link leads out": (linked_outside, "val leads out of the dataset"),
    "list leads out": (listed_outside, "line 2 leads out of the dataset"),
    "gap in names": (
        manifest(YAML.replace("[container, hull]", "{0: container, 2: hull}")),
        "the classes have the numbers 0, 2; they count from 0 without a gap",
    ),
    "one name twice": (manifest(YAML.replace("hull", "container")), "two classes of one name"),
    "not YAML": (manifest("names: [a\n"), "invalid YAML"),
    "YAML that runs": (
        manifest("names: !!python/object/apply:os.system ['touch ran']\n"),
        "invalid YAML",
    ),
    "negative GSD": (manifest(YAML + "gsd_m: -0.3\n"), "gsd_m is -0.3; it is metres per pixel"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_fault_gives_one_error(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = yolo_folder(tmp_path / "set")
    assert check_dataset(folder).errors == 0
    break_dataset, text = CASES[name]
    break_dataset(folder)
    errors = [f for f in check_dataset(folder).findings if f.severity is Severity.ERROR]
    assert len(errors) == 1, [str(one) for one in errors]
    assert text in str(errors[0])
    assert str(errors[0]).startswith("error: ")
    assert not Path("ran").exists()


def coco_text(**image: object) -> str:
    record = {
        "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48, **image}],
        "categories": [{"id": 1, "name": "container"}],
        "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [16, 12, 32, 12]}],
    }
    return json.dumps(record)


BOX_TWICE = [studio_box(10, 10, 40, 40, 0), studio_box(10, 10, 40, 40, 360)]
MIRRORED = {"shape_type": "rotation", "points": [[1, 1], [1, 9], [30, 9], [30, 1]]}
OTHER = {
    "coco, another size": (
        "a.json",
        coco_text(height=50),
        "for (64, 50) px, the image has (64, 48)",
    ),
    "coco, image missing": (
        "a.json",
        coco_text(file_name="b.png"),
        "b.png: its image is not there",
    ),
    "label studio, a box twice": (
        "a.json",
        studio_json("a.png", SIZE, BOX_TWICE),
        "shape 2, container: the same container as shape 1",
    ),
    "x-anylabeling, mirrored": (
        "a.json",
        anylabeling_json("a.png", SIZE, [MIRRORED]),
        "shape 1, container: corners in the wrong order",
    ),
    "dota, columns": ("a.txt", "gsd:1\n1 2 3 4 5 6 hull\n", "a.txt, line 2: 7 columns"),
    "dota, but YOLO": ("a.txt", BOX, "line 1: the category is the number 0.5"),
    "not JSON": ("a.json", "{", "not JSON"),
}


@pytest.mark.parametrize("name", OTHER)
def test_other_formats_are_checked(tmp_path, name):
    file, content, text = OTHER[name]
    noise(tmp_path / "images" / "a.png", 1)
    (tmp_path / file).write_text(content)
    report = check_dataset(tmp_path / file)
    errors = [str(f) for f in report.findings if f.severity is Severity.ERROR]
    assert text in errors[0]
    assert len(errors) == 1, errors
    unlabelled = [f for f in report.findings if f.rule == "unlabelled"]
    assert bool(unlabelled) == (name == "coco, image missing")
