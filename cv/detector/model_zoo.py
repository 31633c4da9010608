"""Released models: the files that came along, each with its card, known by their names."""

from __future__ import annotations

from pathlib import Path

from cv.io.atomic_files import packaged_folder

DEFAULT_MODEL = "pierwatch-n"
"""Name of the released model that is used where none is named."""
HULL_MODEL = "-hulls"
"""Ends the name of a model that looks for hulls beside a model that looks for containers."""


def released_models() -> tuple[str, ...]:
    """Names of the released models, the default first; hulls come with their containers."""
    names = {path.stem.removesuffix(HULL_MODEL) for path in _folder().glob("*.onnx")}
    return (DEFAULT_MODEL, *sorted(names - {DEFAULT_MODEL}))


def released_model(name: str) -> Path:
    """The file of the released model `name`."""
    return _folder() / f"{name}.onnx"


def default_model() -> Path:
    """The file of the released model that is used where none is named."""
    return released_model(DEFAULT_MODEL)


def model_files(*models: str | Path) -> tuple[Path, ...]:
    """The files of `models`: names of released ones, or paths.

    A released model that looks for containers, named alone, brings the one that looks for hulls
    beside it; of several each stands for one file.
    """
    files = tuple(_file(model) for model in models)
    if len(files) > 1 or files[0] == Path(models[0]):
        return files
    beside = released_model(str(models[0]) + HULL_MODEL)
    return (*files, beside) if beside.exists() else files


def _file(model: str | Path) -> Path:
    """The file of a released model by its name, else the path that `model` is."""
    named = released_model(str(model))
    return named if Path(str(model)).name == str(model) and named.exists() else Path(model)


def _folder() -> Path:
    """Where they lie."""
    return packaged_folder("weights", "weights")
