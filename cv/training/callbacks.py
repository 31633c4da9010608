"""How a run is followed: lines, a bar on a terminal, curves for TensorBoard."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from cv.errors import InputError

EVERY = 50
"""Steps between two lines, or two points of a curve."""

Losses = Mapping[str, float]


class TrainingCallback(Protocol):
    """Is told how a run goes; epochs and steps count from 0."""

    def begun(self, epochs: int, epoch: int, steps: int) -> None:
        """Training begins at `epoch` of `epochs`, each of so many `steps`."""

    def stepped(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """A step was made; `losses` are means since the epoch began."""

    def saved(self, epoch: int, losses: Losses) -> None:
        """The epoch is over and its state on disk."""

    def close(self) -> None:
        """Nothing more will come."""


class LineLogger:
    """A line for every `EVERY` steps and for every epoch."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._epochs = 0
        self._started = time.monotonic()

    def begun(self, epochs: int, epoch: int, steps: int) -> None:
        """See `Watcher`."""
        self._epochs = epochs
        self._say(f"epoch {epoch + 1}/{epochs} begins, {steps} batches an epoch")

    def stepped(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """See `Watcher`."""
        if (step + 1) % EVERY == 0:
            self._tell(epoch, f"batch {step + 1} {_text(losses)}")

    def saved(self, epoch: int, losses: Losses) -> None:
        """See `Watcher`."""
        self._tell(epoch, f"saved {_text(losses)}")

    def close(self) -> None:
        """See `Watcher`."""

    def _tell(self, epoch: int, text: str) -> None:
        minutes = (time.monotonic() - self._started) / 60
        self._say(f"epoch {epoch + 1}/{self._epochs} {text} {minutes:.1f} min")


class ProgressBar:
    """A bar an epoch, for a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._steps = self._epochs = 0

    def begun(self, epochs: int, epoch: int, steps: int) -> None:
        """See `Watcher`."""
        self._epochs, self._steps = epochs, steps

    def stepped(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """See `Watcher`."""
        if self._bar is None:
            name = f"epoch {epoch + 1}/{self._epochs}"
            self._bar = tqdm(total=self._steps, desc=name, unit="batch", dynamic_ncols=True)
        self._bar.set_postfix_str(_text(losses), refresh=False)
        self._bar.update()

    def saved(self, epoch: int, losses: Losses) -> None:
        """See `Watcher`."""
        self.close()

    def close(self) -> None:
        """See `Watcher`."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class TensorBoardLogger:
    """Scalars for TensorBoard in the folder `tensorboard` of a run."""

    def __init__(self, out: Path, writer: Any) -> None:
        self._folder = out / "tensorboard"
        self._make = writer
        self._writer: Any = None
        self._steps = 0

    def begun(self, epochs: int, epoch: int, steps: int) -> None:
        """See `Watcher`; what was drawn beyond the epoch that a run goes on with is dropped."""
        self._steps = steps
        self._writer = self._make(str(self._folder), purge_step=epoch * steps)

    def stepped(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """See `Watcher`."""
        if (step + 1) % EVERY == 0:
            self._draw("step", epoch * self._steps + step, {**losses, "rate": rate})

    def saved(self, epoch: int, losses: Losses) -> None:
        """See `Watcher`."""
        self._draw("epoch", (epoch + 1) * self._steps - 1, losses)
        self._writer.flush()

    def close(self) -> None:
        """See `Watcher`."""
        if self._writer is not None:
            self._writer.close()

    def _draw(self, group: str, step: int, values: Losses) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{group}/{name}", value, step)


def make_callbacks(
    out: Path, say: Callable[[str], None], tensorboard: bool
) -> tuple[TrainingCallback, ...]:
    """Who follows the run in `out`; raises InputError where TensorBoard is wanted but not there."""
    shown: TrainingCallback = ProgressBar() if sys.stderr.isatty() else LineLogger(say)
    if not tensorboard:
        return (shown,)
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError(
            "--tensorboard",
            "TensorBoard is not installed",
            "it comes with the extra `tensorboard`",
            'Install it: pip install "pierwatch[train,tensorboard]".',
        ) from error
    return shown, TensorBoardLogger(out, SummaryWriter)


def _text(losses: Losses) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in losses.items())
