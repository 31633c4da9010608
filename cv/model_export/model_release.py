"""Release a model: turn a checkpoint into an ONNX file with its card beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cv.detector.model_card import CONTAINER, HULL, InferencePass, ModelCard, OutputLayout
from cv.detector.onnx_model import OnnxModel, model_card_path
from cv.errors import ModelError
from cv.io.atomic_files import atomic_path, write_atomically
from cv.io.hashing import sha256
from cv.model_export.onnx_export import TILE, export_onnx, serialize_checked
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD
from cv.training.initial_weights import read_checkpoint

FINE_OVERLAP = 112
"""Overlap of tiles in the pass for containers, pixels: a 45 ft container is 55 long."""
COARSE_OVERLAP = 360
"""Overlap of tiles in the pass for hulls, pixels: a hull of 400 m is 333 long."""


def release_checkpoint(checkpoint: Path, folder: Path, card: ModelCard) -> Path:
    """Write `card.name`.onnx and `card.name`.card.json into `folder`; return the model's path.

    The card file repeats the metadata of the model and adds the model's sha256, which
    `OnnxModel.load` compares. Raises ModelError where the card is invalid, does not fit the
    checkpoint, or the model exists, and then leaves the folder as it was.
    """
    if Path(card.name).name != card.name or card.name.startswith("."):
        raise ModelError("name", repr(card.name), "it is the name of a file", "Name a plain word.")
    model = folder / f"{card.name}.onnx"
    require_new_model(model)
    metadata = card.checked(model).to_metadata()
    names = tuple(dict(read_checkpoint(checkpoint).names).values())
    if names != card.classes:
        found = f"its classes are {', '.join(map(str, names))}"
        limit = f"the card says {', '.join(card.classes)}, in this order"
        raise ModelError(checkpoint, found, limit, "Train on a dataset with these classes.")
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(model) as draft:
        digest = export_onnx(checkpoint, draft, card.layout, metadata)
        OnnxModel.load(draft)
        model_card_path(model).unlink(missing_ok=True)
    _write_card(model, digest, card)
    return model


def require_new_model(model: Path) -> None:
    """Raise ModelError where the file `model` exists: models are never overwritten silently."""
    if model.exists():
        remedy = "Name another one, or remove it first."
        raise ModelError(model, "it exists", "a model is a new file", remedy)


def replace_model_card(model: Path, card: ModelCard) -> str:
    """Replace the card in and beside the ONNX file `model`; return the file's new sha256."""
    import onnx

    return write_model(onnx.load(str(model), load_external_data=False), model, card)


def write_model(proto: Any, model: Path, card: ModelCard) -> str:
    """Write onnx.ModelProto `proto` to the file `model` with `card`; return the file's sha256.

    The card beside the model is removed first and written last, so that a model never lies beside
    the card of another one.
    """
    content = serialize_checked(proto, card.checked(model).to_metadata())
    model_card_path(model).unlink(missing_ok=True)
    write_atomically(model, content)
    digest = sha256(content)
    _write_card(model, digest, card)
    return digest


def _write_card(model: Path, digest: str, card: ModelCard) -> None:
    record = {"sha256": digest, **asdict(card)}
    write_atomically(model_card_path(model), json.dumps(record, indent=1) + "\n")


def two_class_card(
    name: str,
    version: str,
    layout: str,
    thresholds: tuple[float, ...],
    training_data: str,
    detected: Sequence[str] = (CONTAINER, HULL),
) -> ModelCard:
    """Return the card of a model with a fine pass for containers and a coarse one for hulls.

    `thresholds` are minimum scores by class. Classes that are not `detected` have no pass: another
    model can detect them.
    """
    passes = (
        InferencePass(FINE_GSD, FINE_OVERLAP, (CONTAINER,)),
        InferencePass(COARSE_GSD, COARSE_OVERLAP, (HULL,)),
    )
    return ModelCard(
        name=name,
        version=version,
        classes=(CONTAINER, HULL),
        layout=OutputLayout(layout),
        tile_px=TILE,
        passes=tuple(one for one in passes if one.classes[0] in detected),
        gsd_range_m=(0.15, 0.9),
        thresholds=thresholds,
        merge_overlap=0.5,
        training_data=training_data,
        licence="AGPL-3.0-or-later",
    ).checked(name)
