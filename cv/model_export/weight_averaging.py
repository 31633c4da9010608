"""Average the weights of several models that were fine-tuned from one another.

    python -m cv.model_export.weight_averaging a.onnx b.onnx mean.onnx --version 2 --data "a and b"

The mean of such models is often better than each ("model soups", Wortsman et al. 2022,
arXiv:2203.05482). An export folds normalizations into convolutions, so that the weights of two
exports are comparable.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cv.detector.model_card import FP32
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.model_export.model_release import require_new_model, write_model


def average_models(models: Sequence[Path], target: Path, version: str, training_data: str) -> str:
    """Write the mean of the ONNX files `models` as `target` with its card; return its sha256.

    The card is that of the first model with `version` and `training_data`, without calibrations,
    which do not hold for the mean. Raises ModelError where the models differ in more than their
    weights, or `target` exists.
    """
    import onnx
    from onnx import numpy_helper

    require_new_model(target)
    cards = [OnnxModel.load(model).card for model in models]
    protos = [onnx.load(str(model), load_external_data=False) for model in models]
    weights = [{tensor.name: tensor for tensor in proto.graph.initializer} for proto in protos]
    card = cards[0]
    if card.precision != FP32:
        raise ModelError(models[0], f"its precision is {card.precision}", FP32, "Name others.")
    for model, other, tensors in zip(models, cards, weights, strict=True):
        same = other.classes == card.classes and other.tile_px == card.tile_px
        if not same or other.passes != card.passes:
            raise _not_averageable(model, "it detects other classes, or in other passes")
        if _shapes(tensors) != _shapes(weights[0]):
            raise _not_averageable(model, "it is another network")
    for tensor in protos[0].graph.initializer:
        values = [numpy_helper.to_array(part[tensor.name]) for part in weights]
        if values[0].dtype == np.float32:
            mean = np.asarray(np.mean(values, axis=0, dtype=np.float64), np.float32)
            tensor.CopyFrom(numpy_helper.from_array(mean, tensor.name))
    own = replace(card, name=target.stem, version=version, training_data=training_data)
    return write_model(protos[0], target, replace(own, calibrations=()))


def _shapes(tensors: dict[str, Any]) -> dict[str, list[int]]:
    return {name: list(tensor.dims) for name, tensor in tensors.items()}


def _not_averageable(model: Path, found: str) -> ModelError:
    limit = "only models of the same network and passes can be averaged"
    return ModelError(model, found, limit, "Name models that were fine-tuned from one another.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m cv.model_export.weight_averaging",
        description="Write the mean of the weights of several models, with a card.",
    )
    parser.add_argument("models", type=Path, nargs="+", help="float ONNX models, two or more")
    parser.add_argument("target", type=Path, help="ONNX model to write; names the card")
    parser.add_argument("--version", required=True)
    parser.add_argument("--data", required=True, help="one sentence on the training data")
    given = parser.parse_args(arguments)
    if len(given.models) < 2:
        parser.error("name two models or more, and the one to write")
    try:
        digest = average_models(given.models, given.target, given.version, given.data)
        print(f"{given.target}: sha256 {digest}")
    except ModelError as error:
        print(f"average: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
