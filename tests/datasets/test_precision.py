"""tools/compare_precision.py, from the shell, on two models that answer alike."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.fixtures.fake_detectors import CARD, constant_model

TOOL = Path(__file__).resolve().parents[2] / "tools" / "compare_precision.py"
ANSWER = np.array([[[320.0, 320, 20, 8, 0.9, 0, 0.0], [320.0, 320, 40, 9, 0.8, 1, 0.0]]])


def test_it_compares_what_both_models_look_for(tmp_path):
    boxes = replace(CARD, passes=CARD.passes[:1])
    cards = {"first": CARD, "second": boxes}
    models = [constant_model(tmp_path / f"{k}.onnx", ANSWER, card) for k, card in cards.items()]
    done = subprocess.run(
        [sys.executable, TOOL, *models, "--work", tmp_path, "--chips", "2", "--rounds", "2"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "containers, 2 rendered" in done.stdout
    assert "hulls" not in done.stdout
    for name in cards:
        assert sum(line.startswith(name) for line in done.stdout.splitlines()) == 2
