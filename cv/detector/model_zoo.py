"""Released models: files that are part of the package, known by their names."""

from __future__ import annotations

from pathlib import Path

from cv.io.atomic_files import packaged_folder

DEFAULT_MODEL = "pierwatch-n"
"""Name of the released model that is used by default."""
HULL_MODEL = "-hulls"
"""Suffix of the name of the hull model that belongs to a container model."""
FITNESS_MODEL = "pierwatch-fitness"
"""Name of the released model that judges images; it detects nothing (see `cv.image_fitness`)."""


def released_models() -> tuple[str, ...]:
    """Return the names of the released detectors, the default first, without hull models."""
    names = {path.stem.removesuffix(HULL_MODEL) for path in _folder().glob("*.onnx")}
    return (DEFAULT_MODEL, *sorted(names - {DEFAULT_MODEL, FITNESS_MODEL}))


def released_model(name: str) -> Path:
    """Return the file of the released model `name`."""
    return _folder() / f"{name}.onnx"


def default_model() -> Path:
    """Return the file of the default model."""
    return released_model(DEFAULT_MODEL)


def model_files(*models: str | Path) -> tuple[Path, ...]:
    """Return the files of `models`, which are names of released models or paths.

    One released container model alone includes its hull model; of several, each stands for one
    file.
    """
    files = tuple(_file(model) for model in models)
    if len(files) > 1 or files[0] == Path(models[0]):
        return files
    hulls = released_model(str(models[0]) + HULL_MODEL)
    return (*files, hulls) if hulls.exists() else files


def _file(model: str | Path) -> Path:
    """Return the file of the released model of that name, else `model` as a path."""
    released = released_model(str(model))
    return released if Path(str(model)).name == str(model) and released.exists() else Path(model)


def _folder() -> Path:
    """Return the folder of the released models."""
    return packaged_folder("weights", "weights")
