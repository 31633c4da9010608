"""From a fitted coarse network to an ONNX file and its card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from cv.coarse_training.coarse_network import CoarseNetwork, ExportedCoarseNetwork
from cv.training.onnx_with_card import ExportedModule, write_onnx_with_card

KEY = "pierwatch_coarse"
"""Name of the card in the metadata of the ONNX file."""
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
    example, names = [pixels, torch.tensor([3.0])], ["image", "gsd_m"]
    exported = ExportedModule(ExportedCoarseNetwork(network), example, names, "cells", _AXES)
    write_onnx_with_card(exported, KEY, asdict(card), path)
