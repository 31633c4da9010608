"""`pierwatch calibrate`: intervals measured on a user's own images."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx", reason="needs the extra train")

from cv.cli import main
from cv.detector.onnx_model import OnnxModel
from tests.fixtures.small_network import CELLS, small_chip, small_network


@pytest.fixture
def dataset(tmp_path):
    """Twelve held-back images with their bright cells as labelled boxes, in pixels."""
    for kind in ("images", "labels"):
        for split in ("train", "val"):
            (tmp_path / kind / split).mkdir(parents=True)
    for number in range(13):
        split = "val" if number else "train"
        image = small_chip(number).image
        Image.fromarray(image).save(tmp_path / "images" / split / f"{number}.png")
        cells = image.reshape(CELLS, 4, CELLS, 4, 3).mean(axis=(1, 3, 4))
        rows = [
            "0 " + " ".join(f"{v / CELLS}" for v in (x, y, x + 1, y, x + 1, y + 1, x, y + 1))
            for y, x in np.argwhere(cells > 60)
        ]
        (tmp_path / "labels" / split / f"{number}.txt").write_text("\n".join(rows))
    text = "train: images/train\nval: images/val\nnames: [container, hull]\n"
    (tmp_path / "dataset.yaml").write_text(text)
    return tmp_path


def test_intervals_are_written_into_the_model(dataset, tmp_path, capsys):
    model = small_network(tmp_path / "small.onnx")
    assert OnnxModel.load(model).card.calibration("container") is None
    assert main(["calibrate", str(model), str(dataset), "--gsd", "0.3"]) == 0
    printed = capsys.readouterr().out
    assert "container calibrated on 12 images" in printed
    calibration = OnnxModel.load(model).card.calibration("container")
    assert calibration is not None
    assert calibration.scores[0] == 0
    card = json.loads((tmp_path / "small.card.json").read_text())
    assert card["sha256"] in printed


def test_too_few_images_are_refused(dataset, tmp_path, capsys):
    model = small_network(tmp_path / "small.onnx")
    before = model.read_bytes()
    for number in range(1, 6):
        (dataset / f"images/val/{number}.png").unlink()
    assert main(["calibrate", str(model), str(dataset), "--gsd", "0.3"]) == 2
    assert "7 images held back" in capsys.readouterr().err
    assert model.read_bytes() == before
