"""dataset.yaml: where the images of a YOLO dataset lie and what its classes are called.

    path: .                  # the folder of this file if missing
    train: images/train      # a folder of images, a .txt list of images, or a list of these
    val: images/val
    test: images/test        # may be missing
    names: {0: container, 1: hull}      # or a list
    gsd_m: 0.3               # ours: metres a pixel of all images, may be missing

Source: docs.ultralytics.com/datasets/obb. The labels of images/x/y.png are in labels/x/y.txt: the
last "images" of the path gives way to "labels". Everything must lie in the folder of the file:
paths that lead out of it are refused, although ultralytics follows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cv.errors import DatasetError
from cv.labels.image_files import image_paths
from cv.labels.label_documents import decoded
from cv.labels.labelled_image import SPLITS
from cv.labels.parsed_values import SourceLocation

NAMES = ("dataset.yaml", "data.yaml", "dataset.yml", "data.yml")
"""What the file is called, the usual name first."""
_LARGEST = 1 << 20
"""Bytes; class names need less."""


@dataclass(frozen=True)
class DatasetYaml:
    """A dataset.yaml."""

    file: Path
    """The YAML file."""
    root: Path
    """Folder that its paths start from."""
    names: tuple[str, ...]
    """Classes in order of their index."""
    parts: tuple[tuple[str, Path], ...]
    """Split ("train", "val", "test") and a folder of images or a .txt list of images."""
    gsd_m: float | None
    """Metres a pixel, where declared."""

    def images(self) -> Iterator[tuple[str, Path]]:
        """Split and path of every image, in order; raises DatasetError where a folder is empty."""
        for split, path in self.parts:
            found = _listed(path) if path.suffix == ".txt" else sorted(image_paths(path))
            if not found:
                SourceLocation(str(self.file)).refuse(
                    f"{split} has no images in {path}",
                    "each part of a dataset has images",
                    "Correct the path or add images.",
                )
            yield from ((split, image) for image in found)

    def name_of(self, image: Path) -> str:
        """`image` as its dataset names it: the path below its folder of images."""
        for _, folder in self.parts:
            if image.is_relative_to(folder):
                return image.relative_to(folder).as_posix()
        return image.name


def label_path(image: Path) -> Path:
    """Where the labels of `image` are looked for: "images" becomes "labels" in the path."""
    parts = list(image.with_suffix(".txt").parts)
    places = [i for i, part in enumerate(parts[:-1]) if part == "images"]
    if places:
        parts[places[-1]] = "labels"
    return Path(*parts)


def find_dataset_yaml(path: Path) -> Path | None:
    """The YAML file `path`, or the one in the folder `path`, None where there is none."""
    if path.is_file():
        return path if path.suffix.lower() in (".yaml", ".yml") else None
    return next((path / name for name in NAMES if (path / name).is_file()), None)


def read_dataset_yaml(file: Path) -> DatasetYaml:
    """The manifest `file`; raises DatasetError, which says what is missing or wrong."""
    place = SourceLocation(str(file))
    record = _parsed(file)
    if not isinstance(record, dict):
        place.refuse("no list of keys", "path, train, val and names are needed", "See the manual.")
    missing = [key for key in ("train", "val", "names") if not record.get(key)]
    if missing:
        place.refuse(
            f"no {' and no '.join(missing)}",
            "a dataset names its train and val images and its classes",
            f"Add {', '.join(f'{key}: ...' for key in missing)}.",
        )
    home = file.resolve().parent
    root = _inside(home, home / str(record.get("path") or "."), "path", place)
    parts = tuple(
        (split, _existing(home, root / entry, split, place))
        for split in SPLITS
        for entry in _entries(record.get(split), split, place)
    )
    return DatasetYaml(file, root, _names(record["names"], place), parts, _gsd(record, place))


def _parsed(file: Path) -> Any:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise DatasetError(
            file,
            "PyYAML is not installed",
            "a YOLO dataset needs the extra `render` or `train`",
            'Install it: pip install "pierwatch[render]".',
        ) from error
    place = SourceLocation(str(file))
    try:
        content = file.read_bytes()
    except OSError as error:
        place.refuse(f"cannot be read ({error.strerror})", "a readable file is needed", "Check it.")
    if len(content) > _LARGEST:
        place.refuse(f"{len(content)} bytes", f"a manifest has at most {_LARGEST}")
    try:
        return yaml.safe_load(decoded(content, str(file)))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        words = " ".join(str(error).split())[:200]
        place.refuse(f"no valid YAML ({words})", "YAML with plain values is read")


def _names(value: Any, place: SourceLocation) -> tuple[str, ...]:
    if isinstance(value, dict):
        if sorted(value, key=str) != sorted(range(len(value)), key=str):
            keys = ", ".join(f"{key}" for key in list(value)[:8])
            place.refuse(f"the classes have the numbers {keys}", "they count from 0 without a gap")
        value = [value[i] for i in range(len(value))]
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        place.refuse("names that are no texts", "names is a list, or numbers with names")
    if len(set(value)) < len(value):
        place.refuse("two classes of one name", "each class has a name of its own")
    return tuple(value)


def _entries(value: Any, split: str, place: SourceLocation) -> list[str]:
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(entry, str) for entry in entries):
        place.refuse(f"{split} is no path", "a path or a list of paths is needed")
    return entries


def _inside(home: Path, path: Path, key: str, place: SourceLocation) -> Path:
    resolved = path.resolve()
    if not resolved.is_relative_to(home):
        place.refuse(
            f"{key} leads out of the dataset, to {resolved}",
            "all images lie below the folder of this file",
            "Move the file or the images.",
        )
    return resolved


def _existing(home: Path, path: Path, split: str, place: SourceLocation) -> Path:
    resolved = _inside(home, path, split, place)
    listed = resolved.suffix == ".txt" and resolved.is_file()
    if not resolved.is_dir() and not listed:
        place.refuse(
            f"{split} names {path}, which is not there",
            "a folder of images or a .txt list of images is needed",
            "Correct the path.",
        )
    return resolved


def _gsd(record: dict[str, Any], place: SourceLocation) -> float | None:
    value = record.get("gsd_m")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        place.refuse(f"gsd_m is {value!r:.40}", "it is metres a pixel, a positive number")
    return float(value)


def _listed(file: Path) -> list[Path]:
    """The images that the list `file` names from its own folder, in which they must lie."""
    lines = decoded(file.read_bytes(), str(file)).splitlines()
    return [
        _inside(
            file.parent, file.parent / line.strip(), f"line {number}", SourceLocation(str(file))
        )
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
