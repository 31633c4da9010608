"""Keep ultralytics, albumentations and OpenCV off the network and off our threads."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

_ENVIRONMENT = {
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "ULTRALYTICS_SAFE_LOAD": "1",
}


def hush() -> None:
    """Set the environment and settings; call before the first import of ultralytics."""
    os.environ.update(_ENVIRONMENT)
    home = Path(tempfile.gettempdir()) / "pierwatch-ultralytics"
    home.mkdir(exist_ok=True)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(home))
    from ultralytics import settings

    known: Any = settings
    known.update({"sync": False})
