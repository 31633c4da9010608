"""What docs/training.md shows works: its example, made smaller, and what else it tells to type."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

from cv.cli import parser as pierwatch
from cv.training import cli
from cv.training.initial_weights import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    ((?:python|pierwatch) .+)$", TEXT, flags=re.MULTILINE)
EXAMPLE = TEXT[TEXT.index("## A small example") : TEXT.index("## From the DOTA")]
SMALLER = {"--last": "4", "--epochs": "1", "--workers": "1"}


def smaller(line: str) -> list[str]:
    """The words of a command of the example, its numbers as SMALLER has them."""
    words = shlex.split(line)
    for option, value in SMALLER.items():
        if option in words:
            words[words.index(option) + 1] = value
    return [sys.executable if word == "python" else word for word in words]


def test_the_example_runs(tmp_path):
    """At 320 px, so that it takes seconds."""
    render, train = re.findall(r"^    (python .+)$", EXAMPLE, flags=re.MULTILINE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = smaller(train)
    words[1] = str(ROOT / words[1])
    for one in (smaller(render), [*words, "--side", "320"]):
        done = subprocess.run(
            one, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    out = tmp_path / "runs" / "example"
    assert done.stdout.splitlines()[-1] == "runs/example/weights/last.pt"
    assert "epoch 1/1 saved" in done.stdout
    record = json.loads((out / "run.json").read_text())
    assert record["command"][:4] == ["python", "train.py", "--data", "out/chips/dataset.yaml"]
    assert record["recipe"]["heads"] == "raw"
    assert len(record["weights_sha256"]) == len(record["data_sha256"]) == 64
    assert tuple(read_checkpoint(out / "weights/last.pt").names.values()) == ("container", "hull")
    written = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert str(tmp_path).encode() not in written
    assert str(ROOT).encode() not in written


@pytest.mark.parametrize("line", [line for line in COMMANDS if "train.py" in line])
def test_its_training_commands_are_understood(line):
    words = shlex.split(line)[2:]
    options = cli.parser().parse_args(words)
    assert options.resume or cli.training_config(options, cli.parser()).checked()


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("pierwatch")])
def test_its_other_commands_are_understood(line):
    assert pierwatch().parse_args(shlex.split(line)[1:]).run


def test_every_option_is_described():
    for action in cli.parser()._actions:
        for option in action.option_strings:
            if option.startswith("--") and option != "--help":
                assert f"| `{option}" in TEXT, option
