"""tools/precision.py, from the shell, on two models that answer alike."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from small_network import SMALL, small_network

from cv.training.release import restamp

TOOL = Path(__file__).resolve().parents[2] / "tools" / "precision.py"


def test_it_compares_what_both_models_look_for(tmp_path):
    models = [small_network(tmp_path / f"{name}.onnx") for name in ("one", "two")]
    boxes = tuple(look for look in SMALL.looks if look.classes == ("container",))
    restamp(models[1], replace(SMALL, name="two", looks=boxes))
    done = subprocess.run(
        [sys.executable, TOOL, *models, "--work", tmp_path, "--chips", "1", "--rounds", "2"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "containers, 1 rendered" in done.stdout
    assert "hulls" not in done.stdout
    lines = [line.split() for line in done.stdout.splitlines() if "one.onnx" in line]
    assert len(lines) == 2
