"""GDAL's warnings while it decodes pixels, which mean that the pixels are damaged.

Some decoders fill a damaged block with what they can make of it and only warn (JPEG within TIFF).
rasterio logs these warnings in the thread that reads. Its logger is observed while pixels are read,
whatever the program set for it, and logs what it would log otherwise.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cv.errors import SceneError

_LOGGER = logging.getLogger("rasterio._err")
_LOCK = threading.Lock()


@contextmanager
def fail_on_warnings(path: Path, messages: list[str]) -> Iterator[None]:
    """Add warnings to `messages` while `path` is decoded, and raise SceneError if it has any.

    One thread at a time decodes. GDAL caches what it decoded and does not warn of it again: keep
    `messages` as long as its dataset.
    """
    with _LOCK, _collected(messages):
        yield
    if messages:
        raise damaged_image(path, messages[0][:200])


@contextmanager
def _collected(messages: list[str]) -> Iterator[None]:
    """Add the warnings that rasterio logs in this thread to `messages`."""
    reader, kind = threading.get_ident(), type(_LOGGER)

    def handle(record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING and threading.get_ident() == reader:
            messages.append(record.getMessage())
        if kind.isEnabledFor(_LOGGER, record.levelno):
            kind.handle(_LOGGER, record)

    observed = {"isEnabledFor": lambda level: True, "handle": handle}
    vars(_LOGGER).update(observed)
    try:
        yield
    finally:
        for name in observed:
            del vars(_LOGGER)[name]


def damaged_image(path: Path, cause: str) -> SceneError:
    """Return the error for an image whose pixels cannot be decoded because of `cause`."""
    limit, remedy = "a complete and intact image is needed", "Copy or download the file again."
    return SceneError(path, f"cannot be decoded ({cause})", limit, remedy)
