"""Progress of a run: lines, a bar, curves."""

from __future__ import annotations

import importlib.util
import sys

import pytest

pytest.importorskip("torch", reason="needs the extra train")

from cv.errors import InputError
from cv.training.callbacks import LineLogger, ProgressBar, TensorBoardLogger, make_callbacks


def report_epoch(callback, steps: int = 120) -> None:
    callback.on_start(3, 1, steps)
    for step in range(steps):
        callback.on_step(1, step, 1e-3, {"box": 1.5, "cls": 2.0 - step / 100})
    callback.on_epoch_saved(1, {"box": 1.25, "cls": 0.5})
    callback.close()


def test_lines_come_every_50_batches_and_after_an_epoch():
    lines: list[str] = []
    report_epoch(LineLogger(lines.append))
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "epoch 2/3 begins, 120 batches",
        "epoch 2/3 batch 50 box 1.500 cls 1.510",
        "epoch 2/3 batch 100 box 1.500 cls 1.010",
        "epoch 2/3 saved box 1.250 cls 0.500",
    ]


def test_a_bar_reaches_the_end_of_its_epoch(capsys):
    report_epoch(ProgressBar())
    assert "epoch 2/3: 100%" in capsys.readouterr().err


@pytest.mark.parametrize(("terminal", "kind"), [(True, ProgressBar), (False, LineLogger)])
def test_a_terminal_has_a_bar_and_a_log_has_lines(tmp_path, monkeypatch, terminal, kind):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    (callback,) = make_callbacks(tmp_path, print, False)
    assert isinstance(callback, kind)


def test_curves_without_tensorboard_are_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match=r"pip install \"pierwatch\[train,tensorboard\]\""):
        make_callbacks(tmp_path, print, True)


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="needs the extra tensorboard"
)
def test_curves_have_the_reported_losses(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (_, curves) = make_callbacks(tmp_path, lambda line: None, True)
    assert isinstance(curves, TensorBoardLogger)
    report_epoch(curves)
    seen = EventAccumulator(str(tmp_path / "tensorboard"))
    seen.Reload()
    steps = [(event.step, round(event.value, 3)) for event in seen.Scalars("step/cls")]
    assert steps == [(169, 1.51), (219, 1.01)]
    assert [(event.step, event.value) for event in seen.Scalars("epoch/cls")] == [(239, 0.5)]
