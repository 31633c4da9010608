"""Files that are written completely or not at all.

A writer gets a path in a private folder beside the target. Once it has finished without an error,
its bytes are forced to disk and moved into place; a failure before leaves the target as it was.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from cv.errors import InputError


@contextmanager
def atomic_path(path: str | Path, overwrite: bool = True) -> Iterator[Path]:
    """Yield a path to write to; when the block ends without an error, its file becomes `path`.

    The yielded path has the name of the target, in an empty folder of its own on the same file
    system: side files that a library puts next to it are removed. A link is followed. Raises
    FileExistsError if `overwrite` is False and `path` exists by then, else OSError as the system
    reports it; whatever happens, `path` is the old file or the new one.
    """
    target = Path(os.path.realpath(path))
    with TemporaryDirectory(
        suffix=".tmp",
        prefix=f".{target.name[:100]}.",
        dir=target.parent,
        ignore_cleanup_errors=True,
    ) as folder:
        draft = Path(folder, target.name)
        yield draft
        _sync(draft, os.O_RDWR)
        if overwrite:
            draft.replace(target)
        else:
            _link_new(draft, target)
        with suppress(OSError):  # systems that cannot open a folder do not need it
            _sync(target.parent, os.O_RDONLY)


@contextmanager
def atomic_output(path: str | Path, *write_errors: type[Exception]) -> Iterator[Path]:
    """Like `atomic_path`, for output that the user asked for.

    OSError, and `write_errors` of a library that writes the file, become InputError.
    """
    expected: tuple[type[Exception], ...] = (OSError, *write_errors)
    try:
        with atomic_path(path) as draft:
            yield draft
    except expected as error:
        found = f"cannot be written ({getattr(error, 'strerror', None) or error})"
        limit = "its folder must exist, be writable and have space"
        raise InputError(path, found, limit, "Check the path and the space on the disk.") from error


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write `content` as the file `path`, text as UTF-8; on OSError `path` stays as it was."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_path(path) as draft:
        draft.write_bytes(data)


def _link_new(draft: Path, target: Path) -> None:
    """Give `draft` the name `target`; raises FileExistsError if that exists."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        draft.rename(target)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def packaged_folder(packaged: str, checkout: str) -> Path:
    """Return a folder of data files that come with Pierwatch.

    It is `packaged` inside the installed package, or `checkout` at the top of a source checkout.
    """
    package = Path(str(resources.files("cv")))
    return package / packaged if (package / packaged).exists() else package.parent / checkout
