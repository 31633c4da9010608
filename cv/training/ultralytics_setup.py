"""Keep ultralytics, albumentations and OpenCV off the network, off our threads, and from pickles.

A checkpoint (.pt) is a pickle, and a pickle can run code when it is read. ultralytics reads
checkpoints with an allow-list of its own classes only where it is asked to.
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
_SERVICES = ("sync", "clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb")
"""Settings of ultralytics that would tell others of a run."""


def isolate_ultralytics() -> None:
    """Sets environment and settings, and makes loading safe; call before you use ultralytics.

    Raises ModelError where this ultralytics cannot load checkpoints without running their code.
    """
    os.environ.update(_ENVIRONMENT)
    os.environ.setdefault("OMP_NUM_THREADS", str(available_cores()))  # ultralytics would write 1
    owner = getattr(os, "getuid", lambda: "all")()
    home = Path(tempfile.gettempdir()) / f"pierwatch-ultralytics-{owner}"
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(home))
    from ultralytics import settings

    known: Any = settings
    on = {name: False for name in _SERVICES if known.get(name) not in (None, False)}
    if on:
        known.update(on)
    _load_safely()


def available_cores() -> int:
    """Cores of the CPU that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _load_safely() -> None:
    """The environment counts only before the first import of ultralytics; this counts always."""
    import ultralytics
    from ultralytics.nn import tasks

    loading: Any = tasks
    if not getattr(getattr(loading, "_SafeLoad", None), "SUPPORTED", False):
        raise ModelError(
            "ultralytics",
            f"version {ultralytics.__version__} would run code that a checkpoint holds",
            "restricted loading is needed",
            'Update: pip install -U "ultralytics>=8.4.190" "torch>=2.6".',
        )
    loading.SAFE_LOAD = True
