"""The commands of training and of the guide to it: a smaller run works, all others are parsed."""

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

from cv.cli import parser, train
from cv.training.initial_weights import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guides" / "fine-tune.md").read_text(encoding="utf-8")
SMALLER = {"--last": "4", "--epochs": "1"}


def commands(text: str) -> list[str]:
    """Return the commands of the blocks `console` of a page; continued lines are joined."""
    shown = "".join(re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return re.findall(r"^\$ ((?:python|pierwatch) .+)$", shown.replace("\\\n", " "), re.MULTILINE)


COMMANDS = [*commands(TEXT), *commands(GUIDE)]


def pierwatch(line: str) -> list[str]:
    """Return the command line with the numbers of SMALLER, run by this interpreter."""
    words = shlex.split(line)
    for option, value in SMALLER.items():
        if option in words:
            words[words.index(option) + 1] = value
    assert words[0] == "pierwatch"
    return [sys.executable, str(ROOT / "infer.py"), *words[1:]]


def test_the_commands_of_the_guide_run(tmp_path):
    """At 320 px, so that it takes seconds."""
    render, training = (
        next(line for line in commands(GUIDE) if line.startswith(f"pierwatch {verb}"))
        for verb in ("datasets render", "train")
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    for words in (pierwatch(render), [*pierwatch(training), "--side", "320"]):
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    out = tmp_path / "runs" / "mine"
    assert done.stdout.splitlines()[-1] == "runs/mine/weights/last.pt"
    assert "epoch 1/1 saved" in done.stdout
    record = json.loads((out / "run.json").read_text())
    assert record["command"][:4] == ["pierwatch", "train", "--data", "chips/dataset.yaml"]
    assert record["recipe"]["heads"] == "raw"
    assert len(record["weights_sha256"]) == len(record["data_sha256"]) == 64
    assert tuple(read_checkpoint(out / "weights/last.pt").names.values()) == ("container", "hull")
    written = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert str(tmp_path).encode() not in written
    assert str(ROOT).encode() not in written


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("pierwatch")])
def test_its_commands_are_understood(line):
    args = parser().parse_args(shlex.split(line)[1:])
    assert args.run
    if args.command == "train" and not args.resume:
        given = train.given_options(args)
        assert train.training_config(given).checked()


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("python")])
def test_its_modules_exist(line):
    words = shlex.split(line)
    assert words[1] == "-m"
    assert (ROOT / Path(*words[2].split("."))).with_suffix(".py").is_file()


def test_the_pages_have_commands_and_refer_to_each_other():
    assert len(commands(TEXT)) >= 5
    assert len(commands(GUIDE)) >= 15
    assert "(guides/fine-tune.md)" in TEXT
    assert "(../training.md)" in GUIDE


def test_the_guide_holds_back_as_many_images_as_it_asks_for():
    """Every third seed of 60 is held back."""
    (render,) = [line for line in commands(GUIDE) if "render chips" in line]
    args = parser().parse_args(shlex.split(render)[1:])
    held_back = [seed for seed in range(args.first, args.last) if seed % args.every == 0]
    assert len(held_back) >= 20
    assert "at least twenty images that were held back" in GUIDE


def test_every_option_of_train_is_described():
    commands = next(a for a in parser()._actions if a.dest == "command").choices
    for action in commands["train"]._actions:
        for option in action.option_strings:
            if option.startswith("--") and option != "--help":
                assert f"| `{option}" in TEXT, option
