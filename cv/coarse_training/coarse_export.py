"""From a fitted coarse network to an ONNX file and its card."""

from __future__ import annotations

import json
import tempfile
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
import torch

from cv.coarse_training.coarse_network import CoarseNetwork, ExportedCoarseNetwork
from cv.io.atomic_files import write_atomically
from cv.io.hashing import sha256

KEY = "pierwatch_coarse"
"""Name of the card in the metadata of the ONNX file."""
_OPSET = 17
_AXES = {
    "image": {0: "images", 1: "rows", 2: "columns"},
    "gsd_m": {0: "images"},
    "cells": {0: "images", 2: "cell_rows", 3: "cell_columns"},
}


@dataclass(frozen=True, kw_only=True)
class CoarseCard:
    """What a coarse model is and what it was taught with."""

    name: str
    version: str
    channels: tuple[str, ...]
    """Of the output, in their order."""
    gsd_m: tuple[float, float]
    """Least and greatest GSD of the training samples, metres."""
    cells_of_pixel: int
    """Cells along a side of a pixel."""
    stride_px: int
    """Rows and columns of an image must be multiples of this."""
    psf: tuple[float, float]
    """Least and greatest deviation of the optics' point spread that were drawn, GSDs."""
    training_data: str
    licence: str


def export_coarse_network(network: CoarseNetwork, card: CoarseCard, path: Path) -> None:
    """Write the network as the ONNX file `path`, and NAME.card.json beside it."""
    pixels = torch.zeros((1, 8 * card.stride_px, 8 * card.stride_px, 3), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draft = Path(folder) / path.name
        torch.onnx.export(
            ExportedCoarseNetwork(network).eval(),
            (pixels, torch.tensor([3.0])),
            draft,
            input_names=["image", "gsd_m"],
            output_names=["cells"],
            dynamic_axes=_AXES,
            opset_version=_OPSET,
            dynamo=False,
        )
        model = onnx.load(draft)
    for node in model.graph.node:
        node.ClearField("doc_string")
    record = asdict(card)
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, json.dumps(record)
    content = model.SerializeToString()
    write_atomically(path, content)
    beside = {"sha256": sha256(content), **record}
    write_atomically(path.with_suffix(".card.json"), json.dumps(beside, indent=1) + "\n")
