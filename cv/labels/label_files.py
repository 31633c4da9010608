"""Texts of label files from untrusted files, folders and ZIP archives.

Of an archive only the label files are read, into memory: nothing is unpacked to disk.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

from cv.errors import DatasetError
from cv.io.safe_loading import SafeLoader
from cv.labels.labelled_image import safe_name

MAX_UNPACKED_BYTES = 1 << 30
"""Label files of an archive together, unpacked."""
LOADER = SafeLoader(
    error=DatasetError,
    max_bytes=256 << 20,
    max_depth=64,
    allow_nan=False,
    remedy="Export it again from the labelling tool, without embedded images.",
)
"""How label files are decoded and parsed, JSON after RFC 8259."""

_OTHER_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError)


@dataclass(frozen=True)
class LabelText:
    """The text of one label file."""

    name: str
    """Path of the file; of a member of an archive "archive.zip: member"."""
    text: str
    """Its content, decoded as UTF-8, without a byte order mark."""


def read_label_texts(path: Path, *endings: str) -> Iterator[LabelText]:
    """Yield the file `path`, or the files with `endings` (".json") in the folder or archive `path`.

    In order of their names. Raises DatasetError where there is none, where one is too large or not
    UTF-8, and where an archive is damaged or unsafe.
    """
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if _has_ending(p, endings) and p.is_file())
        _require_some(found, path, endings)
        yield from (LabelText(str(p), LOADER.read_text(p)) for p in found)
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        yield from _archive_texts(path, endings)
    elif path.suffix.lower() in _OTHER_ARCHIVES:
        found_text = f"a {path.suffix} archive"
        raise DatasetError(path, found_text, "of archives only ZIP is read", "Unpack it.")
    else:
        yield LabelText(str(path), LOADER.read_text(path))


def parse_json(document: LabelText) -> Any:
    """Return the JSON value of `document`; raises DatasetError on anything but RFC 8259."""
    return LOADER.parse_json(document.name, document.text)


def parse_xml(document: LabelText) -> Element:
    """Return the root element of `document`; raises DatasetError on broken or unsafe XML."""
    return LOADER.parse_xml(document.name, document.text)


def _has_ending(path: PurePath, endings: tuple[str, ...]) -> bool:
    """Return whether `path` has one of `endings` and is not a side file of macOS ("._a.json")."""
    return path.suffix.lower() in endings and not path.name.startswith("._")


def _archive_texts(path: Path, endings: tuple[str, ...]) -> Iterator[LabelText]:
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = [
                member
                for member in sorted(archive.infolist(), key=lambda member: member.filename)
                if not member.is_dir() and _has_ending(PurePosixPath(member.filename), endings)
            ]
            _require_some(wanted, path, endings)
            total = sum(member.file_size for member in wanted)
            if total > MAX_UNPACKED_BYTES:
                found, limit = f"{total} bytes of labels", f"at most {MAX_UNPACKED_BYTES} are read"
                raise DatasetError(path, found, limit, LOADER.remedy)
            for member in wanted:
                subject = f"{path}: {safe_name(member.filename, path)}"
                with archive.open(member) as stream:
                    content = stream.read(LOADER.max_bytes + 1)
                yield LabelText(subject, LOADER.decode(subject, content))
    except _ZIP_ERRORS as error:
        found, limit = f"an archive that cannot be read ({error})", "a whole ZIP is needed"
        raise DatasetError(path, found, limit, LOADER.remedy) from error


def _require_some(found: list[Any], path: Path, endings: tuple[str, ...]) -> None:
    if not found:
        ends = f"no file that ends in {' or '.join(endings)}"
        raise DatasetError(path, ends, "label files are needed", "Name the file or its folder.")
