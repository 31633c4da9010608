"""Label files as texts, out of files, folders and archives that nobody vouches for.

An archive is never unpacked to disk: its members are checked by the directory of the archive, and
only the label files among them are read, into memory.
"""

from __future__ import annotations

import json
import re
import stat
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NoReturn

from cv.errors import DatasetError

MAX_ENTRIES = 100_000
"""Members of an archive."""
MAX_BYTES = 16 << 30
"""All members of an archive, unpacked."""
MAX_TEXT_BYTES = 256 << 20
"""One label file, bytes."""
MAX_COMPRESSION_RATIO = 200
"""Unpacked bytes for each packed one, in members of more than SMALL_BYTES."""
SMALL_BYTES = 1 << 20
"""Members up to this size may be packed as tightly as they like."""
MAX_DEPTH = 64
"""Lists and objects in one another in JSON, elements in one another in XML."""

_NESTED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst")
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
_EXPORT_AGAIN = "Export it again from the labelling tool."


@dataclass(frozen=True)
class LabelDocument:
    """The text of one label file."""

    name: str
    """Path of the file; of a member of an archive "archive.zip: member"."""
    text: str
    """Its content, UTF-8 decoded, without a byte order mark."""


def read_documents(path: Path, *endings: str) -> Iterator[LabelDocument]:
    """The file `path`, or those with one of `endings` (".json") in the folder or archive `path`.

    In order of their names. Raises DatasetError where there is none, where one is too large or not
    UTF-8, and where an archive is hostile or damaged.
    """
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if _wanted(p, endings) and p.is_file())
        if not found:
            _none(path, endings)
        yield from (LabelDocument(str(p), _file_text(p)) for p in found)
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        yield from _archive(path, endings)
    elif path.suffix.lower() in _NESTED:
        _refuse(path, f"a {path.suffix} archive", "of archives only ZIP is read")
    else:
        yield LabelDocument(str(path), _file_text(path))


def parse_json(document: LabelDocument) -> Any:
    """The JSON value of `document`; raises DatasetError on what is no JSON (RFC 8259).

    NaN and Infinity, which are none, and absurd depth are refused.
    """
    depth = deepest = 0
    for match in _BRACKETS.finditer(document.text):
        first = match.group()[0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        _refuse(document.name, f"{deepest} lists in one another", f"at most {MAX_DEPTH} are read")
    try:
        return json.loads(document.text, parse_constant=_no_number)
    except ValueError as error:
        raise DatasetError(
            document.name,
            f"no valid JSON ({error})",
            "JSON after RFC 8259 is needed",
            _EXPORT_AGAIN,
        ) from error


def parse_xml(document: LabelDocument) -> ElementTree.Element:
    """The root element of `document`; raises DatasetError on broken XML.

    A document type, and with it every entity, is refused before anything is parsed.
    """
    declared = re.search(r"<!\s*(DOCTYPE|ENTITY)", document.text, re.IGNORECASE)
    if declared:
        _refuse(
            document.name,
            f"a declaration <!{declared.group(1)}",
            "label files have no document type and no entities of their own",
        )
    parser = ElementTree.XMLParser(target=_Shallow(document.name))
    try:
        for start in range(0, len(document.text), SMALL_BYTES):
            parser.feed(document.text[start : start + SMALL_BYTES])
        root: ElementTree.Element = parser.close()
    except ElementTree.ParseError as error:
        raise DatasetError(
            document.name, f"no valid XML ({error})", "XML 1.0 is needed", _EXPORT_AGAIN
        ) from error
    return root


class _Shallow(ElementTree.TreeBuilder):
    """Builds elements, and refuses those that are nested too deep."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> ElementTree.Element:  # type: ignore[override,unused-ignore]
        """Opens an element."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _refuse(self._name, "elements nested too deep", f"at most {MAX_DEPTH} are read")
        return super().start(tag, attrs)

    def end(self, tag: str) -> ElementTree.Element:
        """Closes it."""
        self._depth -= 1
        return super().end(tag)


def _wanted(path: PurePath, endings: tuple[str, ...]) -> bool:
    """Whether `path` has one of `endings` and is none of the side files of macOS."""
    return path.suffix.lower() in endings and not path.name.startswith("._")


def _no_number(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number of JSON")


def _file_text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_TEXT_BYTES:
            _too_large(str(path), size)
        return decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise DatasetError(
            path, f"cannot be read ({error.strerror})", "a readable file is needed", "Check it."
        ) from error


def decoded(content: bytes, subject: str) -> str:
    """`content` as text; raises DatasetError, which names `subject`, where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            subject,
            f"byte {error.start} is no UTF-8",
            "label files are UTF-8 texts",
            "Save it as UTF-8.",
        ) from error


def _archive(path: Path, endings: tuple[str, ...]) -> Iterator[LabelDocument]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = _checked(path, archive.infolist())
            wanted = sorted(
                (m for m in members if _wanted(PurePosixPath(m.filename), endings)),
                key=lambda member: member.filename,
            )
            if not wanted:
                _none(path, endings)
            for member in wanted:
                subject = f"{path}: {member.filename}"
                if member.file_size > MAX_TEXT_BYTES:
                    _too_large(subject, member.file_size)
                with archive.open(member) as stream:
                    content = stream.read(MAX_TEXT_BYTES + 1)
                if len(content) > MAX_TEXT_BYTES:
                    _too_large(subject, len(content))
                yield LabelDocument(subject, decoded(content, subject))
    except _BROKEN as error:
        raise DatasetError(
            path, f"a damaged archive ({error})", "a whole ZIP archive is needed", _EXPORT_AGAIN
        ) from error


def _checked(path: Path, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files among `members`; raises DatasetError where anything about one is suspicious."""
    if len(members) > MAX_ENTRIES:
        _refuse(path, f"{len(members)} members", f"at most {MAX_ENTRIES} are read")
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        _refuse(path, f"{total} bytes when unpacked", f"at most {MAX_BYTES} are read")
    names = [member.orig_filename for member in members]
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        _refuse(path, f"two members named {twice[:200]!r}", "each member has a name of its own")
    for member in members:
        _check_member(path, member)
    return [member for member in members if not member.is_dir()]


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    raw = member.orig_filename
    name = f"the member {raw[:200]!r}"
    parts = raw.replace("\\", "/").split("/")
    if raw.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", raw):
        _refuse(path, f"{name} with an absolute path", "members lie inside the archive")
    if ".." in parts or any(ord(letter) < 32 for letter in raw):
        _refuse(path, f"{name} that leads out of the archive", "members lie inside the archive")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if kind == stat.S_IFLNK else "a special file"
        _refuse(path, f"{name}, {what}", "only plain files and folders are read")
    if member.flag_bits & 1:
        _refuse(path, f"{name}, which is encrypted", "only open members are read")
    if member.compress_type not in _PACKINGS:
        _refuse(path, f"{name} in an unusual packing", "members are stored or deflated")
    if raw.lower().endswith(_NESTED):
        _refuse(path, f"{name}, an archive in the archive", "label files lie in one archive")
    if (
        member.file_size > SMALL_BYTES
        and member.file_size > MAX_COMPRESSION_RATIO * member.compress_size
    ):
        ratio = member.file_size // max(member.compress_size, 1)
        _refuse(
            path,
            f"{name}, packed {ratio} to 1",
            f"at most {MAX_COMPRESSION_RATIO} to 1 is unpacked",
        )


def _refuse(subject: str | Path, found: str, limit: str) -> NoReturn:
    remedy = "If it is yours, export it again; otherwise do not trust it."
    raise DatasetError(subject, found, limit, remedy)


def _too_large(subject: str, size: int) -> NoReturn:
    raise DatasetError(
        subject,
        f"{size} bytes",
        f"a label file has at most {MAX_TEXT_BYTES}",
        "Split it, or leave embedded images out of the export.",
    )


def _none(path: Path, endings: tuple[str, ...]) -> NoReturn:
    raise DatasetError(
        path,
        f"no file that ends in {' or '.join(endings)}",
        "label files are needed",
        "Name the file or folder that holds the labels.",
    )
