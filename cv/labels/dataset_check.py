"""The check of a dataset: everything that is wrong with it, file by file."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.labels import formats, yolo_obb
from cv.labels.check_report import (
    CheckFinding,
    CheckReport,
    error_finding,
    unreadable_finding,
    warning_finding,
)
from cv.labels.dataset_statistics import check_statistics, dataset_statistics
from cv.labels.dataset_yaml import DatasetYaml, find_dataset_yaml, label_path, read_dataset_yaml
from cv.labels.image_files import check_decodes
from cv.labels.label_documents import read_documents
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape, dataset_of
from cv.labels.shape_checks import check_shapes

_READERS = 8
"""Threads: decoding an image is half of its check, and leaves other threads alone."""


@dataclass(frozen=True, eq=False)
class CheckedImage:
    """One image after it was looked at."""

    image: LabelledImage | None
    """With the shapes that are sound enough to count; None where it cannot be read."""
    findings: tuple[CheckFinding, ...]
    """What was wrong with it and its labels."""


def check_dataset(path: Path, images: Path | None = None, grid: Grid | None = None) -> CheckReport:
    """Everything wrong with the dataset `path`, of any format that is read.

    `images` is the folder of its images where the labels do not tell; without one those beside the
    labels are looked at. `grid` is that of the image for GeoJSON in the world.
    """
    manifest = find_dataset_yaml(path)
    try:
        if manifest is not None:
            return _check_yolo(read_dataset_yaml(manifest))
        return _check_other(path, images, grid)
    except DatasetError as fault:
        return CheckReport(None, (unreadable_finding("dataset", fault),))


def _check_yolo(manifest: DatasetYaml) -> CheckReport:
    listed = list(manifest.images())
    with ThreadPoolExecutor(_READERS) as pool:
        looks = pool.map(lambda one: _look(manifest, *one), listed)
        bar = tqdm(looks, "checking", len(listed), unit="image", delay=2, disable=None, leave=False)
        looked = list(bar)
    findings = [finding for one in looked for finding in one.findings]
    findings += _unused_labels(manifest, [path for _, path in listed])
    findings += _repeated(listed)
    kept = [one.image for one in looked if one.image is not None]
    return _report(LabelledDataset(manifest.names, tuple(kept)), findings, manifest.file)


def _look(manifest: DatasetYaml, split: str, path: Path) -> CheckedImage:
    try:
        size = check_decodes(path)
    except DatasetError as fault:
        return CheckedImage(None, (unreadable_finding("image", fault),))
    labels = label_path(path)
    shapes: list[LabelledShape] = []
    findings: list[CheckFinding] = []
    if not labels.is_file():
        text = f"no label file {labels.name}; an image without objects has an empty one"
        findings.append(error_finding("labels", path, text))
    else:
        try:
            text = next(read_documents(labels, ".txt")).text
        except DatasetError as fault:
            return CheckedImage(None, (unreadable_finding("labels", fault),))
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = yolo_obb.parse_line(line, len(manifest.names))
            except ValueError as fault:
                findings.append(error_finding("line", labels, str(fault), number))
                continue
            shapes.append(LabelledShape(manifest.names[row.kind], row.shares * size, line=number))
    name = manifest.name_of(path)
    image = LabelledImage(name, size, tuple(shapes), manifest.gsd_m, split)
    return CheckedImage(image, (*findings, *check_shapes(image, labels)))


def _unused_labels(manifest: DatasetYaml, images: list[Path]) -> Iterator[CheckFinding]:
    used = {label_path(path) for path in images}
    for folder in sorted({path.parent for path in used}):
        for path in sorted(folder.glob("*.txt")):
            if path not in used and path.name != "classes.txt":
                yield error_finding(
                    "labels", path, f"no image {path.stem}.* belongs to this label file"
                )


def _repeated(listed: list[tuple[str, Path]]) -> Iterator[CheckFinding]:
    """Images that occur twice: an error in two splits, a warning in one."""
    places: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for split, path in listed:
        if path.is_file():
            places[_digest(path)].append((split, path))
    for copies in places.values():
        (first_split, first), *others = copies
        for split, path in others:
            same = "the same file" if path == first else "the same bytes"
            text = f"{same} as {first} in {first_split}"
            if split == first_split:
                yield warning_finding("copy", path, text)
            else:
                yield error_finding("overlap", path, f"{text}, but this is {split}")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_other(path: Path, images: Path | None, grid: Grid | None) -> CheckReport:
    dataset = formats.read_dataset(path, grid)
    places = formats.dataset_images(path, images)
    findings: list[CheckFinding] = [
        warning_finding("left out", path, text) for text in dataset.skipped
    ]
    if not places:
        findings.append(
            warning_finding("images", path, "no images at hand: only the labels are checked")
        )
    looked: list[LabelledImage] = []
    found: set[Path] = set()
    for image in dataset.images:
        picture = formats.find_image(image, places)
        file = f"{path}: {image.name}"
        size = image.size
        if picture is not None:
            found.add(picture)
            try:
                size = check_decodes(picture)
            except DatasetError as fault:
                findings.append(unreadable_finding("image", fault))
        elif places:
            findings.append(error_finding("image", file, "its image is not there"))
        if image.size not in (None, size):
            text = f"its labels are for {image.size} px, the image has {size} px"
            findings.append(error_finding("size", file, text))
        findings += check_shapes(image, file)
        looked.append(image)
    for picture in sorted(set(places.values()) - found):
        findings.append(
            warning_finding("unlabelled", picture, f"{path} has no labels of this image")
        )
    return _report(dataset_of(looked, path, dataset.classes), findings, path)


def _report(dataset: LabelledDataset, findings: list[CheckFinding], file: object) -> CheckReport:
    totals = dataset_statistics(dataset)
    return CheckReport(totals, (*findings, *check_statistics(dataset, totals, file)))
