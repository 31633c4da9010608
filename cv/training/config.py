"""The configuration of a run: everything that decides its result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cv.errors import InputError

CHIP = 640
"""Default side of the network's input, pixels."""
HEADS = ("both", "raw")
PRECISIONS = ("auto", "float32", "bfloat16")
_DEVICE = re.compile(r"auto|cpu|(cuda:)?\d+")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that decides a run."""

    data: Path
    """dataset.yaml of a YOLO-OBB dataset."""
    weights: Path
    """Initial weights: an ONNX model, a checkpoint (.pt), or the name of an architecture."""
    out: Path
    """Run folder to make."""
    epochs: int = 10
    """Passes over the data."""
    batch: int = 8
    """Chips per step."""
    rate: float = 1e-3
    """Learning rate of AdamW after warm-up; it falls along a cosine."""
    seed: int = 0
    """Seed of random weights, order and augmentation."""
    device: str = "auto"
    """"auto" (a GPU if there is one), "cpu", or a GPU's number such as "0" or "cuda:0"."""
    heads: str = "both"
    """"raw" (only the one-to-many head, a third faster, no end-to-end layout) or "both"."""
    precision: str = "auto"
    """"auto" (mixed on a GPU, bfloat16 on a CPU that has it), "float32" or "bfloat16"."""
    jitter: float = 1.0
    """Strength of the jitter of sampling distance and angle; 0 for none."""
    freeze: int = 0
    """Number of first layers that keep their weights."""
    side: int = CHIP
    """Side of the network's input, pixels."""

    def checked(self) -> TrainingConfig:
        """Return this configuration; raises InputError where a value is out of range."""
        rules = [
            (self.epochs >= 1, "epochs", "at least 1 is needed"),
            (self.batch >= 1, "batch", "at least 1 is needed"),
            (0 < self.rate <= 1, "rate", "above 0 and at most 1"),
            (0 <= self.seed < 2**31, "seed", "0 to 2147483647"),
            (_DEVICE.fullmatch(self.device), "device", "auto, cpu or a number"),
            (self.heads in HEADS, "heads", " or ".join(HEADS)),
            (self.precision in PRECISIONS, "precision", ", ".join(PRECISIONS)),
            (0 <= self.jitter <= 3, "jitter", "0 to 3"),
            (0 <= self.freeze <= 100, "freeze", "0 to 100 layers"),
            (self.side in range(32, 4097, 32), "side", "a multiple of 32 up to 4096 pixels"),
        ]
        for valid, name, limit in rules:
            if not valid:
                raise InputError(name, f"{getattr(self, name)}", limit, f"Correct --{name}.")
        return self
