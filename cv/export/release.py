"""A release: a checkpoint becomes an ONNX model with its card beside it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cv.detector.model_card import CONTAINER, HULL, InferencePass, ModelCard, OutputLayout
from cv.detector.onnx_model import OnnxModel, model_card_path
from cv.errors import ModelError
from cv.export.onnx_export import TILE, export_onnx, serialize_checked
from cv.io.atomic_files import atomic_path, write_atomically
from cv.io.hashing import sha256
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD
from cv.training.initial_weights import read_checkpoint

FINE_OVERLAP = 112  # pixels: a 45 ft box is 55 long, the rest is context
COARSE_OVERLAP = 360  # pixels: a hull of 400 m is 333 long
_UNUSED = 0.5  # threshold of what a model does not look for


def release_checkpoint(checkpoint: Path, folder: Path, card: ModelCard) -> Path:
    """Writes `card.name`.onnx and `card.name`.card.json into `folder`; returns the model's path.

    The card file holds what the metadata of the model hold, and the sha256 of the model, which
    `Network.load` compares. Raises ModelError where the card contradicts itself or the checkpoint,
    or the model exists, and then leaves the folder as it was.
    """
    if Path(card.name).name != card.name or card.name.startswith("."):
        raise ModelError("name", repr(card.name), "it is the name of a file", "Name a plain word.")
    model = folder / f"{card.name}.onnx"
    require_new_model(model)
    metadata = card.checked(model).to_metadata()
    names = tuple(dict(read_checkpoint(checkpoint).names).values())
    if names != card.classes:
        raise ModelError(
            checkpoint,
            f"its classes are {', '.join(map(str, names))}",
            f"the card says {', '.join(card.classes)}, in this order",
            "Train on a dataset with these classes; one may be without objects.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(model) as draft:
        exported = export_onnx(checkpoint, draft, card.layout.value, metadata)
        OnnxModel.load(draft)
        model_card_path(model).unlink(missing_ok=True)
    _write_card(model, exported.sha256, card)
    return model


def require_new_model(model: Path) -> None:
    """Raises ModelError where there is a file `model`: a model is never replaced unasked."""
    if model.exists():
        raise ModelError(
            model, "it exists", "a model is a new file", "Name another one, or remove it first."
        )


def replace_model_card(model: Path, card: ModelCard) -> str:
    """Gives the ONNX file `model` another card, beside it too; returns its new sha256."""
    import onnx

    return write_model(onnx.load(str(model), load_external_data=False), model, card)


def write_model(proto: Any, model: Path, card: ModelCard) -> str:
    """Writes onnx.ModelProto `proto` as `model`, with `card` in it and beside it; its sha256.

    The card beside it goes first and comes last: no moment leaves a model with the card of another.
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
    finds: Sequence[str] = (CONTAINER, HULL),
) -> ModelCard:
    """The card of a two-class model: containers in the fine pass, hulls in the coarse one.

    `finds`: what it looks for; what it does not is left to another model.
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
        passes=tuple(look for look in passes if look.classes[0] in finds),
        gsd_range_m=(0.15, 0.9),
        thresholds=thresholds,
        merge_overlap=0.5,
        training_data=training_data,
        licence="AGPL-3.0-or-later",
    ).checked(name)


def main(arguments: list[str] | None = None) -> int:
    """Release a checkpoint from the shell."""
    parser = argparse.ArgumentParser(
        prog="python -m cv.export.release",
        description="Write NAME.onnx and NAME.card.json from a checkpoint.",
        epilog="example: python -m cv.export.release runs/first/weights/last.pt weights "
        '--name mine --version 1 --container 0.3 --hull 0.3 --data "2800 rendered chips"',
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True, help="of the model and its files")
    parser.add_argument("--version", required=True)
    parser.add_argument(
        "--layout", choices=[layout.value for layout in OutputLayout], default="raw"
    )
    parser.add_argument("--container", type=float, help="least score; none: not looked for")
    parser.add_argument("--hull", type=float, help="least score; none: not looked for")
    parser.add_argument("--data", required=True, help="one sentence on the training data")
    given = parser.parse_args(arguments)
    least = {CONTAINER: given.container, HULL: given.hull}
    finds = [name for name, score in least.items() if score is not None]
    if not finds:
        parser.error("give --container, --hull, or both: what has no least score is not looked for")
    for name, score in least.items():
        if score is not None and not 0 < score < 1:
            parser.error(f"--{name} is {score:g}, but a least score lies between 0 and 1")
    scores = (given.container, given.hull)
    thresholds = tuple(_UNUSED if score is None else score for score in scores)
    try:
        card = two_class_card(
            given.name, given.version, given.layout, thresholds, given.data, finds
        )
        print(release_checkpoint(given.checkpoint, given.folder, card))
    except ModelError as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
