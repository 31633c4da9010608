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
        found = "no dataset.yaml" if path.exists() else "no such file"
        limit = "training reads a YOLO-OBB dataset by its dataset.yaml"
        remedy = "Name it, or convert another format: pierwatch datasets convert --to yolo-obb."
        raise DatasetError(path, found, limit, remedy)
    return read_dataset_yaml(file)


def require_valid_dataset(manifest: DatasetYaml, log: Callable[[str], None]) -> None:
    """Log the findings of a check; raises DatasetError on an error, or without objects."""
    report, shown = check_dataset(manifest.file), Counter[tuple[Severity, str]]()
    for finding in report.findings:
        shown[finding.severity, finding.rule] += 1
        if shown[finding.severity, finding.rule] <= _MAX_SHOWN:
            log(str(finding))
    command = f"pierwatch datasets check {manifest.file.parent}"
    if report.errors:
        first = next(f for f in report.findings if f.severity is Severity.ERROR)
        found = f"{quantity(report.errors, 'error')}, the first one: {first}"
        limit = "training needs a dataset without errors"
        raise DatasetError(manifest.file, found, limit, f"See all: {command} --all")
    if report.totals is not None and not sum(count for _, count in report.totals.classes):
        limit = "training needs some"
        raise DatasetError(manifest.file, "no object is labelled", limit, f"Check it: {command}")


def dataset_sha256(manifest: DatasetYaml) -> str:
    """Return the sha256 over classes, images and labels, with split and path in the dataset."""
    home = manifest.file.resolve().parent
    lines = []
    for split, image in tqdm(list(manifest.images()), desc="hashing", delay=2, disable=None):
        name = image.relative_to(home).as_posix()
        line = f"{split} {name} {digest_if_file(image)} {digest_if_file(label_path(image))}\n"
        lines.append(line.encode("utf-8", "surrogateescape"))
    return sha256(repr(manifest.names), *lines)


def digest_if_file(path: Path) -> str:
    """Return the sha256 of the file `path`, hexadecimal; "" where there is no such file."""
    return file_digest(path) if path.is_file() else ""
