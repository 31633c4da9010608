"""Text files with one line per object, one file per image, as in YOLO-OBB and DOTA."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from cv.errors import DatasetError
from cv.geometry.arrays import Float64Array
from cv.labels.label_files import LabelText
from cv.labels.labelled_image import LabelledDataset, LabelledImage, LabelledShape

LineParser = Callable[[str], LabelledShape | None]
"""Returns the object of a line, None for a header; raises ValueError that describes the problem."""


def parse_lines(text: str, parse: LineParser) -> tuple[list[LabelledShape], list[tuple[int, str]]]:
    """Return the objects of the valid lines, and number and problem of each invalid line."""
    shapes: list[LabelledShape] = []
    errors: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if line.strip() and (shape := parse(line)) is not None:
                shapes.append(replace(shape, line=number))
        except ValueError as error:
            errors.append((number, str(error)))
    return shapes, errors


def require_lines(
    document: LabelText, parse: LineParser, columns: str
) -> tuple[LabelledShape, ...]:
    """Return the objects of a label file; on an invalid line, raise DatasetError with `columns`."""
    shapes, errors = parse_lines(document.text, parse)
    if errors:
        line, text = errors[0]
        raise DatasetError(f"{document.name}, line {line}", text, columns, "Correct the line.")
    return tuple(shapes)


def parse_corners(words: list[str]) -> Float64Array:
    """Return (4, 2) corners x, y from eight numbers; raises ValueError on anything else."""
    try:
        corners = np.array([float(word) for word in words]).reshape(4, 2)
    except ValueError as error:
        raise ValueError(f"a coordinate is not a number: {' '.join(words)[:80]}") from error
    if not np.isfinite(corners).all():
        raise ValueError("a coordinate is not finite")
    return corners


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a folder that becomes `path` after the block; raises DatasetError if `path` exists."""
    target = Path(os.path.realpath(path))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        limit = "datasets are never overwritten"
        raise DatasetError(path, "it exists already", limit, "Name a new folder.")
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        draft.mkdir()
        yield draft
        draft.replace(target)
    except OSError as error:
        found = f"cannot be written ({error.strerror or error})"
        limit, remedy = "a writable folder is needed", "Check the path and the free space."
        raise DatasetError(path, found, limit, remedy) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_label_files(
    dataset: LabelledDataset,
    folder: Path,
    home: Callable[[str], Path],
    text_of: Callable[[LabelledImage], str],
) -> None:
    """Write the label files of the images in `home(split)` below `folder`; raises DatasetError."""
    for image in dataset.images:
        path = home(image.split) / PurePosixPath(f"{image.stem}.txt")
        target = folder / path
        if target.exists():
            clash = f"{image.name} and another image would share this label file"
            raise DatasetError(path, clash, "a label file belongs to one image", "Rename one.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of(image), encoding="utf-8")
