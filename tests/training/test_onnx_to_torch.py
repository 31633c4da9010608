"""A network made from an ONNX model gives the same output, and can be trained."""

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
from cv.training.onnx_to_torch import onnx_to_torch


@pytest.fixture(scope="module")
def network(rendered_batch: torch.Tensor) -> torch.nn.Module:
    trainable: torch.nn.Module = onnx_to_torch(default_model(), [rendered_batch])
    return trainable


def test_its_output_is_that_of_the_model(network: torch.nn.Module) -> None:
    image = render_chip(77).image
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(default_model()), options)
    (truth,) = session.run(None, {"images": image[None]})
    planes = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        answer = network(planes)[0].numpy()
    assert np.abs(answer[:, :4] - truth[:, :4]).max() < 0.05  # pixels
    assert np.abs(answer[:, 4:] - truth[:, 4:]).max() < 1e-3


def test_its_normalizations_have_the_statistics_of_their_input(
    network: torch.nn.Module, rendered_batch: torch.Tensor
) -> None:
    """In training mode a normalization uses its batch: the statistics must be about the same."""
    norms = [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    before = [norm.running_var.clone() for norm in norms if norm.running_var is not None]
    with torch.no_grad():
        assert torch.isfinite(network(rendered_batch)[0]).all()
        network.train()
        network(rendered_batch)
        network.eval()
    after = [norm.running_var for norm in norms if norm.running_var is not None]
    pairs = zip(before, after, strict=True)
    ratios = torch.cat([new / old.clamp(min=1e-9) for old, new in pairs])
    assert torch.quantile(torch.abs(ratios - 1), 0.9) < 0.05


def test_another_model_is_refused(tmp_path: Path) -> None:
    proto = onnx.load(str(default_model()))
    for item in proto.graph.initializer:
        if item.name == "model.0.conv.weight":
            item.name = "renamed"
    path = tmp_path / "other.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match=r"no weight model\.0\.conv\.weight"):
        onnx_to_torch(path, [])
