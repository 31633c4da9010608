"""A run that was killed ends as one that was not, bit for bit."""

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
from cv.training.checkpoint_state import TrainingState
from cv.training.initial_weights import read_checkpoint
from cv.training.train import resume_training

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ("--weights", "yolo26n-obb.yaml", "--epochs", "3", "--batch", "2", "--side", "64")


class Command:
    """The real command, in a process of its own, with one thread."""

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


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a cache of labels that would do harm to one who reads it, as ultralytics does."""
    home = tmp_path_factory.mktemp("resume")
    data = paint_chips(home / "chips")
    harm = np.array({"labels": [], "harm": Harm(home / "canary")}, dtype=object)
    with (home / "chips" / "labels" / "train.cache").open("wb") as cache:
        np.save(cache, harm, allow_pickle=True)
    Command("--data", data, "--out", home / "unbroken", *RECIPE).end()
    return home / "unbroken"


@pytest.fixture(scope="module")
def killed(unbroken: Path) -> Path:
    """Killed in its first epoch, which leaves no state, and again in its second."""
    out = unbroken.parent / "killed"
    Command("--data", out.parent / "chips/dataset.yaml", "--out", out, *RECIPE).until(
        "epoch 1/3 begins"
    ).kill()
    assert not (out / "state.pt").exists()
    second = Command("--resume", out).until("epoch 1/3 saved")
    time.sleep(0.2)  # somewhere in the second epoch
    second.kill()
    assert TrainingState.load(out / "state.pt").epochs < 3
    text = Command("--resume", out).end()
    assert "epoch 1/3 saved" not in text  # went on, and did not start over
    assert "epoch 3/3 saved" in text
    return out


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_weights_after_two_kills_are_those_of_the_unbroken_run(unbroken, killed) -> None:
    networks = [read_checkpoint(out / "weights" / "last.pt") for out in (unbroken, killed)]
    first, other = (network.state_dict() for network in networks)
    assert len(first) > 300
    assert same(first, other)
    begun = read_checkpoint(unbroken / "weights" / "epoch0.pt").state_dict()
    assert not same(first, begun)  # so that being equal says something


def test_optimizer_and_losses_are_those_of_the_unbroken_run_too(unbroken, killed) -> None:
    one, other = (TrainingState.load(out / "state.pt") for out in (unbroken, killed))
    assert one.epochs == other.epochs == 3
    assert (one.updates, one.history) == (other.updates, other.history)
    assert same(one.network, other.network)
    moments = [state.optimizer["state"] for state in (one, other)]
    assert len(moments[0]) > 100
    for index, entry in moments[0].items():
        assert same(entry, moments[1][index])
    assert (unbroken / "results.csv").read_bytes() == (killed / "results.csv").read_bytes()


def test_a_cache_of_labels_is_not_read(unbroken) -> None:
    assert not (unbroken.parent / "canary").exists()


def test_nothing_is_left_of_files_whose_writing_was_cut_off(killed) -> None:
    assert not [path for path in killed.rglob("*") if path.name.endswith(".tmp")]


def test_a_finished_run_has_nothing_to_do(unbroken) -> None:
    before = (unbroken / "state.pt").stat().st_mtime_ns
    said: list[str] = []
    assert resume_training(unbroken, say=said.append) == unbroken / "weights" / "last.pt"
    assert said == ["finished: all 3 epochs are done"]
    assert (unbroken / "state.pt").stat().st_mtime_ns == before


def test_a_kill_while_a_state_is_written_leaves_a_whole_one(tmp_path) -> None:
    code = """
import sys
from pathlib import Path
import torch
from cv.training.checkpoint_state import State
print("ready", flush=True)
for number in range(1, 100000):
    big = {"a": torch.full((400, 1000), float(number))}
    State(number, big, big, number, {}, {}, {}, (), ()).save(Path(sys.argv[1]))
"""
    seen = []
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
        seen.append(state.epochs)
    assert max(seen) > 1


def test_a_state_that_would_run_code_is_refused(tmp_path, hostile) -> None:
    hostile(tmp_path / "state.pt")
    with pytest.raises(ModelError, match="more than tensors"):
        TrainingState.load(tmp_path / "state.pt")
    assert not hostile.canary.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"plain text"])
def test_a_damaged_state_is_refused(tmp_path, content) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(ModelError, match="state"):
        TrainingState.load(tmp_path / "state.pt")


def test_changed_data_are_refused(unbroken) -> None:
    label = unbroken.parent / "chips" / "labels" / "train" / "0.txt"
    before = label.read_text()
    label.write_text(before.replace("0.", "0.0", 1))
    try:
        with pytest.raises(InputError, match="not what it was when the run began"):
            resume_training(unbroken)
    finally:
        label.write_text(before)
