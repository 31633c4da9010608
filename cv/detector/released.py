"""Released models: files that come along, each with its card, and are known by name."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

RELEASED = ("pierwatch-n", "pierwatch-n-int8")
"""Names of the released models; the first is used where none is named."""


def default_model() -> Path:
    """The file of the released model that is used where none is named."""
    return released_model(RELEASED[0])


def model_file(model: str | Path | None) -> Path:
    """The file of `model`: the name of a released one, a path, or None for the default."""
    if model is None:
        return default_model()
    return released_model(str(model)) if str(model) in RELEASED else Path(model)


def released_model(name: str) -> Path:
    """The file of released model `name`: in the installed package, else in a source checkout."""
    packaged = Path(str(resources.files("cv") / "weights" / f"{name}.onnx"))
    if packaged.exists():
        return packaged
    return Path(__file__).resolve().parents[2] / "weights" / f"{name}.onnx"
