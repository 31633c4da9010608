"""The state of a run between two epochs: all that the next epoch depends on, in one file.

Tensors and plain values only, in full precision, so that a run that goes on from it does what an
unbroken one does. Read without running anything that the file names.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cv.errors import ModelError
from cv.io.atomic_files import write_atomically

FORMAT = 1
"""Raised where the meaning of a field changes."""


@dataclass(frozen=True, eq=False)
class TrainingState:
    """What a run knows when an epoch is over."""

    epochs: int
    # epochs done
    network: dict[str, torch.Tensor]
    # weights and statistics by name
    average: dict[str, torch.Tensor]
    # the same of the moving average, which is what a run is for
    updates: int
    # steps that went into the average
    optimizer: dict[str, Any]
    # torch's state dictionary: moments, steps, rates
    scaler: dict[str, Any]
    # of mixed precision on a GPU, else empty
    schedule: dict[str, Any]
    # of the learning rate
    history: tuple[tuple[float, ...], ...]
    # a row an epoch: the mean of each part of the loss, in the order of `parts`
    parts: tuple[str, ...]
    # names of the parts of the loss

    def save(self, path: Path) -> None:
        """Writes the file `path` whole; a kill leaves the old one or the new one."""
        buffer = io.BytesIO()
        torch.save({"format": FORMAT, **vars(self)}, buffer)
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> TrainingState:
        """The state in the file `path`; raises ModelError where it is no such file."""
        try:
            record = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # whatever a damaged pickle leads to; none of it is run
            raise _refused(path, "it is damaged, or holds more than tensors") from error
        if not isinstance(record, dict) or record.pop("format", None) != FORMAT:
            raise _refused(path, "it is not the state of a run of this version")
        if set(record) != set(cls.__annotations__):
            raise _refused(path, "it lacks a part")
        return cls(**record)


def _refused(path: Path, found: str) -> ModelError:
    return ModelError(
        path,
        found,
        "a run goes on from the state that it wrote itself",
        "Delete it to train that run from its start.",
    )
