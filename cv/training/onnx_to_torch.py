"""Turn a released ONNX model back into a trainable network; no checkpoint is needed.

The export folds every batch normalization into the convolution before it and keeps the names of all
weights. The conversion puts the folded weights into a new network, measures the input statistics of
each normalization on some images, and scales the normalization so that the output stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cv.errors import ModelError
from cv.synthetic.chip_renderer import render_chip
from cv.training.ultralytics_setup import isolate_ultralytics

ARCHITECTURE = "yolo26n-obb.yaml"
"""Architecture of the released models, a file of ultralytics."""


def onnx_to_torch(model: Path, batches: Sequence[torch.Tensor], classes: int = 2) -> Any:
    """Return the network of ONNX file `model`, unfused and without an end-to-end head.

    `batches`, each (n, 3, s, s) float32 RGB in 0..1, are the images on which the statistics of the
    normalizations are measured. Raises ModelError where `model` is not an export of `ARCHITECTURE`.
    """
    isolate_ultralytics()
    from ultralytics.nn import tasks

    loader: Any = tasks
    network = loader.OBBModel(ARCHITECTURE, nc=classes, verbose=False).float().eval()
    drop_one_to_one_head(network.model[-1])
    weights = _initializers(model)
    folded = [
        (name, part) for name, part in network.named_modules() if hasattr(part, "bn") and part.bn
    ]
    _load_unnormalized(model, network, weights)
    for name, part in folded:
        with torch.no_grad():
            part.conv.weight.copy_(_weight(model, weights, f"{name}.conv.weight", part.conv.weight))
            _reset_normalization(
                part.bn, _weight(model, weights, f"{name}.conv.bias", part.bn.bias)
            )
    _set_statistics(network, [part for _, part in folded], batches)
    return network


def calibration_batches(chips: int = 48, batch: int = 4) -> list[torch.Tensor]:
    """Return rendered chips for `onnx_to_torch`, as tensors (batch, 3, s, s)."""
    images = np.stack([render_chip(seed).image for seed in range(chips)])
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return [tensor[i : i + batch] for i in range(0, chips, batch)]


def drop_one_to_one_head(head: Any) -> None:
    """Remove the one-to-one branch of a YOLO26 head, which is half of the work of training it."""
    for name in ("one2one_cv2", "one2one_cv3", "one2one_cv4"):
        if hasattr(head, name):
            delattr(head, name)


def _initializers(model: Path) -> dict[str, torch.Tensor]:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(model), load_external_data=False).graph
    return {
        item.name: torch.from_numpy(np.array(numpy_helper.to_array(item)))
        for item in graph.initializer
    }


def _weight(
    model: Path, weights: dict[str, torch.Tensor], name: str, like: torch.Tensor
) -> torch.Tensor:
    found = weights.get(name)
    if found is None or found.shape != like.shape:
        raise ModelError(
            model,
            f"no weight {name} of shape {tuple(like.shape)}",
            f"an export of {ARCHITECTURE} is needed",
            "Start from a checkpoint (.pt) instead.",
        )
    return found


def _load_unnormalized(model: Path, network: Any, weights: dict[str, torch.Tensor]) -> None:
    """Load the weights of the convolutions that have no normalization."""
    with torch.no_grad():
        for name, part in network.named_modules():
            if isinstance(part, torch.nn.Conv2d) and part.bias is not None:
                part.weight.copy_(_weight(model, weights, f"{name}.weight", part.weight))
                part.bias.copy_(_weight(model, weights, f"{name}.bias", part.bias))


def _reset_normalization(norm: torch.nn.BatchNorm2d, bias: torch.Tensor) -> None:
    """Make the normalization `norm` only add `bias`."""
    norm.reset_running_stats()
    norm.weight.fill_((1.0 + norm.eps) ** 0.5)
    norm.bias.copy_(bias)


def _set_statistics(network: Any, parts: list[Any], batches: Sequence[torch.Tensor]) -> None:
    """Set the statistics of each normalization to those of its input, and compensate for them."""
    sums = {id(part): torch.zeros(3, part.bn.num_features, dtype=torch.float64) for part in parts}

    def record_input(part: Any) -> Any:
        def hook(_: Any, inputs: tuple[torch.Tensor]) -> None:
            values = inputs[0].double().transpose(0, 1).flatten(1)
            count = torch.full((len(values),), float(values.shape[1]), dtype=torch.float64)
            sums[id(part)] += torch.stack([count, values.sum(1), values.square().sum(1)])

        return part.bn.register_forward_pre_hook(hook)

    hooks = [record_input(part) for part in parts]
    with torch.no_grad():
        for batch in batches:
            network(batch)
    for hook in hooks:
        hook.remove()
    for part in parts:
        count, total, squares = sums[id(part)]
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0.0)
        with torch.no_grad():
            part.bn.running_mean.copy_(mean)
            part.bn.running_var.copy_(variance)
            part.bn.weight.copy_((variance + part.bn.eps).sqrt())
            part.bn.bias.add_(mean)
