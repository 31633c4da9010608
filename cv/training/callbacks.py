"""Progress of a run: log lines, a progress bar on a terminal, curves for TensorBoard."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cv.errors import InputError

LOG_INTERVAL = 50
"""Steps between two log lines, or two points of a curve."""

Losses = Mapping[str, float]


class TrainingCallback:
    """Receives the events of a run; epochs and steps count from 0."""

    epochs = 0
    """Epochs of the run."""
    steps = 0
    """Steps of an epoch."""

    def on_start(self, epochs: int, epoch: int, steps: int) -> None:
        """Training starts at `epoch` of `epochs`; an epoch has `steps` steps."""
        self.epochs, self.steps = epochs, steps

    def on_step(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """Report a step; `losses` are means since the epoch began."""

    def on_epoch_saved(self, epoch: int, losses: Losses) -> None:
        """Report that the epoch is done and its state is on disk."""

    def close(self) -> None:
        """Report the end of the run."""


class LineLogger(TrainingCallback):
    """Writes a line every `LOG_INTERVAL` steps and after every epoch."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._started = time.monotonic()

    def on_start(self, epochs: int, epoch: int, steps: int) -> None:
        """Write which epoch begins."""
        super().on_start(epochs, epoch, steps)
        self._log(f"epoch {epoch + 1}/{epochs} begins, {steps} batches an epoch")

    def on_step(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """Write a line at every `LOG_INTERVAL`-th step."""
        if (step + 1) % LOG_INTERVAL == 0:
            self._log_with_time(epoch, f"batch {step + 1} {_format(losses)}")

    def on_epoch_saved(self, epoch: int, losses: Losses) -> None:
        """Write the losses of the epoch."""
        self._log_with_time(epoch, f"saved {_format(losses)}")

    def _log_with_time(self, epoch: int, text: str) -> None:
        minutes = (time.monotonic() - self._started) / 60
        self._log(f"epoch {epoch + 1}/{self.epochs} {text} {minutes:.1f} min")


class ProgressBar(TrainingCallback):
    """Shows one bar per epoch on a terminal."""

    _bar: tqdm[Any] | None = None

    def on_step(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """Advance the bar of the epoch."""
        if self._bar is None:
            name = f"epoch {epoch + 1}/{self.epochs}"
            self._bar = tqdm(total=self.steps, desc=name, unit="batch", dynamic_ncols=True)
        self._bar.set_postfix_str(_format(losses), refresh=False)
        self._bar.update()

    def on_epoch_saved(self, epoch: int, losses: Losses) -> None:
        """End the bar of the epoch."""
        self.close()

    def close(self) -> None:
        """Leave the terminal in order."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class TensorBoardLogger(TrainingCallback):
    """Writes scalars for TensorBoard into the folder `tensorboard` of a run."""

    def __init__(self, out: Path, writer_class: Any) -> None:
        self._make_writer = partial(writer_class, str(out / "tensorboard"))
        self._writer: Any = None

    def on_start(self, epochs: int, epoch: int, steps: int) -> None:
        """Open the file; a resumed run drops points after the epoch it resumes at."""
        super().on_start(epochs, epoch, steps)
        self._writer = self._make_writer(purge_step=epoch * steps)

    def on_step(self, epoch: int, step: int, rate: float, losses: Losses) -> None:
        """Write a point at every `LOG_INTERVAL`-th step."""
        if (step + 1) % LOG_INTERVAL == 0:
            self._write("step", epoch * self.steps + step, {**losses, "rate": rate})

    def on_epoch_saved(self, epoch: int, losses: Losses) -> None:
        """Write the point of the epoch."""
        self._write("epoch", (epoch + 1) * self.steps - 1, losses)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, group: str, step: int, values: Losses) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{group}/{name}", value, step)


def make_callbacks(
    out: Path, log: Callable[[str], None], tensorboard: bool
) -> tuple[TrainingCallback, ...]:
    """Return a bar on a terminal, else lines to `log`; and curves; raises InputError."""
    shown = ProgressBar() if sys.stderr.isatty() else LineLogger(log)
    if not tensorboard:
        return (shown,)
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        limit = "it comes with the extra `tensorboard`"
        remedy = 'Install it: pip install "pierwatch[train,tensorboard]".'
        raise InputError("--tensorboard", "not installed", limit, remedy) from error
    return shown, TensorBoardLogger(out, SummaryWriter)


def _format(losses: Losses) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in losses.items())
