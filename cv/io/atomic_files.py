"""Files that are written completely or not at all.

A writer gets a path in a private folder beside the target. Once it has finished without an error,
its bytes are forced to disk and moved into place; a failure before leaves the target as it was.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from cv.errors import InputError

_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_STALE_S = 86400.0


@contextmanager
def atomic_path(path: str | Path, overwrite: bool = True) -> Iterator[Path]:
    """Yield a path to write to; when the block ends without an error, its file becomes `path`.

    The yielded path has the name of the target, in an empty folder of its own on the same file
    system: side files that a library puts next to it are removed. A link is followed. Raises
    FileExistsError if `overwrite` is False and `path` exists by then, else OSError as the system
    reports it; whatever happens, `path` is the old file or the new one.
    """
    target = Path(os.path.realpath(path))
    folder = target.with_name(f"{_prefix(target)}{secrets.token_hex(6)}.tmp")
    folder.mkdir(mode=0o700)
    try:
        draft = folder / target.name
        yield draft
        _sync(draft)
        if overwrite:
            draft.replace(target)
        else:
            _link_new(draft, target)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
        raise InputError(
            path,
            f"cannot be written ({getattr(error, 'strerror', None) or error})",
            "its folder must exist, be writable and have space",
            "Check the path and the space on the disk.",
        ) from error


def remove_stale_temporaries(path: str | Path) -> None:
    """Remove what killed writers of `path` left behind, once it is a day old."""
    target = Path(os.path.realpath(path))
    left = re.compile(re.escape(_prefix(target)) + r"[0-9a-f]{12}\.tmp")
    for folder in target.parent.iterdir():
        if left.fullmatch(folder.name) and _age_s(folder) > _STALE_S:
            shutil.rmtree(folder, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name[:100]}."


def _age_s(folder: Path) -> float:
    """Return the seconds since something in `folder` was written; 0 if that is not known."""
    try:
        return time.time() - max(one.stat().st_mtime for one in (folder, *folder.iterdir()))
    except OSError:
        return 0.0


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write `content` as the file `path`, text as UTF-8; on OSError `path` stays as it was."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_path(path) as draft:
        draft.write_bytes(data)


def _link_new(draft: Path, target: Path) -> None:
    """Give `draft` the name `target`; raises FileExistsError if that exists."""
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        draft.rename(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; systems that cannot open a folder do not need it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def packaged_folder(packaged: str, checkout: str) -> Path:
    """Return a folder of data files that come with Pierwatch.

    It is `packaged` inside the installed package, or `checkout` at the top of a source checkout.
    """
    package = Path(str(resources.files("cv")))
    return package / packaged if (package / packaged).exists() else package.parent / checkout
