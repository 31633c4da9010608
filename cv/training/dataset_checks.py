"""Checks of a dataset before a run starts, and its digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from cv.errors import DatasetError
from cv.io.hashing import file_digest, sha256
from cv.io.terminal_text import quantity
from cv.labels.check_report import Severity
from cv.labels.dataset_check import check_dataset
from cv.labels.dataset_yaml import DatasetYaml, find_dataset_yaml, label_path, read_dataset_yaml

_MAX_SHOWN = 10
"""Findings of one kind that are logged."""


def require_dataset_yaml(path: Path) -> DatasetYaml:
    """Read the dataset.yaml `path`, or the one in the folder `path`; raises DatasetError."""
    file = find_dataset_yaml(path)
    if file is None:
        found = "no dataset.yaml in this folder" if path.is_dir() else "no such file"
        raise DatasetError(
            path,
            found if path.is_dir() or not path.exists() else "not a YAML file",
            "training reads a YOLO-OBB dataset by its dataset.yaml",
            "Name it, or convert another format: pierwatch datasets convert --to yolo-obb.",
        )
    return read_dataset_yaml(file)


def require_valid_dataset(manifest: DatasetYaml, log: Callable[[str], None]) -> None:
    """Log what the check of a dataset finds.

    Raises DatasetError where any finding is an error, or no object is labelled.
    """
    report = check_dataset(manifest.file)
    counts: Counter[tuple[Severity, str]] = Counter()
    for finding in report.findings:
        kind = finding.severity, finding.rule
        counts[kind] += 1
        if counts[kind] <= _MAX_SHOWN:
            log(str(finding))
    for (severity, rule), count in counts.items():
        if count > _MAX_SHOWN:
            log(f"{severity.value}: {count - _MAX_SHOWN} more of the kind {rule!r}")
    if report.errors:
        first = next(f for f in report.findings if f.severity is Severity.ERROR)
        raise DatasetError(
            manifest.file,
            f"{quantity(report.errors, 'error')}, the first one: {first}",
            "training needs a dataset without errors",
            f"See all: pierwatch datasets check {manifest.file.parent} --all",
        )
    if report.totals is not None and not sum(count for _, count in report.totals.classes):
        raise DatasetError(
            manifest.file,
            "no object is labelled",
            "training needs some",
            f"Check it: pierwatch datasets check {manifest.file.parent}",
        )


def dataset_sha256(manifest: DatasetYaml) -> str:
    """Return the sha256 (hexadecimal) over the classes and every image and label file.

    Files enter with their split and their path in the dataset, so that moving the dataset as a
    whole does not change the digest.
    """
    home = manifest.file.resolve().parent
    lines = []
    bar = tqdm(list(manifest.images()), desc="hashing", unit="image", delay=2, disable=None)
    for split, image in bar:
        name = image.relative_to(home).as_posix()
        line = f"{split} {name} {file_sha256(image)} {file_sha256(label_path(image))}\n"
        lines.append(line.encode("utf-8", "surrogateescape"))
    return sha256(repr(manifest.names), *lines)


def file_sha256(path: Path) -> str:
    """Return the sha256 of the file `path`, hexadecimal; "" where there is no such file."""
    return file_digest(path) if path.is_file() else ""
