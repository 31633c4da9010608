"""Complaints: what GDAL warns of while it decodes pixels, which means that they are damaged.

Some decoders fill a damaged block with what they can make of it and only warn (JPEG within TIFF).
rasterio passes warnings to the logger "rasterio._err", in the thread that reads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cv.errors import SceneError


class _Attentive(logging.Logger):
    """A logger that keeps the warnings of each thread that asks for them.

    Whatever the program does about logging (levels, disabling, other handlers) shapes what is
    logged as ever, but never what is kept.
    """

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name is that of the library
        """Every warning is looked at."""
        return level >= logging.WARNING or super().isEnabledFor(level)

    def handle(self, record: logging.LogRecord) -> None:
        """Keeps one message, and logs it if it would have been logged."""
        heard: list[str] | None = getattr(_THREAD, "heard", None)
        if heard is not None and record.levelno >= logging.WARNING:
            heard.append(record.getMessage())
        if super().isEnabledFor(record.levelno):
            super().handle(record)


_THREAD = threading.local()
logging.getLogger("rasterio._err").__class__ = _Attentive


@contextmanager
def fail_on_warnings(path: Path, complaints: list[str]) -> Iterator[None]:
    """Decoding of `path`: a warning is added to its `complaints`, and any of them is a SceneError.

    GDAL keeps what it decoded and does not warn of it again: `complaints` last as long as its
    dataset.
    """
    _THREAD.heard = complaints
    try:
        yield
    finally:
        _THREAD.heard = None
    if complaints:
        raise damaged_image(path, complaints[0][:200])


def damaged_image(path: Path, cause: str) -> SceneError:
    """The error for an image whose pixels cannot be decoded because of `cause`."""
    return SceneError(
        path,
        f"cannot be decoded ({cause})",
        "a complete and intact image is needed",
        "Copy or download the file again.",
    )
