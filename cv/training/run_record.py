"""run.json: everything needed to repeat a run, without the names of users and machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cv.detector.model_zoo import DEFAULT_MODEL, default_model
from cv.errors import InputError
from cv.io.atomic_files import write_atomically
from cv.training.config import TrainingConfig

RECORD_NAME = "run.json"
_FORMAT = 1
_PACKAGES = ("pierwatch", "torch", "ultralytics", "numpy", "albumentations")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The record of a run. The file calls `config` "recipe"; its other keys are the fields."""

    command: tuple[str, ...]
    """The command that repeats the run; see `portable_command` for its paths."""
    config: TrainingConfig
    """Configuration; in the file its paths are relative to the run folder."""
    weights_sha256: str
    """sha256 of the initial weights, hexadecimal; "" for an architecture given by name."""
    data_sha256: str
    """sha256 of classes, images and labels, hexadecimal."""
    device: str
    """"cpu" or "cuda:0"."""
    threads: int
    """CPU threads; the last bits of sums depend on them."""
    versions: tuple[tuple[str, str], ...]
    """Names and versions of Python and the packages that compute."""

    def write(self) -> None:
        """Write the file into the run folder, atomically."""
        record = asdict(self)
        config: dict[str, Any] = record.pop("config")
        del config["out"]
        for key in ("data", "weights"):
            config[key] = _recorded_path(config[key], self.config.out)
        ordered = {"command": record.pop("command"), "recipe": config, **record}
        text = json.dumps({"format": _FORMAT, **ordered, "versions": dict(self.versions)}, indent=1)
        write_atomically(self.config.out / RECORD_NAME, text + "\n")

    @classmethod
    def read(cls, out: Path) -> RunRecord:
        """Read the record in the run folder `out`; raises InputError."""
        path = out / RECORD_NAME
        try:
            record = json.loads(path.read_bytes())
            if record.pop("format") != _FORMAT:
                raise ValueError("another format")
            fields = record.pop("recipe")
            for key in ("data", "weights"):
                fields[key] = _resolved_path(fields[key], out)
            config = TrainingConfig(out=out, **fields).checked()
            command, versions = map(tuple, (record.pop("command"), record.pop("versions").items()))
            return cls(config=config, command=command, versions=versions, **record)
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            found = f"not the record of a run ({error})" if path.exists() else "no such file"
            limit = "a file that `pierwatch train` wrote is needed"
            raise InputError(path, found, limit, "Start the run again.") from error


def portable_path(path: Path, start: Path) -> str:
    """Return `path` relative to the folder `start`, or to "~" where only `path` is below home.

    This keeps the name of a home folder, and what lies above a project, out of the record.
    """
    path, start, home = path.resolve(), start.resolve(), Path.home().resolve()
    if path.is_relative_to(home) and not start.is_relative_to(home):
        return (Path("~") / path.relative_to(home)).as_posix()
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def portable_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the command `pierwatch train` with `arguments`, absolute paths made portable."""
    words = (
        portable_path(Path(word), Path.cwd()) if Path(word).is_absolute() else word
        for word in arguments
    )
    return ("pierwatch", "train", *words)


def package_versions() -> tuple[tuple[str, str], ...]:
    """Return Python and the packages that compute, with their versions."""
    import cv2

    found = [(name, version(name)) for name in _PACKAGES]
    return (("python", platform.python_version()), *found, ("opencv", cv2.__version__))


def _recorded_path(path: Path, out: Path) -> str:
    """Return a file's path from `out`; the released model and architectures are kept by name."""
    if path.exists() and path.resolve() == default_model().resolve():
        return DEFAULT_MODEL
    return portable_path(path, out) if path.exists() else str(path)


def _resolved_path(text: str, out: Path) -> Path:
    path = out / Path(text).expanduser()
    if path.exists() or len(Path(text).parts) > 1:
        return path
    return default_model() if text == DEFAULT_MODEL else Path(text)
