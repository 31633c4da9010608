"""dataset.yaml: the folders of images and the class names of a YOLO dataset.

    path: .                  # the folder of this file if missing
    train: images/train      # a folder of images, a .txt list of images, or a list of these
    val: images/val
    test: images/test        # may be missing
    names: {0: container, 1: hull}      # or a list
    gsd_m: 0.3               # Pierwatch's own: metres per pixel of all images, may be missing

Source: docs.ultralytics.com/datasets/obb. The labels of images/x/y.png are in labels/x/y.txt: the
last "images" of the path is replaced by "labels". Everything must lie in the folder of the file:
paths that lead out of it are refused, although ultralytics follows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cv.errors import DatasetError
from cv.io.safe_loading import SafeLoader
from cv.labels.image_files import image_paths
from cv.labels.label_record import SourceLocation
from cv.labels.label_texts import LOADER
from cv.labels.labelled_image import SPLITS

NAMES = ("dataset.yaml", "data.yaml", "dataset.yml", "data.yml")
"""Names of the file, the usual one first."""
_LOADER = SafeLoader(error=DatasetError, max_bytes=1 << 20, remedy="Save it as UTF-8 text.")


@dataclass(frozen=True)
class DatasetYaml:
    """The content of a dataset.yaml."""

    file: Path
    """The YAML file."""
    root: Path
    """Folder that its paths are relative to."""
    names: tuple[str, ...]
    """Class names in order of their index."""
    parts: tuple[tuple[str, Path], ...]
    """Each split ("train", "val", "test") with a folder of images or a .txt list of images."""
    gsd_m: float | None
    """Metres per pixel, where declared."""

    def images(self) -> Iterator[tuple[str, Path]]:
        """Yield split and path of every image, in order; DatasetError where a folder is empty."""
        for split, path in self.parts:
            found = _listed(path) if path.suffix == ".txt" else sorted(image_paths(path))
            if not found:
                text, remedy = f"{split} has no images in {path}", "Correct the path or add images."
                raise DatasetError(self.file, text, "each part of a dataset has images", remedy)
            yield from ((split, image) for image in found)

    def name_of(self, image: Path) -> str:
        """Return the name of `image` in its dataset: the path below its folder of images."""
        for _, folder in self.parts:
            if image.is_relative_to(folder):
                return image.relative_to(folder).as_posix()
        return image.name


def label_path(image: Path) -> Path:
    """Return the path of the labels of `image`: the last folder "images" becomes "labels"."""
    parts = list(image.with_suffix(".txt").parts)
    folders = [i for i, part in enumerate(parts[:-1]) if part == "images"]
    if folders:
        parts[folders[-1]] = "labels"
    return Path(*parts)


def find_dataset_yaml(path: Path) -> Path | None:
    """Return the YAML file `path`, or the one in the folder `path`; None if there is none."""
    if path.is_file():
        return path if path.suffix.lower() in (".yaml", ".yml") else None
    return next((path / name for name in NAMES if (path / name).is_file()), None)


def read_dataset_yaml(file: Path) -> DatasetYaml:
    """Return the content of the dataset.yaml `file`; raises DatasetError where it is invalid."""
    location, home = SourceLocation(str(file)), file.resolve().parent
    record = _parsed(file, location)
    if not isinstance(record, dict):
        location.refuse("no list of keys", "train, val and names are needed", "See the manual.")
    missing = [key for key in ("train", "val", "names") if not record.get(key)]
    if missing:
        remedy = f"Add {', '.join(f'{key}: ...' for key in missing)}."
        location.refuse(f"no {' and no '.join(missing)}", "all datasets name these", remedy)
    root = _inside(home, home / str(record.get("path") or "."), "path", location)
    parts: list[tuple[str, Path]] = []
    for split in SPLITS:
        entries = [] if record.get(split) is None else record[split]
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, str):
                location.refuse(f"{split} is not a path", "a path or a list of paths is needed")
            path = _inside(home, root / entry, split, location)
            if not path.is_dir() and not (path.suffix == ".txt" and path.is_file()):
                found = f"{split} names {root / entry}, which is not there"
                limit = "a folder or a .txt list of images is needed"
                location.refuse(found, limit, "Correct the path.")
            parts.append((split, path))
    names, gsd_m = _names(record["names"], location), record.get("gsd_m")
    is_number = isinstance(gsd_m, int | float) and not isinstance(gsd_m, bool)
    if gsd_m is not None and not (is_number and 0 < gsd_m < math.inf):
        location.refuse(f"gsd_m is {gsd_m!r:.40}", "it is metres per pixel, a positive number")
    return DatasetYaml(file, root, names, tuple(parts), None if gsd_m is None else float(gsd_m))


def _parsed(file: Path, location: SourceLocation) -> Any:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        remedy = 'Install it: pip install "pierwatch[render]".'
        location.refuse("PyYAML is not installed", "dataset.yaml is read with it", remedy)
    try:
        return yaml.safe_load(_LOADER.read_text(file))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        message = " ".join(str(error).split())[:200]
        location.refuse(f"invalid YAML ({message})", "YAML with plain values is read")


def _names(value: Any, location: SourceLocation) -> tuple[str, ...]:
    if isinstance(value, dict):
        if sorted(value, key=str) != sorted(range(len(value)), key=str):
            keys = ", ".join(f"{key}" for key in list(value)[:8])
            found = f"the classes have the numbers {keys}"
            location.refuse(found, "they count from 0 without a gap")
        value = [value[i] for i in range(len(value))]
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        location.refuse("invalid names", "names is a list of texts, or numbers with names")
    if len(set(value)) < len(value):
        location.refuse("two classes of one name", "each class has a name of its own")
    return tuple(value)


def _inside(home: Path, path: Path, key: str, location: SourceLocation) -> Path:
    """Return the absolute `path`, which must be inside the folder `home`."""
    resolved = path.resolve()
    if not resolved.is_relative_to(home):
        found, remedy = (
            f"{key} leads out of the dataset, to {resolved}",
            "Move the file or the images.",
        )
        location.refuse(found, "all images lie below the folder of this file", remedy)
    return resolved


def _listed(file: Path) -> list[Path]:
    """Return the images in the list `file`, whose paths are relative to its folder."""
    location, home = SourceLocation(str(file)), file.parent
    lines = enumerate(LOADER.read_text(file).splitlines(), 1)
    return [
        _inside(home, home / line.strip(), f"line {number}", location)
        for number, line in lines
        if line.strip()
    ]
