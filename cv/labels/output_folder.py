"""Where label files are written: whole folders, and one file for each image."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cv.errors import DatasetError
from cv.labels.labelled_image import LabelledDataset, LabelledImage


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which becomes `path` in one step when the block ends well.

    Raises DatasetError where `path` exists and is not an empty folder, or cannot be made.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DatasetError(
            path, "it exists already", "datasets are never overwritten", "Name a new folder."
        )
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        draft.mkdir()
        yield draft
        draft.replace(target)
    except OSError as error:
        raise DatasetError(
            path,
            f"cannot be written ({error.strerror or error})",
            "its parent must exist, be writable and have space",
            "Check the path and the space on the disk.",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def label_file_paths(
    dataset: LabelledDataset, home: Callable[[str], Path], out: Path
) -> list[tuple[LabelledImage, Path]]:
    """Each image with the path of its label file, in the folder `home` of its split.

    Raises DatasetError, which names `out`, where two images would share one.
    """
    pairs: dict[Path, LabelledImage] = {}
    for image in dataset.images:
        path = home(image.split) / PurePosixPath(f"{image.stem}.txt")
        if path in pairs:
            raise DatasetError(
                out,
                f"{pairs[path].name} and {image.name} would share the label file {path}",
                "a label file belongs to one image",
                "Rename one of them.",
            )
        pairs[path] = image
    return [(image, path) for path, image in pairs.items()]


def copy_images(
    dataset: LabelledDataset, home: Callable[[str], Path], source: Callable[[LabelledImage], Path]
) -> None:
    """Copies each image of `dataset` from its `source` into the folder `home` of its split."""
    for image in dataset.images:
        target = home(image.split) / PurePosixPath(image.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source(image), target)
