"""Check a dataset: report everything that is wrong with it, file by file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tqdm import tqdm

from cv.errors import DatasetError
from cv.geometry.grid import Grid
from cv.io.hashing import file_digest
from cv.labels import label_formats, yolo_obb
from cv.labels.check_report import CheckFinding, CheckReport, error_finding, warning_finding
from cv.labels.dataset_statistics import check_statistics, dataset_statistics
from cv.labels.dataset_yaml import DatasetYaml, find_dataset_yaml, label_path, read_dataset_yaml
from cv.labels.image_files import check_decodes
from cv.labels.label_files import read_label_texts
from cv.labels.labelled_image import LabelledDataset, LabelledImage
from cv.labels.shape_checks import check_shapes
from cv.labels.text_labels import parse_lines

MAX_THREADS = 8
"""Images decoded at once: Pillow releases the GIL, and decoding is half of an image's check."""


def check_dataset(
    path: Path, images: Path | None = None, grid: Grid | None = None, scene: Path | None = None
) -> CheckReport:
    """Report everything wrong with the dataset `path`, of any format that is read.

    `images` is the folder of its images if the labels do not name it; without one those beside the
    labels are checked. `scene` is the image of GeoJSON in the world, `grid` that of the image.
    """
    manifest = find_dataset_yaml(path)
    try:
        if manifest is not None:
            return _check_yolo(read_dataset_yaml(manifest))
        return _check_other_format(path, images, grid, scene)
    except DatasetError as error:
        return CheckReport(None, (_unreadable("dataset", error),))


def _check_yolo(manifest: DatasetYaml) -> CheckReport:
    listed = list(manifest.images())
    with ThreadPoolExecutor(MAX_THREADS) as pool:
        results = pool.map(lambda one: _check_yolo_image(manifest, *one), listed)
        checked = list(tqdm(results, "checking", len(listed), delay=2, disable=None, leave=False))
    findings = [finding for _, found in checked for finding in found]
    findings += _unused_labels([path for _, path in listed])
    findings += _repeated_images(listed)
    images = tuple(image for image, _ in checked if image is not None)
    return _report(LabelledDataset(manifest.names, images), findings, manifest.file)


def _check_yolo_image(
    manifest: DatasetYaml, split: str, path: Path
) -> tuple[LabelledImage | None, list[CheckFinding]]:
    """Return the image with its valid lines, None where it is unreadable, and its findings."""
    labels = label_path(path)
    try:
        size = check_decodes(path)
        text = next(read_label_texts(labels, ".txt")).text if labels.is_file() else ""
    except DatasetError as error:
        return None, [_unreadable("image" if error.subject == str(path) else "labels", error)]
    parse = partial(yolo_obb.parse_line, size=size, names=manifest.names)
    shapes, errors = parse_lines(text, parse)
    findings = [error_finding("line", labels, problem, line) for line, problem in errors]
    if not labels.is_file():
        missing = f"no label file {labels.name}; an image without objects has an empty one"
        findings.append(error_finding("labels", path, missing))
    name = manifest.name_of(path)
    image = LabelledImage(name, size, tuple(shapes), manifest.gsd_m, split)
    return image, [*findings, *check_shapes(image, labels)]


def _unused_labels(images: list[Path]) -> Iterator[CheckFinding]:
    used = {label_path(path) for path in images}
    for folder in sorted({path.parent for path in used}):
        for path in sorted(folder.glob("*.txt")):
            if path not in used and path.name != "classes.txt":
                text = f"no image {path.stem}.* belongs to this label file"
                yield error_finding("labels", path, text)


def _repeated_images(listed: list[tuple[str, Path]]) -> Iterator[CheckFinding]:
    """Yield the images that occur twice: an error in two splits, a warning in one."""
    copies: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for split, path in listed:
        if path.is_file():
            copies[file_digest(path)].append((split, path))
    for (first_split, first), *others in copies.values():
        for split, path in others:
            same = "the same file" if path == first else "the same bytes"
            text = f"{same} as {first} in {first_split}"
            if split == first_split:
                yield warning_finding("copy", path, text)
            else:
                yield error_finding("overlap", path, f"{text}, but this is {split}")


def _check_other_format(
    path: Path, images: Path | None, grid: Grid | None, scene: Path | None
) -> CheckReport:
    dataset = label_formats.read_dataset(path, grid, scene)
    paths = {} if scene else label_formats.dataset_images(path, images)
    findings = [warning_finding("left out", path, text) for text in dataset.skipped]
    if not paths and not scene:
        text = "no images at hand: only the labels are checked"
        findings.append(warning_finding("images", path, text))
    found: set[Path] = set()
    for image in dataset.images:
        file = f"{path}: {image.name}"
        image_path = label_formats.find_image(image, paths)
        if image_path is not None:
            found.add(image_path)
            findings += _size_findings(image, image_path, file)
        elif paths:
            names = label_formats.describe_missing([image], paths)
            findings.append(error_finding("image", file, f"its image is not there: {names}"))
        findings += check_shapes(image, file)
    for image_path in sorted(set(paths.values()) - found):
        text = f"{path} has no labels of this image"
        findings.append(warning_finding("unlabelled", image_path, text))
    return _report(dataset, findings, path)


def _size_findings(image: LabelledImage, path: Path, file: str) -> Iterator[CheckFinding]:
    """Yield an error where the image at `path` does not decode or has another size than `image`."""
    try:
        size = check_decodes(path)
    except DatasetError as error:
        yield _unreadable("image", error)
        return
    if image.size not in (None, size):
        text = f"its labels are for {image.size} px, the image has {size} px"
        yield error_finding("size", file, text)


def _unreadable(rule: str, error: DatasetError) -> CheckFinding:
    return error_finding(rule, error.subject, f"{error.found}; {error.limit}. {error.remedy}")


def _report(dataset: LabelledDataset, findings: list[CheckFinding], file: object) -> CheckReport:
    totals = dataset_statistics(dataset)
    return CheckReport(totals, (*findings, *check_statistics(dataset, totals, file)))
