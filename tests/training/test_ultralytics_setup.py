"""How ultralytics is set up before it is used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

from cv.training.ultralytics_setup import available_cores

_PRINT_THREADS = """
from cv.training.ultralytics_setup import isolate_ultralytics
isolate_ultralytics()
import ultralytics
from cv.training.train import cpu_threads
print(cpu_threads())
"""


@pytest.mark.parametrize(("requested", "used"), [(None, available_cores()), ("3", 3)])
def test_a_run_uses_all_cores_unless_the_environment_says_otherwise(requested, used):
    """ultralytics would use one thread where OMP_NUM_THREADS is not set."""
    environment = {name: v for name, v in os.environ.items() if name != "OMP_NUM_THREADS"}
    if requested:
        environment["OMP_NUM_THREADS"] = requested
    done = subprocess.run(
        [sys.executable, "-c", _PRINT_THREADS],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert int(done.stdout.split()[-1]) == used
