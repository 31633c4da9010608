"""Keep ultralytics off the network and from executing the code in checkpoints.

A checkpoint (.pt) is a pickle, and loading a pickle can execute code. ultralytics restricts loading
to an allow-list of its own classes only when that is switched on. All switches below are its own;
they hold for the process, which is why only training, release and comparison code calls this.
tests/training/test_ultralytics_internals.py lists everything of ultralytics that Pierwatch uses.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from cv.errors import ModelError

_ENVIRONMENT = {
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "ULTRALYTICS_SAFE_LOAD": "1",
}


def isolate_ultralytics() -> None:
    """Set ultralytics up; call this before using it. Raises ModelError where it is unsafe."""
    os.environ.update(_ENVIRONMENT)
    os.environ.setdefault("OMP_NUM_THREADS", str(available_cores()))  # ultralytics would set 1
    owner = getattr(os, "getuid", lambda: "all")()
    home = Path(tempfile.gettempdir()) / f"pierwatch-ultralytics-{owner}"
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(home))
    import ultralytics
    from ultralytics.nn import tasks

    loading: Any = tasks
    if not getattr(getattr(loading, "_SafeLoad", None), "SUPPORTED", False):
        raise ModelError(
            "ultralytics",
            f"version {ultralytics.__version__} would execute code from a checkpoint",
            "restricted loading is needed",
            'Update: pip install -U "ultralytics>=8.4.190" "torch>=2.6".',
        )
    loading.SAFE_LOAD = True  # the environment variable works only before the first import


def available_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
