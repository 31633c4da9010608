"""How ultralytics is set up before it is used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

from cv.training.train import cpu_threads
from cv.training.ultralytics_setup import available_cores, isolate_ultralytics

_PRINT_THREADS = """
from cv.training.ultralytics_setup import isolate_ultralytics
isolate_ultralytics()
import ultralytics
from cv.training.train import cpu_threads
print(cpu_threads())
"""


def test_a_run_uses_all_cores():
    """In a fresh process: ultralytics would use one thread where OMP_NUM_THREADS is not set."""
    environment = {name: v for name, v in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", _PRINT_THREADS],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert int(done.stdout.split()[-1]) == available_cores()


def test_the_environment_may_set_the_number_of_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    isolate_ultralytics()
    assert cpu_threads() == 3
