"""An interrupted run ends with the same weights as an uninterrupted one, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.malicious_pickle import Harm
from tests.fixtures.small_chips import paint_chips

pytest.importorskip("ultralytics", reason="needs the extra train")

import torch

from cv.errors import InputError, ModelError
from cv.training import callbacks
from cv.training.checkpoint_state import TrainingState
from cv.training.config import TrainingConfig
from cv.training.initial_weights import read_checkpoint
from cv.training.train import resume_training, train_model

ROOT = Path(__file__).resolve().parents[2]


def config(data: Path, out: Path) -> TrainingConfig:
    return TrainingConfig(
        data=data, weights=Path("yolo26n-obb.yaml"), out=out, epochs=2, batch=2, side=64
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside it lies a label cache as ultralytics reads it, which would do harm if it were read."""
    home = tmp_path_factory.mktemp("resume")
    data = paint_chips(home / "chips")
    harm = np.array({"labels": [], "harm": Harm(home / "canary")}, dtype=object)
    with (home / "chips" / "labels" / "train.cache").open("wb") as cache:
        np.save(cache, harm, allow_pickle=True)
    train_model(config(data, home / "uninterrupted"))
    return home / "uninterrupted"


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def interrupted(uninterrupted: Path) -> Path:
    """Stopped within its second epoch, and resumed."""
    out = uninterrupted.parent / "interrupted"
    lines: list[str] = []

    def stop_in_second_epoch(line: str) -> None:
        lines.append(line)
        if line.startswith("epoch 2/2 batch 2"):
            raise Interrupted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks, "LOG_INTERVAL", 1)
        with pytest.raises(Interrupted):
            train_model(config(out.parent / "chips/dataset.yaml", out), log=stop_in_second_epoch)
    assert TrainingState.load(out / "state.pt").epochs == 1
    lines.clear()
    torch.manual_seed(999)  # the resumed run must not depend on the state of this process
    resume_training(out, log=lines.append)
    assert any(line.startswith("epoch 2/2 begins") for line in lines)  # it did not start over
    assert any(line.startswith("epoch 2/2 saved") for line in lines)
    return out


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def assert_same_run(one: Path, other: Path) -> None:
    networks = [read_checkpoint(out / "weights" / "last.pt") for out in (one, other)]
    first, second = (network.state_dict() for network in networks)
    assert len(first) > 300
    assert same(first, second)
    after_one_epoch = read_checkpoint(one / "weights" / "epoch0.pt").state_dict()
    assert not same(first, after_one_epoch)  # so that equality proves something
    states = [TrainingState.load(out / "state.pt") for out in (one, other)]
    assert states[0].epochs == states[1].epochs >= 2
    assert (states[0].updates, states[0].history) == (states[1].updates, states[1].history)
    assert same(states[0].network, states[1].network)
    moments = [state.optimizer["state"] for state in states]
    assert len(moments[0]) > 100
    for index, entry in moments[0].items():
        assert same(entry, moments[1][index])
    assert (one / "results.csv").read_bytes() == (other / "results.csv").read_bytes()


def test_a_resumed_run_ends_bit_for_bit_as_an_uninterrupted_one(uninterrupted, interrupted):
    assert_same_run(uninterrupted, interrupted)


def test_a_label_cache_is_not_read(uninterrupted):
    assert not (uninterrupted.parent / "canary").exists()


def test_a_finished_run_has_nothing_to_do(uninterrupted):
    before = (uninterrupted / "state.pt").stat().st_mtime_ns
    lines: list[str] = []
    assert resume_training(uninterrupted, log=lines.append) == uninterrupted / "weights/last.pt"
    assert lines == ["finished: all 2 epochs are done"]
    assert (uninterrupted / "state.pt").stat().st_mtime_ns == before


def test_changed_data_are_refused(uninterrupted):
    label = uninterrupted.parent / "chips" / "labels" / "train" / "0.txt"
    before = label.read_text()
    label.write_text(before.replace("0.", "0.0", 1))
    try:
        with pytest.raises(InputError, match="not what it was when the run began"):
            resume_training(uninterrupted)
    finally:
        label.write_text(before)


class Command:
    """`pierwatch train` in its own process, with one thread."""

    def __init__(self, *arguments: object) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        )

    def until(self, words: str) -> Command:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if words in line:
                return self
        raise AssertionError("".join(self.lines))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL

    def end(self) -> str:
        rest, _ = self.process.communicate()
        text = "".join(self.lines) + rest
        assert self.process.returncode == 0, text
        return text


@pytest.mark.slow
def test_a_run_that_was_killed_twice_ends_as_an_uninterrupted_one(tmp_path):
    """Killed in its first epoch, which leaves no state, and again in its second."""
    data = paint_chips(tmp_path / "chips")
    options = ("--weights", "yolo26n-obb.yaml", "--epochs", "3", "--batch", "2", "--side", "64")
    whole, out = tmp_path / "whole", tmp_path / "killed"
    Command("--data", data, "--out", whole, *options).end()
    Command("--data", data, "--out", out, *options).until("epoch 1/3 begins").kill()
    assert not (out / "state.pt").exists()
    second = Command("--resume", out).until("epoch 1/3 saved")
    time.sleep(0.2)  # somewhere in the second epoch
    second.kill()
    assert TrainingState.load(out / "state.pt").epochs < 3
    text = Command("--resume", out).end()
    assert "epoch 1/3 saved" not in text
    assert "epoch 3/3 saved" in text
    assert_same_run(whole, out)
    assert not [path for path in out.rglob("*") if path.name.endswith(".tmp")]


@pytest.mark.slow
def test_a_kill_while_a_state_is_written_leaves_a_whole_one(tmp_path):
    code = """
import sys
from pathlib import Path
import torch
from cv.training.checkpoint_state import TrainingState
print("ready", flush=True)
for number in range(1, 100000):
    big = {"a": torch.full((400, 1000), float(number))}
    TrainingState(
        epochs=number, network=big, average=big, updates=number, optimizer={}, scaler={},
        schedule={}, history=(), parts=(),
    ).save(Path(sys.argv[1]))
"""
    written = []
    for wait in (0.05, 0.17):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "state.pt")],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(wait + 0.3)
        writer.kill()
        writer.wait()
        state = TrainingState.load(tmp_path / "state.pt")
        assert torch.equal(state.network["a"], torch.full((400, 1000), float(state.epochs)))
        written.append(state.epochs)
    assert max(written) > 1


def test_a_state_that_would_run_code_is_refused(tmp_path, malicious):
    malicious(tmp_path / "state.pt")
    with pytest.raises(ModelError, match="more than tensors"):
        TrainingState.load(tmp_path / "state.pt")
    assert not malicious.canary.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"plain text"])
def test_a_damaged_state_is_refused(tmp_path, content):
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(ModelError, match="state"):
        TrainingState.load(tmp_path / "state.pt")
