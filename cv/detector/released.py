"""Released models: the files that came along, each with its card, known by their names."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

DEFAULT = "pierwatch-n"
"""Name of the released model that is used where none is named."""
HULLS = "-hulls"
"""Ends the name of a model that looks for hulls beside a model that looks for containers."""


def released() -> tuple[str, ...]:
    """Names of the released models, the default first; hulls come with their containers."""
    names = {path.stem.removesuffix(HULLS) for path in _folder().glob("*.onnx")}
    return (DEFAULT, *sorted(names - {DEFAULT}))


def released_model(name: str) -> Path:
    """The file of the released model `name`."""
    return _folder() / f"{name}.onnx"


def default_model() -> Path:
    """The file of the released model that is used where none is named."""
    return released_model(DEFAULT)


def model_files(model: str | Path) -> tuple[Path, ...]:
    """The files of `model`: the name of a released one, or a path.

    A released model that looks for containers brings the one that looks for hulls beside it.
    """
    name = str(model)
    if name not in released():
        return (Path(name),)
    beside = released_model(name + HULLS)
    return (released_model(name), *([beside] if beside.exists() else []))


def _folder() -> Path:
    """Where they lie: in the installed package, else in a source checkout."""
    packaged = Path(str(resources.files("cv") / "weights"))
    return packaged if packaged.exists() else Path(__file__).resolve().parents[2] / "weights"
