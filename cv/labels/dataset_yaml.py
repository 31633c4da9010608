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

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cv.errors import DatasetError
from cv.labels.image_files import image_paths
from cv.labels.label_files import LOADER
from cv.labels.label_record import LabelRecord
from cv.labels.labelled_image import SPLITS

NAMES = ("dataset.yaml", "data.yaml", "dataset.yml", "data.yml")
"""Names of the file, the usual one first."""


@dataclass(frozen=True)
class DatasetYaml:
    """The content of a dataset.yaml."""

    file: Path
    """The YAML file."""
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
    home, record = file.resolve().parent, _parsed(file)
    missing = [key for key in ("train", "val", "names") if not record.get(key)]
    if missing:
        remedy = f"Add {', '.join(f'{key}: ...' for key in missing)}."
        record.refuse(f"no {' and no '.join(missing)}", "all datasets name these", remedy)
    root = _inside(home, home / str(record.get("path") or "."), "path", record)
    parts: list[tuple[str, Path]] = []
    for split in SPLITS:
        entries = [] if record.get(split) is None else record.get(split)
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, str):
                record.refuse(f"{split} is not a path", "a path or a list of paths is needed")
            path = _inside(home, root / entry, split, record)
            if not path.is_dir() and not (path.suffix == ".txt" and path.is_file()):
                found = f"{split} names {root / entry}, which is not there"
                limit = "a folder or a .txt list of images is needed"
                record.refuse(found, limit, "Correct the path.")
            parts.append((split, path))
    return DatasetYaml(file, _names(record), tuple(parts), record.gsd_m())


def _parsed(file: Path) -> LabelRecord:
    record = LabelRecord({}, str(file))
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        remedy = 'Install it: pip install "pierwatch[render]".'
        record.refuse("PyYAML is not installed", "dataset.yaml is read with it", remedy)
    try:
        values = yaml.safe_load(LOADER.read_text(file))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        message = " ".join(str(error).split())[:200]
        record.refuse(f"invalid YAML ({message})", "YAML with plain values is read")
    if not isinstance(values, dict):
        record.refuse("no list of keys", "train, val and names are needed", "See the manual.")
    return LabelRecord(values, str(file))


def _names(record: LabelRecord) -> tuple[str, ...]:
    value = record.get("names")
    if isinstance(value, dict):
        if sorted(value, key=str) != sorted(range(len(value)), key=str):
            found = f"the classes have the numbers {', '.join(map(str, list(value)[:8]))}"
            record.refuse(found, "they count from 0 without a gap")
        value = [value[i] for i in range(len(value))]
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        record.refuse("invalid names", "names is a list of texts, or numbers with names")
    if len(set(value)) < len(value):
        record.refuse("two classes of one name", "each class has a name of its own")
    return tuple(value)


def _inside(home: Path, path: Path, key: str, record: LabelRecord) -> Path:
    """Return the absolute `path`, which must be inside the folder `home`."""
    resolved = path.resolve()
    if not resolved.is_relative_to(home):
        found = f"{key} leads out of the dataset, to {resolved}"
        limit = "all images lie below the folder of this file"
        record.refuse(found, limit, "Move the file or the images.")
    return resolved


def _listed(file: Path) -> list[Path]:
    """Return the images in the list `file`, whose paths are relative to its folder."""
    record = LabelRecord({}, str(file))
    return [
        _inside(file.parent, file.parent / line.strip(), f"line {number}", record)
        for number, line in enumerate(LOADER.read_text(file).splitlines(), 1)
        if line.strip()
    ]
