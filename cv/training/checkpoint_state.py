"""The state of a run between two epochs: everything that the next epoch depends on, in one file.

It holds tensors and plain values only, in full precision, so that a resumed run ends with the same
weights as an uninterrupted one. Loading it never executes code from the file.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cv.errors import ModelError
from cv.io.atomic_files import write_atomically

STATE_NAME = "state.pt"
"""Name of the file in the folder of a run."""
FORMAT = 1
"""Increased when the meaning of a field changes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingState:
    """The state at the end of an epoch. The names of the fields are the keys of the file."""

    epochs: int
    """Epochs done."""
    network: dict[str, torch.Tensor]
    """Weights and statistics by name."""
    average: dict[str, torch.Tensor]
    """The same of their moving average, which is the result of a run."""
    updates: int
    """Steps that went into the average."""
    optimizer: dict[str, Any]
    """State dictionary of torch: moments, steps, rates."""
    scaler: dict[str, Any]
    """State of the gradient scaler of mixed precision on a GPU, else empty."""
    schedule: dict[str, Any]
    """State of the learning-rate schedule."""
    history: tuple[tuple[float, ...], ...]
    """One row per epoch: the mean of each part of the loss, in the order of `parts`."""
    parts: tuple[str, ...]
    """Names of the parts of the loss."""

    def save(self, path: Path) -> None:
        """Write the file `path` atomically: a kill leaves the old file or the new one."""
        buffer = io.BytesIO()
        torch.save({"format": FORMAT, **vars(self)}, buffer)
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> TrainingState:
        """Read the state in the file `path`; raises ModelError where it is not a valid state."""
        try:
            record = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged pickle raises anything; nothing in it is executed
            raise _invalid(path, "it is damaged, or holds more than tensors") from error
        if not isinstance(record, dict) or record.pop("format", None) != FORMAT:
            raise _invalid(path, "it is not the state of a run of this version")
        return cls(**record)


def _invalid(path: Path, found: str) -> ModelError:
    limit = "a run resumes from the state that it wrote itself"
    return ModelError(path, found, limit, "Delete it to train that run from its start.")
