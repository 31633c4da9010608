"""Check that the packages of an extra are installed before a command uses them."""

from __future__ import annotations

from importlib.util import find_spec

from cv.errors import InputError

TRAIN = ("torch", "torchvision", "ultralytics", "albumentations", "onnx", "cv2", "yaml")
"""Packages of the extra `train`, by import name."""
RENDER = ("cv2", "yaml")
"""Packages of the extra `render`, by import name."""


def require_extra(extra: str, packages: tuple[str, ...]) -> None:
    """Raise InputError, which names `extra`, where one of `packages` is not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise InputError(
            ", ".join(missing),
            "not installed",
            f"this command needs the extra `{extra}`",
            f'Install it: pip install "pierwatch[{extra}]".',
        )
