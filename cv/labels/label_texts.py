"""Texts of label files from untrusted files, folders and ZIP archives.

An archive is never unpacked to disk: its members are checked by the directory of the archive, and
only the label files among them are read, into memory.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NoReturn
from xml.etree.ElementTree import Element

from cv.errors import DatasetError
from cv.io.safe_loading import SafeLoader

MAX_MEMBERS = 100_000
"""Files and folders in an archive."""
MAX_UNPACKED_BYTES = 16 << 30
"""All members of an archive together, unpacked."""
MAX_COMPRESSION_RATIO = 200
"""Unpacked bytes per packed byte, in members of more than SMALL_BYTES."""
SMALL_BYTES = 1 << 20
"""Members up to this size may have any compression ratio."""
LOADER = SafeLoader(
    error=DatasetError,
    max_bytes=256 << 20,
    max_depth=64,
    allow_nan=False,
    remedy="Export it again from the labelling tool, without embedded images.",
)
"""How label files are decoded and parsed, JSON after RFC 8259."""

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


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
        if not found:
            _refuse_empty(path, endings)
        yield from (LabelText(str(p), LOADER.read_text(p)) for p in found)
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        yield from _archive_documents(path, endings)
    elif path.suffix.lower() in _ARCHIVES:
        _refuse(path, f"a {path.suffix} archive", "of archives only ZIP is read")
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


def _archive_documents(path: Path, endings: tuple[str, ...]) -> Iterator[LabelText]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive.infolist())
            wanted = [
                member
                for member in sorted(archive.infolist(), key=lambda member: member.filename)
                if not member.is_dir() and _has_ending(PurePosixPath(member.filename), endings)
            ]
            if not wanted:
                _refuse_empty(path, endings)
            for member in wanted:
                with archive.open(member) as stream:
                    content = stream.read(LOADER.max_bytes + 1)
                subject = f"{path}: {member.filename}"
                yield LabelText(subject, LOADER.decode(subject, content))
    except _ZIP_ERRORS as error:
        found, limit = f"a damaged archive ({error})", "a whole ZIP archive is needed"
        raise DatasetError(path, found, limit, LOADER.remedy) from error


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Raise DatasetError where anything about a member of the archive is suspicious."""
    if len(members) > MAX_MEMBERS:
        _refuse(path, f"{len(members)} members", f"at most {MAX_MEMBERS} are read")
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED_BYTES:
        _refuse(path, f"{total} bytes when unpacked", f"at most {MAX_UNPACKED_BYTES} are read")
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        if name in seen:
            _refuse(path, f"two members named {name[:200]!r}", "each member has a name of its own")
        seen.add(name)
        for found, limit in _member_problems(member):
            _refuse(path, f"the member {name[:200]!r}{found}", limit)


def _member_problems(member: zipfile.ZipInfo) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a member, and what is allowed."""
    name, kind = member.orig_filename, stat.S_IFMT(member.external_attr >> 16)
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        yield " with an absolute path", "members lie inside the archive"
    if ".." in name.replace("\\", "/").split("/") or any(ord(letter) < 32 for letter in name):
        yield " that leads out of the archive", "members lie inside the archive"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if kind == stat.S_IFLNK else "a special file"
        yield f", {what}", "only plain files and folders are read"
    if member.flag_bits & 1:
        yield ", which is encrypted", "members without a password are read"
    if member.compress_type not in _COMPRESSIONS:
        yield " in an unusual compression", "members are stored or deflated"
    if name.lower().endswith(_ARCHIVES):
        yield ", an archive in the archive", "label files lie in one archive"
    if member.file_size > max(SMALL_BYTES, MAX_COMPRESSION_RATIO * member.compress_size):
        ratio = member.file_size // max(member.compress_size, 1)
        yield f", packed {ratio} to 1", f"at most {MAX_COMPRESSION_RATIO} to 1 is unpacked"


def _refuse(path: Path, found: str, limit: str) -> NoReturn:
    remedy = "If it is yours, export it again; otherwise do not trust it."
    raise DatasetError(path, found, limit, remedy)


def _refuse_empty(path: Path, endings: tuple[str, ...]) -> NoReturn:
    found, remedy = f"no file that ends in {' or '.join(endings)}", "Name the file or its folder."
    raise DatasetError(path, found, "label files are needed", remedy)
