"""Local files: what they are by their first bytes; their digest; JSON and XML with limits."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from enum import Enum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cv.errors import SceneError
from cv.io import file_signatures

MAX_TEXT_BYTES = 8 * 2**20
"""Largest metadata file that is read."""
_MAX_DEPTH = 100
_ADDRESS = re.compile(r"/vsi|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


class FileFormat(Enum):
    """What a scene file is, with the name of the one driver that opens it."""

    GEOTIFF = "GTiff"
    PNG = "PNG"
    JPEG = "JPEG"
    JSON = "JSON"


_MAGIC = (
    *((start, FileFormat.GEOTIFF) for start in file_signatures.TIFF),
    (file_signatures.PNG, FileFormat.PNG),
    (file_signatures.JPEG, FileFormat.JPEG),
)
_FOREIGN = (
    (b"<vrtdataset", "a GDAL VRT"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"pk\x03\x04", "a ZIP archive"),
    (b"\x00\x00\x00\x0cjp  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
)


def is_not_local(text: str) -> bool:
    """Whether `text` names something that is no file of this machine's own, or GDAL would fetch."""
    return bool(_ADDRESS.match(text))


def local_file(path: str | Path) -> Path:
    """`path`, absolute, of a file on this machine that is not empty; raises SceneError."""
    text = str(path)
    if is_not_local(text):
        raise SceneError(
            text[:200],
            "an address",
            "only files on this machine are read",
            "Download the scene and give the path of its file.",
        )
    try:
        absolute = Path(path).absolute()
        status = absolute.stat()
        text.encode()
    except UnicodeEncodeError as error:
        raise SceneError(
            repr(text)[:200], "a name in no encoding", "names are UTF-8", "Rename the file."
        ) from error
    except (OSError, ValueError) as error:
        raise SceneError(
            path,
            getattr(error, "strerror", None) or str(error),
            "a readable file is needed",
            "Check the path.",
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise SceneError(
            path,
            "a folder, which may not be readable, and not a file",
            "a scene is needed",
            "Check its rights.",
        )
    if not stat.S_ISREG(status.st_mode):
        raise SceneError(path, "not a file", "a readable file is needed", "Check the path.")
    if status.st_size == 0:
        raise SceneError(path, "0 bytes", "an image is needed", "Copy or download the file again.")
    return absolute


def file_format(path: Path) -> FileFormat:
    """The format of `path` by its first bytes; raises SceneError for one that is not read."""
    start = _first_bytes(path)
    for beginning, form in _MAGIC:
        if start.startswith(beginning):
            return form
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return FileFormat.JSON
    found = next((name for begin, name in _FOREIGN if text.lower().startswith(begin)), None)
    raise SceneError(
        path,
        found or f"not an image (it begins with {start[:8]!r})",
        "GeoTIFF, PNG, JPEG and STAC Item JSON are read",
        "Give the image itself, or convert it (gdal_translate -of COG).",
    )


def sibling_names(path: Path) -> list[str]:
    """The names of all files in the folder of `path`, sorted; raises SceneError."""
    try:
        return sorted(entry.name for entry in path.parent.iterdir())
    except OSError as error:
        raise _unreadable(path.parent, error) from error


def file_sha256(path: Path) -> str:
    """sha256 of the bytes of `path`, hexadecimal."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; raises SceneError."""
    content = _content(path)
    try:
        document = json.loads(content.decode("utf-8-sig"))
        depth = _depth(document)
    except RecursionError as error:
        raise _too_deep(path) from error
    except ValueError as error:
        raise SceneError(
            path, f"not JSON ({error})", "a JSON object is needed", "Download the file again."
        ) from error
    if depth > _MAX_DEPTH:
        raise _too_deep(path)
    if not isinstance(document, dict):
        raise SceneError(
            path,
            f"JSON of a {type(document).__name__}",
            "a JSON object is needed",
            "Download the file again.",
        )
    return document


def read_xml(path: Path) -> ElementTree.Element:
    """The root of XML document `path`, which declares no types or entities; raises SceneError."""
    try:
        text = _content(path).decode("utf-8-sig")  # as text: a declared encoding is not obeyed
    except UnicodeDecodeError as error:
        raise SceneError(
            path, "XML that is not UTF-8", "UTF-8 is read", "Download the file again."
        ) from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SceneError(
            path,
            "XML with a DOCTYPE or ENTITY",
            "metadata declare neither",
            "Download the file again from its provider.",
        )
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise SceneError(
            path, f"not XML ({error})", "an XML document is needed", "Download the file again."
        ) from error


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(256)
    except OSError as error:
        raise _unreadable(path, error) from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(content) > MAX_TEXT_BYTES:
        raise SceneError(
            path,
            f"more than {MAX_TEXT_BYTES} bytes",
            f"metadata have at most {MAX_TEXT_BYTES} bytes",
            "Give the metadata of one scene.",
        )
    return content


def _depth(document: Any) -> int:
    """How deeply lists and objects are nested, without recursion."""
    depth, level = 0, [document]
    while level and depth <= _MAX_DEPTH:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def _too_deep(path: Path) -> SceneError:
    return SceneError(
        path,
        "JSON nested too deeply",
        f"at most {_MAX_DEPTH} levels are read",
        "Download the file again.",
    )


def _unreadable(path: Path, error: OSError) -> SceneError:
    return SceneError(
        path, error.strerror or str(error), "a readable file is needed", "Check the path."
    )
