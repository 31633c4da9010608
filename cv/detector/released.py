"""Released models: the files that came along, each with its card, known by their names."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

DEFAULT = "pierwatch-n"
"""Name of the released model that is used where none is named."""


def released() -> tuple[str, ...]:
    """Names of the released models, the default first."""
    names = {path.stem for path in _folder().glob("*.onnx")}
    return (DEFAULT, *sorted(names - {DEFAULT}))


def released_model(name: str) -> Path:
    """The file of the released model `name`."""
    return _folder() / f"{name}.onnx"


def default_model() -> Path:
    """The file of the released model that is used where none is named."""
    return released_model(DEFAULT)


def model_file(model: str | Path | None) -> Path:
    """The file of `model`: the name of a released one, a path, or None for the default."""
    if model is None:
        return default_model()
    return released_model(str(model)) if str(model) in released() else Path(model)


def _folder() -> Path:
    """Where they lie: in the installed package, else in a source checkout."""
    packaged = Path(str(resources.files("cv") / "weights"))
    return packaged if packaged.exists() else Path(__file__).resolve().parents[2] / "weights"
