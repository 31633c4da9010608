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


class _Listener(logging.Handler):
    """Keeps the warnings of each thread that asked for them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._local = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one message."""
        heard: list[str] | None = getattr(self._local, "heard", None)
        if heard is not None:
            heard.append(record.getMessage())

    @contextmanager
    def into(self, heard: list[str]) -> Iterator[None]:
        """Adds the warnings of this thread to `heard` until the block ends."""
        self._local.heard = heard
        try:
            yield
        finally:
            self._local.heard = None


_LISTENER = _Listener()
_LOGGER = logging.getLogger("rasterio._err")
_LOGGER.addHandler(_LISTENER)
_LOGGER.setLevel(logging.WARNING)  # whatever the program says of other loggers


@contextmanager
def decoding(path: Path, complaints: list[str]) -> Iterator[None]:
    """Decoding of `path`: a warning is added to its `complaints`, and any of them is a SceneError.

    GDAL keeps what it decoded and does not warn of it again: `complaints` last as long as its
    dataset.
    """
    with _LISTENER.into(complaints):
        yield
    if complaints:
        raise damaged(path, complaints[0][:200])


def damaged(path: Path, cause: str) -> SceneError:
    """The error for an image whose pixels cannot be decoded because of `cause`."""
    return SceneError(
        path,
        f"cannot be decoded ({cause})",
        "a complete and intact image is needed",
        "Copy or download the file again.",
    )
