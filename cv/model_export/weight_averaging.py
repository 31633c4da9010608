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
from cv.model_export.release import require_new_model, write_model


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
    card = cards[0]
    for model, other in zip(models, cards, strict=True):
        if (other.classes, other.passes, other.tile_px) != (
            card.classes,
            card.passes,
            card.tile_px,
        ):
            raise _not_averageable(model, "it detects other classes, or in other passes")
    if card.precision != FP32:
        raise ModelError(models[0], f"its precision is {card.precision}", f"{FP32}", "Name others.")
    protos = [onnx.load(str(model), load_external_data=False) for model in models]
    weights = [_weights(proto) for proto in protos]
    for model, others in zip(models[1:], weights[1:], strict=True):
        _require_same_tensors(model, weights[0], others)
    for tensor in protos[0].graph.initializer:
        values = [numpy_helper.to_array(part[tensor.name]) for part in weights]
        if values[0].dtype == np.float32:
            mean = np.asarray(np.mean(values, axis=0, dtype=np.float64), np.float32)
            tensor.CopyFrom(numpy_helper.from_array(mean, tensor.name))
    own = replace(card, name=target.stem, version=version, training_data=training_data)
    return write_model(protos[0], target, replace(own, calibrations=()))


def _weights(proto: Any) -> dict[str, Any]:
    """Return the tensors of a model by name."""
    return {tensor.name: tensor for tensor in proto.graph.initializer}


def _require_same_tensors(model: Path, first: dict[str, Any], other: dict[str, Any]) -> None:
    """Raise ModelError where `other` has other tensors than `first`."""
    shapes = [{name: list(tensor.dims) for name, tensor in part.items()} for part in (first, other)]
    if shapes[0] != shapes[1]:
        raise _not_averageable(model, "it is another network")


def _not_averageable(model: Path, found: str) -> ModelError:
    limit = "only models of the same network and passes can be averaged"
    return ModelError(model, found, limit, "Name models that were fine-tuned from one another.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m cv.model_export.weight_averaging",
        description="Write the mean of the weights of several models, with a card.",
        epilog="example: python -m cv.model_export.weight_averaging a.onnx b.onnx mean.onnx "
        "--version 2 --data 'a and b'",
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
