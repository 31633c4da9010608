"""ONNX on CPU and PyTorch detect the same objects in a tile, in both output layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cv.detector.decode import decode_output
from cv.detector.model_card import OutputLayout
from cv.detector.onnx_model import OnnxModel
from cv.geometry.box_overlap import pairwise_ious
from cv.model_export.onnx_export import export_onnx, load_network
from cv.synthetic.chip_renderer import render_chip
from tests.fixtures.fake_detectors import CARD

SHARED = Path(__file__).resolve().parents[3] / "shared" / "weights"
DOTA = (*(f"class {i}" for i in range(13)), "container", "hull")
CASES = [
    ("yolov8n-obb.pt", OutputLayout.RAW),
    ("yolo26n-obb.pt", OutputLayout.RAW),
    ("yolo26n-obb.pt", OutputLayout.END_TO_END),
]


def card(layout):
    passes = (replace(CARD.passes[0], classes=DOTA),)
    thresholds = (0.2,) * len(DOTA)
    return replace(CARD, classes=DOTA, layout=layout, passes=passes, thresholds=thresholds)


@pytest.mark.parametrize(("name", "layout"), CASES)
def test_onnx_and_pytorch_agree_on_a_tile(tmp_path, name, layout):
    import torch

    checkpoint = SHARED / name
    if not checkpoint.exists():
        pytest.skip(f"needs the DOTA checkpoint {name}, which does not come with the source")
    metadata = card(layout).to_metadata()
    path = tmp_path / "model.onnx"
    export_onnx(checkpoint, path, layout, metadata)
    tile = render_chip(6104, coarse=True).image
    planes = np.ascontiguousarray(tile.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    with torch.no_grad():
        answer = load_network(checkpoint, layout)(torch.from_numpy(planes))
    answer = answer[0] if isinstance(answer, tuple | list) else answer
    floors = (0.01,) * len(DOTA)
    ours = decode_output(OnnxModel.load(path).run(tile), layout, floors).ranked()
    theirs = decode_output(answer.numpy(), layout, floors).ranked()
    assert len(ours) == len(theirs) > 5
    for one, other in ((ours, theirs), (theirs, ours)):
        for i in range(len(one)):
            near = np.abs(other.boxes.centers - one.boxes.centers[i]).max(axis=1) < 0.5
            twins = np.flatnonzero(
                near
                & (other.classes == one.classes[i])
                & (np.abs(other.scores - one.scores[i]) < 1e-3)
                & (np.abs(other.boxes.lengths - one.boxes.lengths[i]) < 0.5)
                & (np.abs(other.boxes.widths - one.boxes.widths[i]) < 0.5)
            )
            assert len(twins), f"{one.boxes.values[i]} has no twin"
            mine = one.boxes[np.repeat(i, len(twins))]
            assert pairwise_ious(mine, other.boxes[twins]).max() > 0.98
