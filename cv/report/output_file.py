"""Where reports are written: whole or not at all, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cv.errors import InputError
from cv.io.atomic_files import atomic_path


@contextmanager
def report_path(path: str | Path, *faults: type[Exception]) -> Iterator[Path]:
    """A path to write to, which becomes `path` when the block ends well (see cv.io.atomic_files).

    OSError and `faults`, what a library raises when it cannot write, become InputError.
    """
    expected: tuple[type[Exception], ...] = (OSError, *faults)
    try:
        with atomic_path(path) as draft:
            yield draft
    except expected as error:
        raise InputError(
            path,
            f"cannot be written ({getattr(error, 'strerror', None) or error})",
            "its folder must exist, be writable and have space",
            "Check the path and the space on the disk.",
        ) from error
