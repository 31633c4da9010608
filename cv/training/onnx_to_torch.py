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
from cv.training.geometric_jitter import Bytes
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
    normalized = []

    def copy(name: str, target: torch.Tensor) -> None:
        found = weights.get(name)
        if found is None or found.shape != target.shape:
            missing = f"no weight {name} of shape {tuple(target.shape)}"
            limit = f"an export of {ARCHITECTURE} is needed"
            raise ModelError(model, missing, limit, "Start from a checkpoint (.pt) instead.")
        target.copy_(found)

    with torch.no_grad():
        for name, part in network.named_modules():
            if isinstance(part, torch.nn.Conv2d) and part.bias is not None:
                copy(f"{name}.weight", part.weight)
                copy(f"{name}.bias", part.bias)
            elif getattr(part, "bn", None):
                copy(f"{name}.conv.weight", part.conv.weight)
                part.bn.reset_running_stats()  # from here on it only adds its bias
                part.bn.weight.fill_((1.0 + part.bn.eps) ** 0.5)
                copy(f"{name}.conv.bias", part.bn.bias)
                normalized.append(part.bn)
    _set_statistics(network, normalized, batches)
    return network


def calibration_batches(chips: int = 48) -> list[torch.Tensor]:
    """Return rendered chips for `onnx_to_torch`, as `image_batches`."""
    return image_batches([render_chip(seed).image for seed in range(chips)])


def image_batches(images: Sequence[Bytes], batch: int = 4) -> list[torch.Tensor]:
    """Return square RGB `images` (s, s, 3) as tensors (batch, 3, s, s) in 0..1."""
    tensor = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    return [tensor[i : i + batch] for i in range(0, len(tensor), batch)]


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


def _set_statistics(network: Any, norms: list[Any], batches: Sequence[torch.Tensor]) -> None:
    """Set the statistics of each of `norms` to those of its input, and compensate for them."""
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}

    def add_input(norm: Any, inputs: tuple[torch.Tensor]) -> None:
        values = inputs[0].double().transpose(0, 1).flatten(1)
        count = torch.full((len(values),), float(values.shape[1]), dtype=torch.float64)
        sums[norm] += torch.stack([count, values.sum(1), values.square().sum(1)])

    hooks = [norm.register_forward_pre_hook(add_input) for norm in norms]
    with torch.no_grad():
        for batch in batches:
            network(batch)
        for hook in hooks:
            hook.remove()
        for norm, (count, total, squares) in sums.items():
            mean = total / count
            variance = (squares / count - mean.square()).clamp(min=0.0)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.add_(mean)
