"""Written files and rectangles against other programs: ultralytics, OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cv.labels import yolo_obb
from cv.labels.dataset_check import check_dataset
from cv.labels.labelled_image import LabelledImage, LabelledShape, make_dataset, open_ring
from cv.labels.outline_edits import signed_area, smallest_rectangle
from tests.fixtures.label_files import YAML, noise, turned, upright


def boxes(size: tuple[int, int], count: int) -> tuple[LabelledShape, ...]:
    """Return rotated boxes inside an image of `size`."""
    rng = np.random.default_rng(4)
    shapes: list[LabelledShape] = []
    while len(shapes) < count:
        x, y = rng.uniform(0, size)
        box = upright(x, y, rng.uniform(12, 40), rng.uniform(6, 11))
        corners = turned(box, rng.uniform(0, 360), "center")
        if (corners > 0).all() and (corners < size).all():
            shapes.append(LabelledShape(("container", "hull")[len(shapes) % 3 == 0], corners))
    return tuple(shapes)


def loaded(picture: Path, labels: Path):
    """Return labels, size, outlines and verdict of ultralytics for an image and its labels."""
    pytest.importorskip("ultralytics")
    from cv.training.ultralytics_setup import isolate_ultralytics

    isolate_ultralytics()
    from ultralytics.data.utils import verify_image_label

    found = verify_image_label((str(picture), str(labels), "", False, 2, 0, 0, False))
    return found[1], found[2], found[3], found[-2]


def test_ultralytics_reads_every_box_unchanged(tmp_path):
    size = (321, 200)
    images = [LabelledImage(f"{n}.png", size, boxes(size, n), split="train") for n in (0, 7)]
    sources = {image.name: noise(tmp_path / image.name, 3, size) for image in images}
    dataset = make_dataset(images, "x", ("container", "hull"))
    yolo_obb.write_yolo(dataset, tmp_path / "out", lambda image: sources[image.name])
    for image in images:
        rows, (height, width), segments, corrupt = loaded(
            tmp_path / "out/images/train" / image.name,
            tmp_path / "out/labels/train" / f"{image.stem}.txt",
        )
        assert not corrupt
        assert (width, height) == size
        assert [int(row[0]) for row in rows] == [int(s.kind == "hull") for s in image.shapes]
        assert len(segments) == len(image.shapes)
        for corners, shape in zip(segments, image.shapes, strict=True):
            assert np.abs(corners * size - shape.outline).max() < 0.01


@pytest.mark.parametrize("x", [-40, -20, -17, -10, -2, 290, 300, 302, 306, 309, 315, 330])
def test_image_that_ultralytics_would_drop_is_an_error(tmp_path, x):
    """Ultralytics drops the image with all its labels; the check reports that before."""
    size = (321, 200)
    shape = LabelledShape("container", open_ring([[x, 20], [x + 28, 20], [x + 28, 30], [x, 30]]))
    text = yolo_obb.to_yolo_text(LabelledImage("a.png", size, (shape,)), ("container",))
    picture = noise(tmp_path / "images/train/a.png", 1, size)
    noise(tmp_path / "images/val/b.png", 2)
    for name, content in (("train/a", text), ("val/b", "")):
        path = tmp_path / "labels" / f"{name}.txt"
        path.parent.mkdir(parents=True)
        path.write_text(content)
    (tmp_path / "dataset.yaml").write_text(YAML)
    errors = check_dataset(tmp_path).errors
    assert errors == (x + 14 < -3.21 or x + 14 > 321 + 3.21)
    *_, corrupt = loaded(picture, tmp_path / "labels/train/a.txt")
    assert errors or not corrupt
    if x in (-40, 330):
        assert corrupt


@given(st.lists(st.tuples(st.integers(-999, 999), st.integers(-999, 999)), min_size=3, max_size=9))
def test_smallest_rectangle_is_as_small_as_that_of_opencv(points):
    (_, (w, h), _) = cv2.minAreaRect(np.array(points, dtype=np.float32))
    area = abs(signed_area(smallest_rectangle(open_ring(points))))
    assert area <= w * h * 1.001 + 0.5
