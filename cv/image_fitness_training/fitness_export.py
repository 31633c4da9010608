"""From a fitted network to the released ONNX file and its card."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path

import onnx
import torch

from cv.image_fitness.fitness_card import KEY, FitnessCard
from cv.image_fitness_training.fitness_network import STRIDE, ExportedNetwork, FitnessNetwork
from cv.io.atomic_files import write_atomically
from cv.io.hashing import sha256

_OPSET = 17
_AXES = {
    "image": {0: "images", 1: "rows", 2: "columns"},
    "fitness": {0: "images", 2: "patch_rows", 3: "patch_columns"},
}


def export_network(network: FitnessNetwork, card: FitnessCard, path: Path) -> None:
    """Write the network as the ONNX file `path`, and NAME.card.json beside it."""
    pixels = torch.zeros((1, 4 * STRIDE, 4 * STRIDE, 3), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draft = Path(folder) / path.name
        torch.onnx.export(
            ExportedNetwork(network).eval(),
            (pixels,),
            draft,
            input_names=["image"],
            output_names=["fitness"],
            dynamic_axes=_AXES,
            opset_version=_OPSET,
            dynamo=False,
        )
        model = onnx.load(draft)
    for node in model.graph.node:
        node.ClearField("doc_string")
    record = card.to_record()
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, json.dumps(record)
    content = model.SerializeToString()
    write_atomically(path, content)
    beside = {"sha256": sha256(content), **record}
    write_atomically(path.with_suffix(".card.json"), json.dumps(beside, indent=1) + "\n")
