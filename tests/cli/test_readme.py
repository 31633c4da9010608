"""The examples of the README work."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

import cv
from cv.cli import parser
from tests.fixtures.fake_detectors import painted_detector

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def test_the_python_of_the_readme_runs(place, monkeypatch):
    monkeypatch.setattr(cv.Detector, "load", painted_detector)
    for day, name in ((9, "a.tif"), (10, "b.tif")):
        shutil.copy(Path("scenes") / f"day{day}.tif", name)
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(block, {})
    with cv.Ledger.open("port.db", readonly=True) as ledger:
        assert len(ledger.counts()) == 2


@pytest.mark.parametrize("line", re.findall(r"^    pierwatch (.+)$", README, flags=re.MULTILINE))
def test_the_commands_of_the_readme_are_valid(line):
    assert parser().parse_args(shlex.split(line, comments=True)).run


def test_the_two_commands_of_the_readme_are_make_targets():
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
