"""What a run starts from: a released ONNX model, a checkpoint, or an architecture by its name.

Nothing that one of these files holds is run: a checkpoint is read by an allow-list of classes.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.training.ultralytics_setup import isolate_ultralytics

_KNOWN = re.compile(r"yolo(v8|11|26)[nsmlx]-obb\.yaml")
"""Architectures that come with ultralytics."""


class WeightsKind(StrEnum):
    """What a run may start from."""

    RELEASED = ".onnx"
    """An export, such as the released model."""
    CHECKPOINT = ".pt"
    """A checkpoint of a run or of ultralytics."""
    ARCHITECTURE = ".yaml"
    """An architecture with random weights."""


def weights_kind(weights: Path) -> WeightsKind:
    """What `weights` is, by its ending and its first bytes; raises ModelError."""
    ending = weights.suffix.lower()
    if ending not in set(WeightsKind):
        raise _refused(weights, f"its ending is {ending!r}", "Name another file.")
    if (
        ending == WeightsKind.ARCHITECTURE
        and not weights.exists()
        and _KNOWN.fullmatch(str(weights))
    ):
        return WeightsKind.ARCHITECTURE
    if not weights.is_file():
        raise _refused(weights, "no such file", "Check the path.")
    packed = zipfile.is_zipfile(weights)
    if ending == WeightsKind.RELEASED and packed:
        raise _refused(weights, "it holds an archive, no ONNX model", "Check what it is.")
    return WeightsKind(ending)


def check_weights(weights: Path, names: tuple[str, ...]) -> WeightsKind:
    """What `weights` is, if a run on classes `names` can start from it; raises ModelError."""
    kind = weights_kind(weights)
    if kind is WeightsKind.RELEASED:
        classes = OnnxModel.load(weights).card.classes
        if classes != names:
            raise ModelError(
                weights,
                f"its classes are {', '.join(classes)}, those of the data {', '.join(names)}",
                "a run goes on with the classes of its model, in their order",
                "Number the classes of the dataset so; a class may be without objects.",
            )
    elif kind is WeightsKind.CHECKPOINT:
        read_checkpoint(weights)
    else:
        read_architecture(weights, len(names))
    return kind


def read_checkpoint(path: Path) -> Any:
    """The oriented-box network of checkpoint `path`, float32; raises ModelError.

    Classes outside of ultralytics and torch are refused before anything of them is made.
    """
    if weights_kind(path) is not WeightsKind.CHECKPOINT:
        raise _refused(path, "it is no checkpoint", "Name a .pt file.")
    isolate_ultralytics()
    from ultralytics.nn import tasks

    loader: Any = tasks
    try:
        with catch_warnings():
            simplefilter("ignore")  # a pickle is read or refused: nothing else is news
            network, _ = loader.load_checkpoint(str(path.resolve()))
    except (TypeError, pickle.UnpicklingError, ImportError) as error:
        found = "it is damaged, or holds something other than a network of ultralytics"
        raise _refused(path, found, "Use a checkpoint that you trust.") from error
    except Exception as error:  # whatever a damaged file leads to; none of it is run
        words = " ".join(str(error).split())[:120]
        raise _refused(path, f"it cannot be loaded ({words})", "Get it again.") from error
    if not isinstance(network, loader.OBBModel):
        raise _refused(path, f"it holds a {type(network).__name__}", "Use one ending in -obb.pt.")
    return network


def read_architecture(path: Path, classes: int) -> Any:
    """A network of the architecture `path` with random weights; raises ModelError."""
    isolate_ultralytics()
    from ultralytics.nn import tasks

    loader: Any = tasks
    try:
        return loader.OBBModel(str(path), nc=classes, verbose=False)
    except Exception as error:  # whatever a wrong description of layers leads to
        words = " ".join(str(error).split())[:120]
        raise _refused(path, f"no architecture ({words})", "Try yolo26n-obb.yaml.") from error


def _refused(path: Path, found: str, remedy: str) -> ModelError:
    limit = "training starts from a released model (.onnx), a checkpoint (.pt) of oriented boxes "
    return ModelError(path, found, f"{limit}or an architecture (.yaml)", remedy)
