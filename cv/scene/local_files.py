"""Scene files on this machine: their format by the first bytes, their digest, their siblings."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from cv.errors import SceneError
from cv.io import file_signatures
from cv.io.hashing import file_digest

_ADDRESS = re.compile(r"/vsi|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


class FileFormat(Enum):
    """Format of a scene file; the value names the only GDAL driver that opens it."""

    GEOTIFF = "GTiff"
    PNG = "PNG"
    JPEG = "JPEG"
    JSON = "JSON"


_SIGNATURES = (
    *((start, FileFormat.GEOTIFF) for start in file_signatures.TIFF),
    (file_signatures.PNG, FileFormat.PNG),
    (file_signatures.JPEG, FileFormat.JPEG),
)
_OTHER_FORMATS = (
    (b"<vrtdataset", "a GDAL VRT"),
    ((b"<!doctype html", b"<html"), "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"pk\x03\x04", "a ZIP archive"),
    ((b"\x00\x00\x00\x0cjp  ", b"\xff\x4f\xff\x51"), "a JPEG 2000 image"),
)


def is_not_local(text: str) -> bool:
    """Return whether `text` is an address, or a path that GDAL would not read from disk."""
    return bool(_ADDRESS.match(text))


def local_file(path: str | Path) -> Path:
    """Return the absolute path of a file on this machine that is not empty; raises SceneError."""
    text = str(path)
    if is_not_local(text):
        limit, remedy = "only files on this machine are read", "Download it and give its path."
        raise SceneError(text[:200], "an address", limit, remedy)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        found, limit = "a name that is not Unicode", "names are UTF-8"
        raise SceneError(repr(text)[:200], found, limit, "Rename the file.")
    with system_errors(path):
        status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        is_folder = stat.S_ISDIR(status.st_mode)
        found = "a folder, which may not be readable, and not a file" if is_folder else "not a file"
        raise SceneError(path, found, "a scene is needed", "Check the path and its rights.")
    if status.st_size == 0:
        raise SceneError(path, "0 bytes", "an image is needed", "Copy or download the file again.")
    return Path(path).absolute()


def file_format(path: Path) -> FileFormat:
    """Return the format of `path` by its first bytes; raises SceneError for any other."""
    with system_errors(path), path.open("rb") as stream:
        start = stream.read(256)
    for signature, form in _SIGNATURES:
        if start.startswith(signature):
            return form
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"{"):
        return FileFormat.JSON
    unread = f"not an image (it begins with {start[:8]!r})"
    found = next((name for begin, name in _OTHER_FORMATS if text.startswith(begin)), unread)
    limit = "GeoTIFF, PNG, JPEG and STAC Item JSON are read"
    remedy = "Give the image itself, or convert it (gdal_translate -of COG)."
    raise SceneError(path, found, limit, remedy)


def file_names(folder: Path) -> list[str]:
    """Return the names of all files in `folder`, sorted; raises SceneError."""
    with system_errors(folder):
        return sorted(entry.name for entry in folder.iterdir())


def scene_digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the digest of the file `path`, hexadecimal; raises SceneError."""
    with system_errors(path):
        return file_digest(path, algorithm)


@contextmanager
def system_errors(path: str | Path) -> Iterator[None]:
    """Raise what the system reports while it reads `path` as SceneError."""
    try:
        yield
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise SceneError(path, found, "a readable file is needed", "Check the path.") from error
