"""From a fitted network to the released ONNX file and its card."""

from __future__ import annotations

from pathlib import Path

import torch

from cv.image_fitness.fitness_card import KEY, FitnessCard
from cv.image_fitness_training.fitness_network import STRIDE, ExportedNetwork, FitnessNetwork
from cv.training.onnx_with_card import ExportedModule, write_onnx_with_card

_AXES = {
    "image": {0: "images", 1: "rows", 2: "columns"},
    "fitness": {0: "images", 2: "patch_rows", 3: "patch_columns"},
}


def export_network(network: FitnessNetwork, card: FitnessCard, path: Path) -> None:
    """Write the network as the ONNX file `path`, and NAME.card.json beside it."""
    pixels = torch.zeros((1, 4 * STRIDE, 4 * STRIDE, 3), dtype=torch.uint8)
    exported = ExportedModule(ExportedNetwork(network), [pixels], ["image"], "fitness", _AXES)
    write_onnx_with_card(exported, KEY, card.to_record(), path)
