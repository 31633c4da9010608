"""A revived network answers as the ONNX model that it came from, and can be trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from cv.detector.model_zoo import default_model
from cv.errors import ModelError
from cv.synthetic.chip_renderer import render_chip
from cv.training.onnx_to_torch import calibration_batches, onnx_to_torch


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    revived: torch.nn.Module = onnx_to_torch(default_model(), calibration_batches(8))
    return revived


def test_it_answers_as_the_model(network: torch.nn.Module) -> None:
    image = render_chip(77).image
    session = ort.InferenceSession(str(default_model()))
    (truth,) = session.run(None, {"images": image[None]})
    planes = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        answer = network(planes)[0].numpy()
    assert np.abs(answer[:, :4] - truth[:, :4]).max() < 0.05  # pixels
    assert np.abs(answer[:, 4:] - truth[:, 4:]).max() < 1e-3


def test_its_normalizations_know_their_input(network: torch.nn.Module) -> None:
    """In training mode the statistics of a batch take over: they are about those that it has."""
    pictures = calibration_batches(8, batch=8)[0]
    with torch.no_grad():
        calm = network(pictures)[0]
        network.train()
        norms = [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
        before = [norm.running_var.clone() for norm in norms if norm.running_var is not None]
        network(pictures)
        after = [norm.running_var for norm in norms if norm.running_var is not None]
        network.eval()
    ratios = torch.cat([(b / a.clamp(min=1e-9)) for a, b in zip(before, after, strict=True)])
    assert torch.quantile(torch.abs(ratios - 1), 0.9) < 0.05
    assert torch.isfinite(calm).all()


def test_another_model_is_refused(tmp_path: Path) -> None:
    proto = onnx.load(str(default_model()))
    for item in proto.graph.initializer:
        if item.name == "model.0.conv.weight":
            item.name = "renamed"
    path = tmp_path / "other.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match=r"no weight model\.0\.conv\.weight"):
        onnx_to_torch(path, [])
