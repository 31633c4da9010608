"""Initial weights of a run: a released ONNX model, a checkpoint, or the name of an architecture.

No code from these files is executed: checkpoints are read with an allow-list of classes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.training.ultralytics_setup import isolate_ultralytics

_KNOWN = re.compile(r"yolo(v8|11|26)[nsmlx]-obb\.yaml")
"""Names of architectures that come with ultralytics."""
RELEASED, CHECKPOINT, ARCHITECTURE = ".onnx", ".pt", ".yaml"
"""Kinds of initial weights, by file suffix."""


def weights_kind(weights: Path) -> str:
    """Return RELEASED, CHECKPOINT or ARCHITECTURE; raises ModelError."""
    suffix = weights.suffix.lower()
    if suffix not in (RELEASED, CHECKPOINT, ARCHITECTURE):
        raise _invalid(weights, f"its ending is {suffix!r}", "Name another file.")
    if not weights.is_file() and not _KNOWN.fullmatch(str(weights)):
        raise _invalid(weights, "no such file", "Check the path.")
    return suffix


def check_weights(weights: Path, names: tuple[str, ...]) -> str:
    """Return the kind of `weights`; raises ModelError if a run on classes `names` cannot use it."""
    kind = weights_kind(weights)
    if kind == RELEASED:
        classes = OnnxModel.load(weights).card.classes
        if classes != names:
            found = f"its classes are {', '.join(classes)}, those of the data {', '.join(names)}"
            limit = "fine-tuning keeps the classes of its model, in their order"
            remedy = "Number the classes like the model's; a class may have no objects."
            raise ModelError(weights, found, limit, remedy)
    elif kind == CHECKPOINT:
        read_checkpoint(weights)
    else:
        read_architecture(weights, len(names))
    return kind


def read_checkpoint(path: Path) -> Any:
    """Return the network of checkpoint `path`, of known classes only; raises ModelError."""
    if weights_kind(path) != CHECKPOINT:
        raise _invalid(path, "it is not a checkpoint", "Name a .pt file.")
    isolate_ultralytics()
    from ultralytics.nn import tasks

    loader: Any = tasks
    try:
        with catch_warnings():
            simplefilter("ignore")
            network, _ = loader.load_checkpoint(str(path.resolve()))
    except Exception as error:  # a damaged file raises anything; nothing in it is executed
        found = "it is damaged, or holds something other than a network of ultralytics"
        raise _invalid(path, found, "Use a checkpoint that you trust.") from error
    if not isinstance(network, loader.OBBModel):
        raise _invalid(path, f"it holds a {type(network).__name__}", "Use one ending in -obb.pt.")
    return network


def read_architecture(path: Path, classes: int) -> Any:
    """Return a network of the architecture `path` with random weights; raises ModelError."""
    isolate_ultralytics()
    from ultralytics.nn import tasks

    loader: Any = tasks
    try:
        return loader.OBBModel(str(path), nc=classes, verbose=False)
    except Exception as error:  # an invalid description of layers raises anything
        words = " ".join(str(error).split())[:120]
        raise _invalid(path, f"not an architecture ({words})", "Try yolo26n-obb.yaml.") from error


def _invalid(path: Path, found: str, remedy: str) -> ModelError:
    limit = "training starts from a released model (.onnx), a checkpoint (.pt) of oriented boxes "
    return ModelError(path, found, f"{limit}or an architecture (.yaml)", remedy)
