"""Pieces of a fit of a small network that can be stopped after any epoch and resumed."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from cv.io.atomic_files import write_atomically

_KEPT = 0.995
"""Share of the moving average that a step keeps."""
_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True, kw_only=True)
class FittingSettings:
    """Everything that decides a fit, beside the samples."""

    epochs: int = 30
    """Rounds, after each of which the state is stored."""
    steps: int = 200
    """Steps of an epoch: the mixture has no end."""
    batch: int = 16
    """Images a step."""
    rate: float = 3e-3
    """Greatest learning rate of AdamW; it falls along a cosine."""
    seed: int = 0
    """Seed of weights, order and turns."""


class ResumableFit(Generic[_Network]):
    """A network with its optimizer and the moving average of its weights."""

    def __init__(self, network: _Network, settings: FittingSettings) -> None:
        self.network = network
        self.settings = settings
        self._average = AveragedModel(network, multi_avg_fn=_move_average, use_buffers=True)
        self._optimizer = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=1e-3)

    @property
    def averaged(self) -> _Network:
        """The network with the moving average of the weights, for use."""
        result: Any = self._average.module.eval()
        assert isinstance(result, type(self.network))
        return result

    def step(self, loss: torch.Tensor, done: float) -> None:
        """Learn from the loss of a batch after a share `done` (0..1) of the run."""
        _set_rate(self._optimizer, self.settings.rate, done)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._optimizer.step()
        self._average.update_parameters(self.network)

    def store(self, path: Path, epochs: int) -> None:
        """Write the state after a number of epochs."""
        buffer = io.BytesIO()
        state: dict[str, Any] = {
            "epochs": epochs,
            "network": self.network.state_dict(),
            "average": self._average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        torch.save(state, buffer)
        write_atomically(path, buffer.getvalue())

    def restore(self, path: Path) -> int:
        """Load a state and return the number of its epochs; 0 where there is none."""
        if not path.exists():
            return 0
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        return int(state["epochs"])


def _move_average(
    averages: Sequence[torch.Tensor], values: Sequence[torch.Tensor], steps: torch.Tensor | int
) -> None:
    """Move the averages towards the values; less and less over the first steps."""
    kept = min(_KEPT, (1 + float(steps)) / (10 + float(steps)))
    with torch.no_grad():
        for mean, value in zip(averages, values, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - kept)
            else:
                mean.copy_(value)


def _set_rate(optimizer: torch.optim.Optimizer, rate: float, done: float) -> None:
    """Set the learning rate after a share `done` of the run: a short rise, then a cosine."""
    rise = min(1.0, done / 0.04 + 0.05)
    for group in optimizer.param_groups:
        group["lr"] = rate * rise * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)
