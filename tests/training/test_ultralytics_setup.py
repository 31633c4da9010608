"""What ultralytics is kept from before it is used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("ultralytics", reason="needs the extra train")

from cv.training.ultralytics_setup import available_cores

_ASKED = """
from cv.training.ultralytics_setup import hush
hush()
import ultralytics
from cv.training.train import threads
print(threads())
"""


@pytest.mark.parametrize(("wanted", "used"), [(None, available_cores()), ("3", 3)])
def test_a_run_uses_all_cores_unless_told(wanted, used):
    """ultralytics would leave one thread where nothing is said."""
    environment = {name: v for name, v in os.environ.items() if name != "OMP_NUM_THREADS"}
    if wanted:
        environment["OMP_NUM_THREADS"] = wanted
    done = subprocess.run(
        [sys.executable, "-c", _ASKED], capture_output=True, text=True, env=environment, check=True
    )
    assert int(done.stdout.split()[-1]) == used
