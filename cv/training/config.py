"""The recipe of a run: everything that decides it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cv.errors import InputError

CHIP = 640
"""Pixels, side of a chip at the working sampling distances."""
HEADS = ("both", "raw")
PRECISIONS = ("auto", "float32", "bfloat16")
_DEVICE = re.compile(r"auto|cpu|(cuda:)?\d+")


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a run."""

    data: Path
    # dataset.yaml
    weights: Path
    # what to start from: .onnx, .pt, or the name of an architecture
    out: Path
    # run folder, made
    epochs: int = 10
    # passes over the data
    batch: int = 8
    # chips a step
    rate: float = 1e-3
    # learning rate of AdamW after warm-up; falls along a cosine
    seed: int = 0
    # of weights, order and augmentation
    device: str = "auto"
    # "auto": a GPU if there is one; "cpu"; "0" or "cuda:0"
    heads: str = "both"
    # "both", or "raw": only the one-to-many head, a third faster to train, no end-to-end layout
    precision: str = "auto"
    # "auto", "float32" or "bfloat16"; auto: mixed on a GPU, bfloat16 on a CPU that computes in it
    jitter: float = 1.0
    # strength of the jitter of sampling distance and angle, 0 for none
    freeze: int = 0
    # first layers of the network that keep their weights
    side: int = CHIP
    # pixels, of every image that the network sees

    def checked(self) -> TrainingConfig:
        """This recipe where a run can follow it; raises InputError."""
        faults = [
            (self.epochs < 1, "epochs", self.epochs, "at least 1 is needed"),
            (self.batch < 1, "batch", self.batch, "at least 1 is needed"),
            (not 0 < self.rate <= 1, "rate", self.rate, "above 0 and at most 1"),
            (not 0 <= self.seed < 2**31, "seed", self.seed, "0 to 2147483647"),
            (not _DEVICE.fullmatch(self.device), "device", self.device, "auto, cpu or a number"),
            (self.heads not in HEADS, "heads", self.heads, " or ".join(HEADS)),
            (self.precision not in PRECISIONS, "precision", self.precision, ", ".join(PRECISIONS)),
            (not 0 <= self.jitter <= 3, "jitter", self.jitter, "0 to 3"),
            (not 0 <= self.freeze <= 100, "freeze", self.freeze, "0 to 100 layers"),
            (
                self.side % 32 != 0 or not 32 <= self.side <= 4096,
                "side",
                self.side,
                "a multiple of 32 up to 4096 pixels",
            ),
        ]
        for wrong, name, value, limit in faults:
            if wrong:
                raise InputError(name, f"{value}", limit, f"Correct --{name}.")
        return self
