"""run.json: everything that it takes to repeat a run, and nothing about who ran it where."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cv.detector.model_zoo import DEFAULT_MODEL, default_model
from cv.errors import InputError
from cv.io.atomic_files import write_atomically
from cv.training.config import TrainingConfig

NAME = "run.json"
_FORMAT = 1
_PACKAGES = ("pierwatch", "torch", "ultralytics", "numpy", "albumentations")
_OPENCV = ("opencv-python-headless", "opencv-python")


@dataclass(frozen=True)
class RunRecord:
    """The record of a run."""

    command: tuple[str, ...]
    # as typed; absolute paths as `portable` gives them from the folder it was typed in
    recipe: TrainingConfig
    # of the run; in the file its paths start from the run folder
    weights_sha256: str
    # of the file that it starts from, hexadecimal; "" for an architecture by its name
    data_sha256: str
    # of classes, images and labels, hexadecimal
    device: str
    # "cpu" or "cuda:0"
    threads: int
    # of the CPU: sums depend on it in their last bits
    versions: tuple[tuple[str, str], ...]
    # names and versions of what computes

    def write(self) -> None:
        """Writes the file into the run folder, whole."""
        recipe: dict[str, Any] = asdict(self.recipe)
        del recipe["out"]
        for key in ("data", "weights"):
            recipe[key] = _recorded(recipe[key], self.recipe.out)
        record = {**asdict(self), "recipe": recipe, "versions": dict(self.versions)}
        text = json.dumps({"format": _FORMAT, **record}, indent=1)
        write_atomically(self.recipe.out / NAME, text + "\n")

    @classmethod
    def read(cls, out: Path) -> RunRecord:
        """The record in the run folder `out`; raises InputError."""
        path = out / NAME
        try:
            record = json.loads(path.read_bytes())
            if record.pop("format") != _FORMAT:
                raise ValueError("another format")
            parts = record.pop("recipe")
            for key in ("data", "weights"):
                parts[key] = _found(parts[key], out)
            recipe = TrainingConfig(out=out, **parts)
            command = tuple(map(str, record.pop("command")))
            versions = tuple((str(k), str(v)) for k, v in record.pop("versions").items())
            run = cls(recipe=recipe, command=command, versions=versions, **record)
            return replace(run, recipe=recipe.checked(), threads=int(run.threads))
        except FileNotFoundError as error:
            raise InputError(
                path,
                "no such file",
                "a run that can go on has one",
                "If it was stopped before it began to train, start it again.",
            ) from error
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            raise InputError(
                path,
                f"no record of a run ({error})",
                "what train.py wrote is read",
                "Start the run again in another folder.",
            ) from error


def portable_path(path: Path, start: Path) -> str:
    """`path` as seen from the folder `start`, or from the home folder where both are not in it.

    So neither the name of a home folder nor what lies above a project is told.
    """
    path, start, home = path.resolve(), start.resolve(), Path.home().resolve()
    if path.is_relative_to(home) and not start.is_relative_to(home):
        return (Path("~") / path.relative_to(home)).as_posix()
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def portable_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command line of `arguments` with its absolute paths made portable."""
    here = Path.cwd()

    def told(word: str) -> str:
        option, equals, value = word.partition("=")
        if option.startswith("--") and Path(value).is_absolute():
            return f"{option}{equals}{portable_path(Path(value), here)}"
        return portable_path(Path(word), here) if Path(word).is_absolute() else word

    return ("python", "train.py", *map(told, arguments))


def package_versions() -> tuple[tuple[str, str], ...]:
    """Python and the packages that compute, with their versions."""
    found = [("python", platform.python_version())]
    found += [(name, _version(name)) for name in _PACKAGES]
    opencv = [text for text in map(_version, _OPENCV) if text]
    return (*found, ("opencv", opencv[0] if opencv else ""))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _recorded(path: Path, out: Path) -> str:
    """A file by its place; the released model, and what is no file (an architecture), by name."""
    if path.exists() and path.resolve() == default_model().resolve():
        return DEFAULT_MODEL
    return portable_path(path, out) if path.exists() else str(path)


def _found(text: str, out: Path) -> Path:
    there = out / Path(text).expanduser()
    if there.exists() or len(Path(text).parts) > 1:
        return there
    return default_model() if text == DEFAULT_MODEL else Path(text)
