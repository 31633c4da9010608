"""Folders that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cv.errors import DatasetError


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder, which becomes `path` in one step when the block ends without an error.

    Raises DatasetError where `path` exists and is not an empty folder, or cannot be created.
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
