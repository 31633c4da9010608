"""GDAL's warnings while it decodes pixels, which mean that the pixels are damaged.

Some decoders fill a damaged block with what they can make of it and only warn (JPEG within TIFF).
rasterio logs these warnings in the thread that reads. They are collected by a filter on its logger,
which is in place only while pixels are read.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cv.errors import SceneError

_LOGGER = logging.getLogger("rasterio._err")


class _WarningCollector(logging.Filter):
    """Collects the warnings of threads that read; the program logs what it would log without it.

    While any thread reads, rasterio's logger lets warnings through to this filter, whatever the
    program set (level, `disabled`, `logging.disable`); afterwards those settings are back.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._thread = threading.local()
        self._readers = 0
        self._disabled = False
        self._level = logging.NOTSET
        self._program_manager = _LOGGER.manager
        self._own_manager = logging.Manager(logging.root)
        self._own_manager.loggerDict[_LOGGER.name] = _LOGGER

    def filter(self, record: logging.LogRecord) -> bool:
        """Collect one record; return whether the program wants it logged."""
        messages: list[str] | None = getattr(self._thread, "messages", None)
        if messages is not None and record.levelno >= logging.WARNING:
            messages.append(record.getMessage())
        level = self._level or (_LOGGER.parent or logging.root).getEffectiveLevel()
        silenced = self._disabled or self._program_manager.disable >= record.levelno
        return not silenced and record.levelno >= level

    @contextmanager
    def collecting(self, messages: list[str]) -> Iterator[None]:
        """Add the warnings of this thread to `messages`."""
        self._thread.messages = messages
        with self._lock:
            self._readers += 1
            if self._readers == 1:
                self._attach()
        try:
            yield
        finally:
            with self._lock:
                self._readers -= 1
                if not self._readers:
                    self._detach()
            self._thread.messages = None

    def _attach(self) -> None:
        self._disabled, self._level = _LOGGER.disabled, _LOGGER.level
        _LOGGER.addFilter(self)
        _LOGGER.manager = self._own_manager
        _LOGGER.disabled = False
        _LOGGER.setLevel(min(_LOGGER.getEffectiveLevel(), logging.WARNING))

    def _detach(self) -> None:
        _LOGGER.removeFilter(self)
        _LOGGER.disabled = self._disabled
        _LOGGER.setLevel(self._level)
        _LOGGER.manager = self._program_manager


_COLLECTOR = _WarningCollector()


@contextmanager
def fail_on_warnings(path: Path, messages: list[str]) -> Iterator[None]:
    """Add warnings to `messages` while `path` is decoded, and raise SceneError if it has any.

    GDAL caches what it decoded and does not warn of it again: keep `messages` as long as its
    dataset.
    """
    with _COLLECTOR.collecting(messages):
        yield
    if messages:
        raise damaged_image(path, messages[0][:200])


def damaged_image(path: Path, cause: str) -> SceneError:
    """Return the error for an image whose pixels cannot be decoded because of `cause`."""
    return SceneError(
        path,
        f"cannot be decoded ({cause})",
        "a complete and intact image is needed",
        "Copy or download the file again.",
    )
