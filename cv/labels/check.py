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
from cv.labels.documents import documents
from cv.labels.findings import Finding, Report, error, raised, warning
from cv.labels.labelled import Dataset, LabelledImage, Shape, dataset_of
from cv.labels.manifest import Manifest, find_manifest, label_path, read_manifest
from cv.labels.pictures import check_whole
from cv.labels.shape_checks import shape_findings
from cv.labels.totals import total_findings, totals_of

_READERS = 8
"""Threads: decoding an image is half of its check, and leaves other threads alone."""


@dataclass(frozen=True, eq=False)
class Looked:
    """One image after it was looked at."""

    image: LabelledImage | None
    """With the shapes that are sound enough to count; None where it cannot be read."""
    findings: tuple[Finding, ...]
    """What was wrong with it and its labels."""


def check(path: Path, images: Path | None = None, grid: Grid | None = None) -> Report:
    """Everything wrong with the dataset `path`, of any format that is read.

    `images` is the folder of its images where the labels do not tell; without one those beside the
    labels are looked at. `grid` is that of the image for GeoJSON in the world.
    """
    manifest = find_manifest(path)
    try:
        if manifest is not None:
            return _check_yolo(read_manifest(manifest))
        return _check_other(path, images, grid)
    except DatasetError as fault:
        return Report(None, (raised("dataset", fault),))


def _check_yolo(manifest: Manifest) -> Report:
    listed = list(manifest.images())
    with ThreadPoolExecutor(_READERS) as pool:
        looks = pool.map(lambda one: _look(manifest, *one), listed)
        bar = tqdm(looks, "checking", len(listed), unit="image", delay=2, disable=None, leave=False)
        looked = list(bar)
    findings = [finding for one in looked for finding in one.findings]
    findings += _unused_labels(manifest, [path for _, path in listed])
    findings += _repeated(listed)
    kept = [one.image for one in looked if one.image is not None]
    return _report(Dataset(manifest.names, tuple(kept)), findings, manifest.file)


def _look(manifest: Manifest, split: str, path: Path) -> Looked:
    try:
        size = check_whole(path)
    except DatasetError as fault:
        return Looked(None, (raised("image", fault),))
    labels = label_path(path)
    shapes: list[Shape] = []
    findings: list[Finding] = []
    if not labels.is_file():
        text = f"no label file {labels.name}; an image without objects has an empty one"
        findings.append(error("labels", path, text))
    else:
        try:
            text = next(documents(labels, ".txt")).text
        except DatasetError as fault:
            return Looked(None, (raised("labels", fault),))
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = yolo_obb.parse_line(line, len(manifest.names))
            except ValueError as fault:
                findings.append(error("line", labels, str(fault), number))
                continue
            shapes.append(Shape(manifest.names[row.kind], row.shares * size, line=number))
    name = manifest.name_of(path)
    image = LabelledImage(name, size, tuple(shapes), manifest.gsd_m, split)
    return Looked(image, (*findings, *shape_findings(image, labels)))


def _unused_labels(manifest: Manifest, images: list[Path]) -> Iterator[Finding]:
    used = {label_path(path) for path in images}
    for folder in sorted({path.parent for path in used}):
        for path in sorted(folder.glob("*.txt")):
            if path not in used and path.name != "classes.txt":
                yield error("labels", path, f"no image {path.stem}.* belongs to this label file")


def _repeated(listed: list[tuple[str, Path]]) -> Iterator[Finding]:
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
                yield warning("copy", path, text)
            else:
                yield error("overlap", path, f"{text}, but this is {split}")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_other(path: Path, images: Path | None, grid: Grid | None) -> Report:
    dataset = formats.read(path, grid)
    places = formats.pictures_of(path, images)
    findings: list[Finding] = [warning("left out", path, text) for text in dataset.left_out]
    if not places:
        findings.append(warning("images", path, "no images at hand: only the labels are checked"))
    looked: list[LabelledImage] = []
    found: set[Path] = set()
    for image in dataset.images:
        picture = formats.picture_of(image, places)
        file = f"{path}: {image.name}"
        size = image.size
        if picture is not None:
            found.add(picture)
            try:
                size = check_whole(picture)
            except DatasetError as fault:
                findings.append(raised("image", fault))
        elif places:
            findings.append(error("image", file, "its image is not there"))
        if image.size not in (None, size):
            text = f"its labels are for {image.size} px, the image has {size} px"
            findings.append(error("size", file, text))
        findings += shape_findings(image, file)
        looked.append(image)
    for picture in sorted(set(places.values()) - found):
        findings.append(warning("unlabelled", picture, f"{path} has no labels of this image"))
    return _report(dataset_of(looked, path, dataset.classes), findings, path)


def _report(dataset: Dataset, findings: list[Finding], file: object) -> Report:
    totals = totals_of(dataset)
    return Report(totals, (*findings, *total_findings(dataset, totals, file)))
