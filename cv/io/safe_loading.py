"""JSON and XML from files that nobody vouches for: refused beyond a size and a depth.

Texts are UTF-8, with or without a byte order mark, whatever encoding they declare. XML declares no
document type and no entities (https://docs.python.org/3/library/xml.html#xml-security).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cv.errors import InputError


@dataclass(frozen=True, kw_only=True)
class SafeLoader:
    """How one kind of text file is read, and which error refuses it."""

    error: type[InputError]
    """Raised for every file that is refused."""
    max_bytes: int
    """Largest file."""
    max_depth: int = 100
    """Levels of nested lists, objects or elements."""
    allow_nan: bool = True
    """Whether JSON may hold NaN and Infinity, which RFC 8259 does not know but many writers use."""
    remedy: str = "Download the file again."
    """What to do about a damaged file."""

    def read_json(self, path: Path) -> Any:
        """Return the JSON value in the file `path`."""
        return self.parse_json(path, self.read_text(path))

    def read_json_object(self, path: Path) -> dict[str, Any]:
        """Return the JSON object in the file `path`."""
        document = self.read_json(path)
        if not isinstance(document, dict):
            self._refuse(path, f"JSON of a {type(document).__name__}", "a JSON object is needed")
        return document

    def read_xml(self, path: Path) -> Element:
        """Return the root element of the XML file `path`."""
        return self.parse_xml(path, self.read_text(path))

    def read_text(self, path: Path) -> str:
        """Return the decoded text of the file `path`."""
        try:
            with path.open("rb") as stream:
                content = stream.read(self.max_bytes + 1)
        except OSError as error:
            found = error.strerror or str(error)
            raise self.error(path, found, "a readable file is needed", "Check the path.") from error
        return self.decode(path, content)

    def decode(self, subject: str | Path, content: bytes) -> str:
        """Return `content` as text; `subject` names it in errors."""
        if len(content) > self.max_bytes:
            found = f"more than {self.max_bytes} bytes"
            self._refuse(subject, found, f"at most {self.max_bytes} bytes are read")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._refuse(subject, f"not UTF-8 (byte {error.start})", "UTF-8 is read", error)

    def parse_json(self, subject: str | Path, text: str) -> Any:
        """Return the JSON value in `text`."""
        try:
            document = json.loads(text, parse_constant=None if self.allow_nan else _refuse_constant)
        except RecursionError as error:
            self._refuse_depth(subject, "JSON", error)
        except ValueError as error:
            self._refuse(subject, f"not JSON ({error})", "valid JSON is needed", error)
        self._check_depth(subject, "JSON", document)
        return document

    def parse_xml(self, subject: str | Path, text: str) -> Element:
        """Return the root element of the XML document `text`."""
        try:
            root: Element = fromstring(text, forbid_dtd=True)
        except DefusedXmlException as error:
            self._refuse(subject, "XML with a DOCTYPE or ENTITY", "neither is read", error)
        except (ParseError, ValueError) as error:
            self._refuse(subject, f"not XML ({error})", "an XML document is needed", error)
        self._check_depth(subject, "XML", root)
        return root

    def _check_depth(self, subject: str | Path, kind: str, document: Any) -> None:
        level = _containers([document])
        for _ in range(self.max_depth):
            level = [child for node in level for child in _containers(node)]
            if not level:
                return
        self._refuse_depth(subject, kind)

    def _refuse_depth(
        self, subject: str | Path, kind: str, cause: Exception | None = None
    ) -> NoReturn:
        found, limit = f"{kind} nested too deeply", f"at most {self.max_depth} levels are read"
        self._refuse(subject, found, limit, cause)

    def _refuse(
        self, subject: str | Path, found: str, limit: str, cause: Exception | None = None
    ) -> NoReturn:
        raise self.error(subject, found, limit, self.remedy) from cause


def _containers(node: Any) -> list[Any]:
    """Return what may have children among the children of `node`."""
    children = node.values() if isinstance(node, dict) else node
    return [child for child in children if isinstance(child, dict | list | Element)]


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not a JSON number")
